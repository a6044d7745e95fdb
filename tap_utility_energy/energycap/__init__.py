"""EnergyCAP: energy management, with bills rolled up by meter and month."""

from tap_utility_energy.energycap.digests import (
    MeterDigestMonthlyResultsStream,
    MeterDigestMonthlyStream,
)

#: Every stream of this vendor. A new one is added here and nowhere else.
STREAMS = (MeterDigestMonthlyStream, MeterDigestMonthlyResultsStream)
