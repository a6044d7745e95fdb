"""The EnergyCAP tenant: places, accounts, meters and bills, and what its digests add up."""
