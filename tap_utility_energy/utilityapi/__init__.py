"""UtilityAPI: utility bills collected with a customer's consent."""

from tap_utility_energy.utilityapi.streams import BillingSummariesStream

#: Every stream of this vendor. A new one is added here and nowhere else.
STREAMS = (BillingSummariesStream,)
