"""EnergyCAP's API: endpoints, permissions, filters and pages."""
