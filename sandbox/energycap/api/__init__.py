"""EnergyCAP's API: who may ask for what, in pages."""
