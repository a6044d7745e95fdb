"""Emissions: their sources, their records, and the factors that convert use to them."""

from __future__ import annotations

from tap_utility_energy.energycap import permissions
from tap_utility_energy.energycap.base import DOCS, EnergyCAPStream
from tap_utility_energy.energycap.incremental import DATES, MODIFIED
from tap_utility_energy.energycap.schemas import emissions


class EmissionSourcesStream(EnergyCAPStream):
    """Emission sources: meters and other causes of emissions, with their scope and factor.

    Read whole on every run and emitted where changed: the vendor has no filter by
    ``modifiedDate``.
    """

    name = "energycap_emission_sources"
    path = "/api/v202306/emissionSource"
    docs_url = f"{DOCS}/emissionsource/getemissionsourcesv202306"
    primary_keys = ("emissionSourceId",)
    replication_key = MODIFIED
    is_filterable = True
    schema = emissions.EMISSION_SOURCE
    permission = permissions.EMISSION_SOURCES
    selected_by_default = False


class EmissionRecordsStream(EnergyCAPStream):
    """Emission records: the use of a source in a period, and the emissions that it caused.

    A record that was made from a bill has its ``billId`` and ``billingPeriod``; others were entered
    by hand. Emissions are in kilograms, those of ``meter_digest_ghg_yearly_results`` in the unit
    named there. ``emissionValues`` stays nested as sent, with the emissions by gas.

    Read whole on every run and emitted where changed: no filter by ``modifiedDate`` is known. With
    ``start_date``, records whose ``endDate`` is before it are left out after they were read.
    """

    name = "energycap_emission_records"
    path = "/api/v202306/emissionRecord"
    docs_url = f"{DOCS}/emissionrecord/getemissionrecordsv202306"
    primary_keys = ("emissionRecordId",)
    replication_key = MODIFIED
    head_fields = (*DATES, "endDate")
    has_periods = True
    is_filterable = True
    schema = emissions.EMISSION_RECORD
    permission = permissions.EMISSION_RECORDS
    selected_by_default = False


class GHGFactorsStream(EnergyCAPStream):
    """Emission factors: what they apply to, and where they come from.

    The list has no numbers: those of a factor change from year to year, and take a request per
    factor, which is not sent. Read and emitted whole on every run: factors have no dates.
    """

    name = "energycap_ghg_factors"
    path = "/api/v202307/ghg/factor"
    docs_url = f"{DOCS}/ghg/getghgfactorsv202307"
    primary_keys = ("factorId",)
    is_filterable = True
    schema = emissions.GHG_FACTOR
    permission = permissions.NOT_NAMED
    selected_by_default = False


#: The streams of this module.
STREAMS: tuple[type[EnergyCAPStream], ...] = (
    EmissionSourcesStream,
    EmissionRecordsStream,
    GHGFactorsStream,
)
