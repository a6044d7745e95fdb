"""What all contenders ask for."""

TOKEN = "a-token-of-the-usual-length-0123"
SUMMARIES, DIGESTS = "billing_summaries", "meter_digest_monthly"
SUMMARIES_PATH = "/api/v2/accounting/billing-summaries"
DIGESTS_PATH = "/api/v3/meter/digest/actual/monthly"
