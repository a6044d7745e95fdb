"""Singer tap for utility bills from UtilityAPI and meter data from EnergyCAP."""
