"""What the digests of EnergyCAP show: periods, and which meters have them."""

from __future__ import annotations

from collections import Counter
from decimal import Decimal
from typing import TYPE_CHECKING, Any

from tap_utility_energy.check.facts import Verdict, counted, not_seen, verdict
from tap_utility_energy.energycap.base import filter_of
from tap_utility_energy.energycap.streams.entities import MetersStream
from tap_utility_energy.energycap.streams.meter_digests import MeterDigestMonthlyStream
from tap_utility_energy.utilityapi.json_values import objects

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping

    from tap_utility_energy.check.asking import Source
    from tap_utility_energy.check.energycap import EnergyCAPEvidence

NO_PERIODS = "no digest has a period"
MONTHS, YEARS = 24, 4
PERIODS = 12
#: Periods that a window has more if a tenant's year has thirteen.
THIRTEENTH = 2


def _results(source: Source) -> Iterator[list[dict[str, Any]]]:
    """The periods of each of a list's digests."""
    for record in source.records:
        yield objects(record.get("results"))


def _monthly(evidence: EnergyCAPEvidence) -> list[Source]:
    return [source for source in evidence.digests if source.path.endswith("/monthly")]


def _yearly(evidence: EnergyCAPEvidence) -> list[Source]:
    return [source for source in evidence.digests if source.path.endswith("/yearly")]


def _period(result: Mapping[str, Any]) -> tuple[Any, Any]:
    return result.get("calendarYear"), result.get("calendarPeriod")


def distinct_periods(evidence: EnergyCAPEvidence) -> Verdict:
    """Whether a period comes twice in a digest."""
    digests = [results for source in _monthly(evidence) for results in _results(source) if results]
    if not digests:
        return not_seen(NO_PERIODS)
    periods = [[_period(r) for r in results if None not in _period(r)] for results in digests]
    twice = sum(len(each) - len({str(period) for period in each}) for each in periods)
    return verdict(f"{twice} twice" if twice else "none twice", is_as_assumed=not twice)


def period_numbers(evidence: EnergyCAPEvidence) -> Verdict:
    """Whether periods have their numbers."""
    numbers = [n for source in _monthly(evidence) for n in _all_numbers(source)]
    if not numbers:
        return not_seen(NO_PERIODS)
    bad = sum(not isinstance(number, int) for number in numbers)
    return verdict(f"{bad} lack them" if bad else "all have them", is_as_assumed=not bad)


def _all_numbers(source: Source) -> Iterable[object]:
    return (n for results in _results(source) for result in results for n in _period(result))


def periods_a_year(evidence: EnergyCAPEvidence) -> Verdict:
    """Whether there is a thirteenth period, and by which calendar."""
    results = [r for source in _monthly(evidence) for each in _results(source) for r in each]
    if not results:
        return not_seen(NO_PERIODS)
    kinds = Counter(
        name
        for result in results
        for name in ("calendarPeriod", "fiscalPeriod")
        if isinstance(result.get(name), int) and result[name] > PERIODS
    )
    seen = f"beyond 12: {counted(kinds.items())}" if kinds else "none beyond 12"
    return verdict(seen, is_as_assumed=not kinds)


def window(evidence: EnergyCAPEvidence) -> Verdict:
    """How many periods the digests have at most."""
    years = evidence.config.get("energycap_number_of_years")
    months, allowed_years = (12 * years, years) if years else (MONTHS, YEARS)
    most_months = max((_most(source, _period) for source in _monthly(evidence)), default=0)
    most_years = max((_most(source, _year) for source in _yearly(evidence)), default=0)
    if not most_months + most_years:
        return not_seen(NO_PERIODS)
    allowed = months + THIRTEENTH * (years or 2) // 2
    is_within = most_months <= allowed and most_years <= allowed_years
    seen = f"at most {most_months} periods and {most_years} years"
    return verdict(seen, is_as_assumed=is_within)


def _year(result: Mapping[str, Any]) -> Any:
    return result.get("year")


def _most(source: Source, name: Any) -> int:
    return max((len({str(name(r)) for r in each}) for each in _results(source)), default=0)


def meters_in_digests(evidence: EnergyCAPEvidence) -> Verdict:
    """Whether digests list every meter."""
    meters = evidence.sources[MetersStream.path].total
    listed = evidence.sources[MeterDigestMonthlyStream.path].total
    is_filtered = filter_of(MetersStream.name, evidence.config)
    if not meters or listed is None or is_filtered:
        return not_seen("the lists of meters and of digests cannot be compared")
    seen = f"{listed:,} digests of {meters:,} meters"
    return verdict(seen, is_as_assumed=meters == listed)


def load_factor(evidence: EnergyCAPEvidence) -> Verdict:
    """The scale of ``loadFactor``."""
    found = [r.get("loadFactor") for s in _monthly(evidence) for each in _results(s) for r in each]
    factors = [value for value in found if isinstance(value, int | Decimal)]
    if not any(factors):
        return not_seen("no period has a load factor")
    return _scale(factors)


def _scale(factors: Iterable[Any]) -> Verdict:
    # A load is at times above its billed peak, so a fraction can be a little more than 1.
    is_fraction = max(factors) <= 2  # noqa: PLR2004
    return verdict("a fraction" if is_fraction else "percent", is_as_assumed=is_fraction)
