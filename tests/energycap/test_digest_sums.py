"""What comes out of the tap adds up: meters to places, accounts to cost centers, months to years.

The sandbox makes all digests from one world, so that a row of another place, commodity or period
than it says would show in a sum. Every sum is exact: no digit is lost on the way.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator
from decimal import Decimal, localcontext
from typing import Any

import duckdb
import pytest

from sandbox import Sandbox
from sandbox.energycap.data.catalogue import COMMODITIES, GASES
from tests.examples import example
from tests.support import TapRunner

#: More years than the sandbox has, so that no year is cut.
YEARS = 20
Row = dict[str, Any]
Sums = dict[tuple[Any, ...], Decimal]


@pytest.fixture(autouse=True)
def _exact() -> Iterator[None]:
    with localcontext(prec=60):
        yield


def read(tap: TapRunner, box: Sandbox, *streams: str) -> dict[str, list[Row]]:
    """The rows of these streams, from one run."""
    run = tap(box.tap_config(energycap_number_of_years=YEARS), streams=streams)
    assert run.exit == 0, run.stderr
    found = {stream: run.records(stream) for stream in streams}
    assert all(found.values())
    return found


def add_up(pairs: Iterable[tuple[tuple[Any, ...], Any]]) -> Sums:
    """The sums by key of all amounts that are not null."""
    sums: Sums = defaultdict(Decimal)
    for key, amount in pairs:
        if amount is not None:
            sums[key] += amount
    return dict(sums)


def sums(rows: Iterable[Row], field: str, *key: str) -> Sums:
    return add_up((tuple(row[name] for name in key), row.get(field)) for row in rows)


def by_year(rows: Iterable[Row]) -> list[Row]:
    """Monthly rows with the year that a yearly row has."""
    return [{**row, "year": str(row["calendarYear"])} for row in rows]


def with_all_above(things: Iterable[Row], name: str) -> dict[int, list[int]]:
    """Of each thing in a tree its id and those of all that it is in."""
    parents = {thing[name]: (thing["parent"] or {}).get(name) for thing in things}

    def path(one: int | None) -> list[int]:
        return [] if one is None else [one, *path(parents[one])]

    return {one: path(one) for one in parents}


def rolled_up(rows: Iterable[Row], above: dict[int, list[int]], own: str, name: str) -> list[Row]:
    """Each row once for all that contain it, under the name of their id."""
    return [{**row, name: one} for row in rows for one in above.get(row[own], ())]


PERIOD = ("calendarYear", "calendarPeriod")


@pytest.mark.parametrize("span", ["monthly", "yearly"])
@pytest.mark.parametrize(
    ("view", "fields"),
    [
        ("actual", ("totalCost", "commonUse")),
        ("calendarized", ("totalCost", "commonUse")),
        ("normalized", ("commonUse",)),
        ("savings", ("savingsTotalCost", "savingsCommonUse")),
    ],
)
def test_a_place_is_the_sum_of_its_meters(
    tap: TapRunner, box: Sandbox, view: str, fields: tuple[str, ...], span: str
) -> None:
    digest = f"{view}_{span}"
    of_meters = f"meter_digest_{digest}_results".replace("digest_actual_monthly", "digest_monthly")
    of_places, of_parts = (f"place_digest_{digest}{of}_results" for of in ("", "_commodity"))
    lists = read(tap, box, of_meters, of_places, of_parts, "energycap_meters", "energycap_places")
    places = with_all_above(lists["energycap_places"], "placeId")
    meters = {meter["meterId"]: meter for meter in lists["energycap_meters"]}
    above = {one: places[meter["place"]["placeId"]] for one, meter in meters.items()}
    rows = [
        {**row, "commodityId": meters[row["meterId"]]["commodity"]["commodityId"]}
        for row in rolled_up(lists[of_meters], above, "meterId", "placeId")
    ]
    period = PERIOD if span == "monthly" else ("year",)
    for field in fields:
        key = ("placeId", "commodityId", *period)
        assert sums(lists[of_parts], field, *key) == sums(rows, field, *key)
        if field.endswith("Cost"):
            key = ("placeId", *period)
            assert sums(lists[of_places], field, *key) == sums(rows, field, *key)


@pytest.mark.parametrize(
    ("digest", "fields"),
    [
        ("place_digest_actual", ("totalCost", "globalUse", "commonUse")),
        ("place_digest_calendarized", ("totalCost", "globalUse", "commonUse")),
        ("place_digest_normalized", ("globalUse", "commonUse")),
        (
            "place_digest_savings",
            ("savingsTotalCost", "savingsGlobalUse", "savingsCommonUse"),
        ),
        ("account_digest_actual", ("totalCost", "globalUse", "commonUse")),
        ("cost_center_digest_actual", ("totalCost", "globalUse", "commonUse")),
    ],
)
def test_a_year_is_the_sum_of_its_months_and_a_whole_that_of_its_commodities(
    tap: TapRunner, box: Sandbox, digest: str, fields: tuple[str, ...]
) -> None:
    parts = ("results", "commodity_results")
    streams = [f"{digest}_{span}_{part}" for span in ("monthly", "yearly") for part in parts]
    months, months_by_part, years, years_by_part = read(tap, box, *streams).values()
    (thing,) = {*years[0]} & {"placeId", "accountId", "costCenterId"}

    for field in fields:
        key = (thing, "commodityId", "year")
        assert sums(years_by_part, field, *key) == sums(by_year(months_by_part), field, *key) != {}
        assert any(sums(years_by_part, field, *key).values())
        if "common" in field.lower():
            continue
        assert sums(years, field, thing, "year") == sums(by_year(months), field, thing, "year")
        for whole, part, period in (
            (months, months_by_part, PERIOD),
            (years, years_by_part, ("year",)),
        ):
            assert sums(whole, field, thing, *period) == sums(part, field, thing, *period) != {}


@pytest.mark.parametrize("part", ["results", "commodity_results"])
@pytest.mark.parametrize("span", ["monthly", "yearly"])
def test_a_cost_center_is_the_sum_of_its_accounts_and_of_those_below(
    tap: TapRunner, box: Sandbox, span: str, part: str
) -> None:
    of_accounts, of_centers = (
        f"{kind}_digest_actual_{span}_{part}" for kind in ("account", "cost_center")
    )
    lists = read(tap, box, of_accounts, of_centers, "energycap_accounts", "energycap_cost_centers")
    centers = with_all_above(lists["energycap_cost_centers"], "costCenterId")
    above = {
        account["accountId"]: centers[account["costCenter"]["costCenterId"]]
        for account in lists["energycap_accounts"]
        if account["costCenter"]
    }
    rows = rolled_up(lists[of_accounts], above, "accountId", "costCenterId")
    key = ("costCenterId", *(["commodityId"] if "commodity" in part else []))
    key += PERIOD if span == "monthly" else ("year",)
    for field in ("totalCost", "globalUse"):
        assert sums(lists[of_centers], field, *key) == sums(rows, field, *key)


FACTORS = {
    (commodity.id, gas): (commodity.scope, factor)
    for commodity in COMMODITIES
    for (gas, _, _), factor in zip(GASES, commodity.ghg, strict=False)
}
EMISSIONS = "equivalentCO2Emissions"


@pytest.mark.parametrize(
    ("span", "streams"),
    [
        (
            "monthly",
            {
                "ghg_monthly_results": ["ghgTypeId"],
                "ghg_monthly_scope_results": ["ghgScopeId"],
                "ghg_monthly_commodity_results": ["commodityId"],
            },
        ),
        (
            "yearly",
            {
                "ghg_yearly_results": ["ghgTypeId"],
                "ghg_yearly_scope_results": ["ghgScopeId", "ghgTypeId"],
            },
        ),
    ],
)
def test_emissions_are_use_times_factor(
    tap: TapRunner, box: Sandbox, span: str, streams: dict[str, list[str]]
) -> None:
    of_use = f"place_digest_actual_{span}_commodity_results"
    lists = read(tap, box, of_use, *(f"place_digest_{name}" for name in streams))
    emitted = [
        {**row, "ghgTypeId": gas, "ghgScopeId": scope, EMISSIONS: row["commonUse"] * factor}
        for row in lists[of_use]
        for (commodity, gas), (scope, factor) in FACTORS.items()
        if commodity == row["commodityId"]
    ]
    for name, own in streams.items():
        key = ("placeId", *own, *(PERIOD if span == "monthly" else ("year",)))
        assert sums(lists[f"place_digest_{name}"], EMISSIONS, *key) == sums(
            emitted, EMISSIONS, *key
        )


def test_emissions_of_a_place_are_those_of_its_meters_and_of_its_months(
    tap: TapRunner, box: Sandbox
) -> None:
    years, months, of_meters = (
        "place_digest_ghg_yearly_results",
        "place_digest_ghg_monthly_results",
        "meter_digest_ghg_yearly_results",
    )
    lists = read(tap, box, years, months, of_meters, "energycap_meters", "energycap_places")
    places = with_all_above(lists["energycap_places"], "placeId")
    above = {
        meter["meterId"]: places[meter["place"]["placeId"]] for meter in lists["energycap_meters"]
    }
    key = ("placeId", "ghgTypeId", "year")
    found = sums(lists[years], EMISSIONS, *key)
    rows = rolled_up(lists[of_meters], above, "meterId", "placeId")
    assert found == sums(rows, EMISSIONS, *key)
    assert found == sums(by_year(lists[months]), EMISSIONS, *key)


@pytest.mark.parametrize(
    ("view", "targets", "figure"),
    [
        ("actual", "", "totalCost"),
        ("calendarized", "calendarized_", "totalCost"),
        ("normalized", "normalized_", "globalUse"),
    ],
)
@pytest.mark.parametrize("part", ["", "commodity_"])
def test_the_targets_of_months_add_up_to_that_of_the_year(
    tap: TapRunner, box: Sandbox, view: str, targets: str, figure: str, part: str
) -> None:
    of_months = f"place_digest_{targets}{part}targets"
    months, actual, years = (
        of_months,
        f"place_digest_{view}_monthly_{part}results",
        f"place_digest_{view}_yearly_{part}results",
    )
    lists = read(tap, box, months, actual, years)
    thing = ("placeId", *(["commodityId"] if part else []))
    yearly = {
        (*(row[name] for name in thing), row["targetComparison"]["targetYear"]): row[
            "targetComparison"
        ]
        for row in lists[years]
        if row.get("targetComparison")
    }
    found = sums(lists[months], figure, *thing, "targetYear")
    assert found == {key: target[figure] for key, target in yearly.items() if key in found}
    assert found.keys() <= yearly.keys()
    # The target of this year is what the last one had.
    key = (*thing, *PERIOD)
    before = sums(lists[actual], figure, *key)
    assert sums(lists[months], figure, *key).items() <= before.items()
    assert {row["calendarYear"] for row in lists[months]} == {2025}
    so_far = add_up(
        ((*(row[name] for name in thing), row["targetYear"]), row[figure])
        for row in lists[months]
        if row["calendarPeriod"] <= latest(lists[actual])
    )
    assert so_far == {k: yearly[k][f"{figure}Ytd"] for k in so_far}


def latest(rows: Iterable[Row]) -> int:
    """The number of the latest period."""
    return max((row["calendarYear"], row["calendarPeriod"]) for row in rows)[1]


COMPARED = example("docs/energycap.md#which-digest-to-take-for-what sql 1")


def test_the_documented_comparison_with_targets(tap: TapRunner, box: Sandbox) -> None:
    tables = ("place_digest_actual_monthly_results", "place_digest_targets")
    lists = read(tap, box, *tables)
    with duckdb.connect() as database:
        for table in tables:
            names = ("placeId", "calendarYear", "calendarPeriod", "totalCost")
            rows = [(*map(row.get, names), row.get("targetYear")) for row in lists[table]]
            columns = '"placeId" BIGINT, "calendarYear" BIGINT, "calendarPeriod" BIGINT'
            database.execute(
                f'CREATE TABLE {table} ({columns}, "totalCost" VARCHAR, "targetYear" BIGINT)'
            )
            database.executemany(f"INSERT INTO {table} VALUES (?, ?, ?, ?, ?)", rows)
        found = database.execute(COMPARED).fetchall()

    key = ("placeId", "calendarPeriod", "calendarYear")
    actual = sums(lists[tables[0]], "totalCost", *key)
    target = sums(lists[tables[1]], "totalCost", "placeId", "calendarPeriod")
    assert {row[:3]: tuple(map(Decimal, row[3:])) for row in found} == {
        (place, period, year): (cost, target[place, period])
        for (place, period, year), cost in actual.items()
        if year == 2026 and (place, period) in target
    }
    assert found


@pytest.mark.parametrize("part", ["", "commodity_"])
def test_savings_of_all_time_are_those_of_all_years(
    tap: TapRunner, box: Sandbox, part: str
) -> None:
    stream = f"place_digest_savings_yearly_{part}results"
    rows = read(tap, box, stream)[stream]
    key = ("placeId", *(["commodityId"] if part else []))
    names = {
        "batccTotalCost": "allTimeBATCCTotalCost",
        "totalCost": "allTimeTotalCost",
        "savingsTotalCost": "allTimeSavingsTotalCost",
        "globalUse": "allTimeGlobalUse",
        "savingsGlobalUse": "allTimeSavingsGlobalUse",
    } | ({"batccCommonUse": "allTimeBATCCCommonUse"} if part else {})
    for field, all_time in names.items():
        stated = {tuple(row[name] for name in key): row[all_time] for row in rows}
        assert sums(rows, field, *key) == {k: v for k, v in stated.items() if v is not None}
