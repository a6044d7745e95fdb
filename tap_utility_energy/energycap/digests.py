"""The digest streams of EnergyCAP: bills rolled up by meter and period."""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING, Any

from typing_extensions import override

from tap_utility_energy.energycap import schemas
from tap_utility_energy.energycap.client import EnergyCAPStream
from tap_utility_energy.extra import ExtraFields
from tap_utility_energy.http.faults import Refusal

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from singer_sdk.helpers.types import Context, Record

    from tap_utility_energy.tap import TapUtilityEnergy


class MeterDigestStream(EnergyCAPStream):
    """A stream of the monthly meter digests. All of them are served by one walk."""

    path = "/api/v3/meter/digest/actual/monthly"
    record_key = "meterId"
    permission = "Meters (View)"

    def __init__(self, tap: TapUtilityEnergy) -> None:
        super().__init__(tap)
        self._walk = self.client.shared_walk(self.path)
        self._walk.join(self)

    @override
    def get_url_params(
        self, context: Context | None, next_page_token: int | None
    ) -> dict[str, Any]:
        params = super().get_url_params(context, next_page_token)
        return params | {"numberOfYears": self.config.get("energycap_number_of_years")}

    @override
    def record_pages(self, context: Context | None) -> Iterator[Iterable[Record]]:
        return self._walk.read(self)


class MeterDigestMonthlyStream(MeterDigestStream):
    """Monthly cost, use and demand by meter: one record a meter, its periods nested.

    Read whole on every run: the vendor has no filter by date of change, and a period can change
    or vanish long after it was billed. By default the vendor sends the latest two years.

    Source: https://developer.energycap.com/api-reference/meterdigest/getmeteractualmonthlylistv3
    """

    name = "meter_digest_monthly"
    primary_keys = ("meterId",)
    schema = schemas.METER_DIGEST_MONTHLY


class MeterDigestMonthlyResultsStream(MeterDigestStream):
    """The same digests, one record a meter and period.

    The meter's fields stand on each of its rows; those that the schema does not know are under
    ``extra.meter``. A period whose key is missing or was there before is left out and its meter
    named in an error; the record of `MeterDigestMonthlyStream` still has it.

    Source: https://developer.energycap.com/api-reference/meterdigest/getmeteractualmonthlylistv3
    """

    name = "meter_digest_monthly_results"
    primary_keys = ("meterId", *schemas.PERIOD_KEYS)
    schema = schemas.METER_DIGEST_MONTHLY_RESULT

    def __init__(self, tap: TapUtilityEnergy) -> None:
        super().__init__(tap)
        meter = schemas.METER_DIGEST_MONTHLY
        self._meter_fields = ExtraFields(f"{self.name} (meter)", meter)
        self._period_fields = ExtraFields(self.name, meter["properties"]["results"]["items"])

    @override
    def get_records(self, context: Context | None) -> Iterable[Record]:
        faulty = 0
        for meter in self.request_records(context):
            rows, problem = self._rows(meter)
            yield from rows
            if problem:
                faulty += 1
                self.logger.error("%s: %s", self.name, problem)
        if faulty:
            raise Refusal(
                f"{faulty} meter(s), named above, have periods whose key is missing or repeated. "
                "Those rows were left out, all others arrived; meter_digest_monthly has them. "
                "Check the meters' bills in EnergyCAP.",
            )

    @override
    def post_process(self, row: Record, context: Context | None = None) -> Record | None:
        return row  # its unknown fields were seen to level by level

    def _rows(self, meter: Record) -> tuple[list[Record], str]:
        """The meter's rows with a good key, and what is wrong with the others, if any."""
        fields, unknown = self._meter_fields.split(meter)
        fields = {name: value for name, value in fields.items() if name != "results"}
        rows: dict[tuple[Any, ...], Record] = {}
        faults = Counter[str]()
        results = meter.get("results")
        if results is not None and not isinstance(results, list):
            faults["that are no list"] += 1
            results = None
        for result in results or []:
            if not isinstance(result, dict):
                faults["that are no objects"] += 1
                continue
            key = tuple(result.get(name) for name in schemas.PERIOD_KEYS)
            if any(type(part) is not int for part in key):
                faults["without calendarYear or calendarPeriod"] += 1
            elif key in rows:
                faults[f"for {key[0]}/{key[1]} again"] += 1
            else:
                rows[key] = self._row(fields, unknown, result)
        problem = ", ".join(f"{number} period(s) {what}" for what, number in faults.items())
        name = f"meter {meter['meterId']} ({meter.get('meterCode')})"
        return list(rows.values()), f"{name} has {problem}" if problem else ""

    def _row(self, meter: Record, unknown: Record, result: Record) -> Record:
        period, extra = self._period_fields.split(result)
        if unknown and "meter" in extra:  # a period's own field of that name makes room
            extra["results.meter"] = extra.pop("meter")
        if unknown:
            extra["meter"] = unknown
        return {**meter, **period, **({"extra": extra} if extra else {})}
