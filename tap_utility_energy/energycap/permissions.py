"""EnergyCAP's names for the permissions that its lists need, for messages.

Source: the page of each list under https://developer.energycap.com/api-reference/. Those of
commodities and units name none.
"""

ACCOUNTS = "Accounts (View)"
BILLS = "BillsAndBatches (View)"
COST_CENTERS = "CostCenters (View)"
METERS = "Meters (View)"
PLACES = "BuildingsAndOrganizations (View)"
VENDORS = "VendorsAndRatesModule (View)"
NOT_NAMED = "to read it (the vendor's page names none)"
