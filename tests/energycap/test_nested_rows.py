"""Rows of what is nested: each field is that of its own level."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from singer_sdk import typing as th

from tap_utility_energy.core.raw_rows import decoded_rows
from tap_utility_energy.core.record import RecordFitter
from tap_utility_energy.core.schema import key, number, text
from tap_utility_energy.energycap import STREAMS
from tap_utility_energy.energycap.nested_rows import Flattener, Level, NestedRows
from tap_utility_energy.energycap.schemas.place_digests import COMMODITY_MONTHS

ALL_ROWS = [stream.rows for stream in STREAMS if stream.rows]


def flattener(rows: NestedRows) -> Flattener:
    """What makes these rows if the catalog is as discovered."""
    names = [[field.name for field in level.fields] for level in rows.levels]
    return Flattener(rows, [RecordFitter({name: {} for name in known}) for known in names])


@st.composite
def digests(draw: Any, rows: NestedRows, depth: int = 0) -> dict[str, Any]:
    """A digest: at each level any field of any level, as a text that tells where it stands."""
    level = rows.levels[depth]
    lists = {name for level in rows.levels for name in level.not_in_rows}
    names = {field.name for level in rows.levels for field in level.fields} | lists | {"new"}
    chosen = draw(st.sets(st.sampled_from(sorted(names - {level.path} - set(rows.key)))))
    thing: dict[str, Any] = {
        name: draw(st.sampled_from([None, f"{level.name}.{name}"])) for name in sorted(chosen)
    }
    if level.path:
        inner = st.lists(digests(rows, depth + 1), max_size=2)
        thing[level.path] = draw(inner)
    number = draw(st.integers(0, 10**9))
    return thing | dict.fromkeys(level.key, number)


@pytest.mark.parametrize("rows", ALL_ROWS, ids=lambda rows: "-".join(rows.key))
@settings(deadline=None, max_examples=40, suppress_health_check=list(HealthCheck))
@given(data=st.data())
def test_each_field_of_a_row_is_that_of_its_own_level(
    rows: NestedRows, data: st.DataObject
) -> None:
    declared = {field.name: level for level in rows.levels for field in level.fields}
    digest = data.draw(digests(rows))
    found, _ = flattener(rows).flatten(digest)

    for row in decoded_rows(found):
        for name, value in row.items():
            if name == "extra" or name in rows.key:
                continue
            level = declared[name]
            if value is not None and name not in level.fallbacks:
                assert value == f"{level.name}.{name}"
            if name in level.fallbacks:
                assert value in {None, f"{level.name}.{name}", f"{rows.parent.name}.{name}"}
        extra = row.get("extra", {})
        for level in rows.levels[:-1]:
            own = {field.name for field in level.fields} | {*level.not_in_rows}
            unknown = extra.get(level.name, {})
            assert not unknown.keys() & own
            assert all(value in {None, f"{level.name}.{name}"} for name, value in unknown.items())


@pytest.mark.parametrize(
    ("place", "commodity", "currency"),
    [
        ({"costUnit": "$"}, {"costUnit": "€"}, {"costUnit": "€"}),
        ({"costUnit": "$"}, {"costUnit": None}, {"costUnit": "$"}),
        ({"costUnit": "$"}, {}, {"costUnit": "$"}),
        ({"costUnit": None}, {"costUnit": "€"}, {"costUnit": "€"}),
        ({}, {"costUnit": None}, {"costUnit": None}),
        ({}, {}, {}),
    ],
)
def test_the_currency_of_a_commodity(
    place: dict[str, Any], commodity: dict[str, Any], currency: dict[str, Any]
) -> None:
    month = {"calendarYear": 2026, "calendarPeriod": 1}
    part = {"commodityId": 2, "results": [month], **commodity}
    digest = {"placeId": 1, "targetComparison": {}, "commodities": [part], **place}
    rows, _ = flattener(COMMODITY_MONTHS).flatten(digest)

    (row,) = decoded_rows(rows)
    assert row == {"placeId": 1, "commodityId": 2, **month, **currency}


LISTED = NestedRows(
    Level("meter", ("meterId",), (key("meterId", th.IntegerType, "Id."),), "udfs"),
    Level("field", ("udfId",), (key("udfId", th.IntegerType, "Id."), text("value", "Value."))),
)
ONE = NestedRows(
    Level("place", ("placeId",), (key("placeId", th.IntegerType, "Id."),), "goal", holds_one=True),
    Level("goal", ("goalYear",), (key("goalYear", th.IntegerType, "Year."),), "results"),
    Level("period", ("year",), (key("year", th.StringType, "Year."), number("cost", "Cost."))),
)


@pytest.mark.parametrize(
    ("rows", "sent", "expected", "others"),
    [
        (
            LISTED,
            {"meterId": 1, "udfs": [{"udfId": 2, "value": "x", "meter": 3}, {"udfId": 2}, {}, 0]},
            [{"meterId": 1, "udfId": 2, "value": "x", "extra": {"meter": 3}}],
            {"for 2 again": 1, "without udfId": 1, "that are not objects": 1},
        ),
        (
            LISTED,
            {"meterId": 1, "new": 4, "udfs": [{"udfId": 2, "meter": 3}]},
            [{"meterId": 1, "udfId": 2, "extra": {"meter": {"new": 4}, "udfs.meter": 3}}],
            {},
        ),
        (LISTED, {"meterId": 1, "udfs": {"udfId": 2}}, [], {"that are not objects": 1}),
        (
            ONE,
            {"placeId": 1, "goal": {"goalYear": 5, "new": 6, "results": [{"year": "7"}]}},
            [{"placeId": 1, "goalYear": 5, "year": "7", "extra": {"goal": {"new": 6}}}],
            {},
        ),
        (ONE, {"placeId": 1, "goal": [{"goalYear": 5}]}, [], {"that are not objects": 1}),
        (ONE, {"placeId": 1, "goal": 5}, [], {"that are not objects": 1}),
        *((ONE, {"placeId": 1, "goal": nothing}, [], {}) for nothing in (None, {}, [], 0, "")),
        (ONE, {"placeId": 1}, [], {}),
        (
            ONE,
            {"placeId": 1, "goal": {"results": [{"year": "7"}]}},
            [],
            {"without goalYear or year": 1},
        ),
    ],
)
def test_a_level_is_a_list_or_one_object(
    rows: NestedRows, sent: dict[str, Any], expected: list[Any], others: dict[str, int]
) -> None:
    found, left_out = flattener(rows).flatten(sent)

    assert list(decoded_rows(found)) == expected
    assert left_out == others


def test_a_field_of_two_levels_is_refused() -> None:
    twice = (text("targetComparison", "Whose?"),)
    with pytest.raises(ValueError, match="targetComparison: two levels have it"):
        NestedRows(
            Level("place", (), twice, "commodities"), Level("commodity", (), twice, "results")
        )
