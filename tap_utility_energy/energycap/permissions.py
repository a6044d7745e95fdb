"""EnergyCAP's names for the permissions that its lists need, for messages.

Source: the page of each list under https://developer.energycap.com/api-reference/. Those of
commodities, units, emission factors and accounting periods name none. The names for emission
records, general ledger codes and place groups are on the pages of a single one.
"""

ACCOUNTS = "Accounts (View)"
BILLS = "BillsAndBatches (View)"
COST_CENTERS = "CostCenters (View)"
EMISSION_RECORDS = "Records (View)"
EMISSION_SOURCES = "EmissionsSources (View)"
GROUPS = "GroupsAndBenchmarksModule (View)"
METERS = "Meters (View)"
PLACES = "BuildingsAndOrganizations (View)"
VENDORS = "VendorsAndRatesModule (View)"
NOT_NAMED = "to read it (the vendor's page names none)"
