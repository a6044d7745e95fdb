"""Digests as rows, against what the sandbox says is true."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from typing import Any, NamedTuple

import pytest

from sandbox import Sandbox
from tap_utility_energy.energycap import STREAMS
from tests.support import Run, TapRunner, answer, by_key, catalog

PERIODS = {"monthly": ("calendarYear", "calendarPeriod"), "yearly": ("year",)}
VIEWS = ("actual", "calendarized", "normalized", "savings")
#: What digests are of, and the levels of that name, with their key and the views that there are.
DIGESTS = [
    *(("meter", "meter", view, span) for view in VIEWS for span in PERIODS),
    *(("place", "place", view, span) for view in VIEWS for span in PERIODS),
    *(("account", "account", "actual", span) for span in PERIODS),
    *(("cost_center", "costCenter", "actual", span) for span in PERIODS),
]
Steps = list[tuple[str, str]]


class Nested(NamedTuple):
    """Where the rows of a stream are: the digest in the truth, the steps down, and the key."""

    digest: str
    steps: Steps
    key: tuple[str, ...]


def nested(digest: str, *steps: str) -> Nested:
    """The rows that these steps lead to, each the name of a level and what holds the next one."""
    pairs = [(name, path) for name, _, path in (step.partition(".") for step in steps)]
    ids = [f"{name}Year" if name == "target" else f"{name}Id" for name, _ in pairs]
    return Nested(digest, pairs, (*ids, *PERIODS[digest.rpartition("_")[2]]))


def digest_rows() -> Iterator[tuple[str, Nested]]:
    """Every stream of digest rows, from the vendor's pages."""
    for kind, level, view, span in DIGESTS:
        digest = f"{kind}_digest_{view}_{span}"
        yield f"{digest}_results", nested(digest, f"{level}.results")
        if kind != "meter":
            steps = f"{level}.commodities", "commodity.results"
            yield f"{digest}_commodity_results", nested(digest, *steps)
    yield from target_rows()
    yield from ghg_rows()


def target_rows() -> Iterator[tuple[str, Nested]]:
    views = {"actual": "", "calendarized": "calendarized_", "normalized": "normalized_"}
    for view, of in views.items():
        digest, target = f"place_digest_{view}_monthly", "target.results"
        yield f"place_digest_{of}targets", nested(digest, "place.targetComparison", target)
        steps = "place.commodities", "commodity.targetComparison", target
        yield f"place_digest_{of}commodity_targets", nested(digest, *steps)


def ghg_rows() -> Iterator[tuple[str, Nested]]:
    digest, gas = "meter_digest_ghg_yearly", "ghgType.results"
    yield f"{digest}_results", nested(digest, "meter.ghgTypes", gas)
    digest = "place_digest_ghg_yearly"
    yield f"{digest}_results", nested(digest, "place.ghgTypes", gas)
    yield (
        f"{digest}_scope_results",
        nested(digest, "place.ghgScopes", "ghgScope.ghgTypes", gas),
    )
    digest = "place_digest_ghg_monthly"
    for of, level, path in (
        ("", "ghgType", "ghgTypes"),
        ("scope_", "ghgScope", "ghgScopes"),
        ("commodity_", "commodity", "commodities"),
    ):
        yield f"{digest}_{of}results", nested(digest, f"place.{path}", f"{level}.results")
        steps = f"place.{path}", f"{level}.targetComparison", "target.results"
        yield f"place_digest_ghg_{of}targets", nested(digest, *steps)


#: All streams of digest rows but those of the contract, which `test_digests` has.
DIGEST_ROWS = {name: rows for name, rows in digest_rows() if "meter_digest_actual_m" not in name}

LISTS = {"results", "commodities", "ghgTypes", "ghgScopes"}


def left_out(digest: str, path: str) -> set[str]:
    """What the rows do not have of an object that holds them at a path.

    The target of a year is one object, and stands on the rows. That of a month is rows itself.
    """
    has_target = path == "results" and digest.endswith("_yearly")
    return LISTS | (set() if has_target else {"targetComparison"})


def in_list(thing: Any) -> list[Any]:
    """What is in a list, or is the one thing; nothing if it is null."""
    return thing if isinstance(thing, list) else [thing] if thing else []


def rows_of(thing: dict[str, Any], steps: Steps, digest: str) -> Iterator[dict[str, Any]]:
    """The vendor's rows below an object, each with all the fields above it as they were sent.

    A commodity has no target but its own, and where it has no currency, that of its digest.
    """
    if not steps:
        yield thing
        return
    (_, name), *further = steps
    skipped = left_out(digest, name)
    above = {key: value for key, value in thing.items() if key not in skipped}
    items = in_list(thing.get(name))
    if name == "commodities" and "costUnit" in above:
        items = [{**item, "costUnit": item["costUnit"] or above["costUnit"]} for item in items]
    for item in items:
        for row in rows_of(item, further, digest):
            yield above | row


def as_sent(row: dict[str, Any], steps: Steps) -> dict[str, Any]:
    """A record of the tap with all unknown fields, of all levels, back in their place."""
    extra = dict(row.get("extra", {}))
    above: dict[str, Any] = {}
    for name, _ in steps:
        above |= extra.pop(name, {})
    return above | {key: value for key, value in row.items() if key != "extra"} | extra


def test_every_digest_is_tested() -> None:
    known = {"meter_digest_monthly", "meter_digest_monthly_results"}
    assert {stream.name for stream in STREAMS if stream.params} == known | DIGEST_ROWS.keys()


@pytest.mark.parametrize("stream", DIGEST_ROWS)
@pytest.mark.parametrize("years", [None, 1])
def test_rows_of_digests_are_what_was_sent(
    tap: TapRunner, box: Sandbox, stream: str, years: int | None
) -> None:
    source, steps, key = DIGEST_ROWS[stream]
    asked = {} if years is None else {"energycap_number_of_years": years}
    params = {} if years is None else {"numberOfYears": years}
    run = tap(box.tap_config(energycap_page_size=7, **asked), streams=[stream])

    assert run.exit == 0, run.stderr
    truth = [
        row
        for thing in box.truth(only=source, **params)[source]
        for row in rows_of(thing, steps, source)
    ]
    rows = by_key(run.records(stream), *key)
    assert rows
    assert {k: as_sent(row, steps) for k, row in rows.items()} == by_key(truth, *key)


def test_thirteen_periods_arrive(tap: TapRunner) -> None:
    stream = "meter_digest_calendarized_monthly_results"
    with Sandbox(meters=5, accounting_periods=13) as box:
        run = tap(box.tap_config(), streams=[stream])

    assert {row["calendarPeriod"] for row in run.records(stream)} == set(range(1, 14))


def test_years_are_text(tap: TapRunner, box: Sandbox) -> None:
    run = tap(box.tap_config(), streams=["meter_digest_actual_yearly_results"])

    assert {type(row["year"]) for row in run.records("meter_digest_actual_yearly_results")} == {str}


WALKS = Counter(rows.digest for rows in DIGEST_ROWS.values())


@pytest.mark.parametrize("digest", [digest for digest, streams in WALKS.items() if streams > 1])
def test_all_rows_of_a_digest_come_from_one_walk(tap: TapRunner, box: Sandbox, digest: str) -> None:
    streams = [name for name, rows in DIGEST_ROWS.items() if rows.digest == digest]
    box.clear_requests()
    run = tap(box.tap_config(energycap_page_size=5), streams=streams)

    assert run.exit == 0
    assert all(run.records(stream) for stream in streams)
    asked = Counter(request["target"] for request in box.requests())
    assert len(asked) > 1
    assert set(asked.values()) == {1}


@pytest.mark.parametrize("stream", ["meter_digest_actual_yearly_results"])
def test_rows_without_a_key_of_their_own_are_told(tap: TapRunner, stream: str) -> None:
    body = '[{"meterId": 1, "meterCode": "M", "results": [{"year": "2025"}, {"year": "2025"}, {}]}]'
    with Sandbox(meters=0) as box:
        box.set_faults([answer(body)])
        run = tap(box.tap_config(), streams=[stream])

    assert run.exit == 1
    assert run.records(stream) == [{"meterId": 1, "meterCode": "M", "year": "2025"}]
    assert [line for line in run.errors if line.startswith(stream)] == [
        (
            f"{stream}: 2 records were left out for lack of a unique key, all others were "
            "written: meter 1 (M) has 1 period(s) for 2025 again, 1 period(s) without year. Check "
            "them in EnergyCAP; with fail_on_bad_records false it is only a warning."
        ),
    ]


def test_unknown_fields_of_each_level_are_kept_apart(tap: TapRunner) -> None:
    stream = "place_digest_actual_monthly_commodity_results"
    body = (
        '[{"placeId": 1, "new": 1, "costUnit": {"unitId": 1}, "results": null, "commodities": '
        '[{"commodityId": 2, "new": 2, "costUnit": {"unitId": 2}, "results": '
        '[{"calendarYear": 2025, "calendarPeriod": 3, "new": 3, "place": "own", "placeId": 9, '
        '"": 4}]}]}]'
    )
    with Sandbox(meters=0) as box:
        box.set_faults([answer(body)])
        run = tap(box.tap_config(), streams=[stream])

    assert run.records(stream) == [
        {
            "placeId": 1,
            "commodityId": 2,
            "costUnit": {"unitId": 2},
            "calendarYear": 2025,
            "calendarPeriod": 3,
            "extra": {
                "new": 3,
                "results.place": "own",
                "placeId": 9,
                "": 4,
                "place": {"new": 1},
                "commodity": {"new": 2},
            },
        }
    ]


def test_a_commodity_takes_no_target_of_its_place_and_hides_no_currency(
    tap: TapRunner, box: Sandbox
) -> None:
    of_months, of_targets = "actual_monthly_commodity_results", "commodity_targets"
    run = tap(box.tap_config(), streams=[f"place_digest_{of}" for of in (of_months, of_targets)])

    digests = box.truth(only="place_digest_actual_monthly")["place_digest_actual_monthly"]
    sent = {
        (place["placeId"], commodity["commodityId"]): (place, commodity)
        for place in digests
        for commodity in place.get("commodities", [])
    }
    targets = Counter(
        (row["placeId"], row["commodityId"]) for row in run.records(f"place_digest_{of_targets}")
    )
    seen = Counter[str]()
    for key_, (place, commodity) in sent.items():
        own = (commodity.get("targetComparison") or {}).get("results", [])
        assert targets[key_] == len(own)
        seen["has no target, its place has"] += bool(place["targetComparison"] and not own)
        seen["has a target, its place has none"] += bool(own and not place["targetComparison"])
    for row in run.records(f"place_digest_{of_months}"):
        place, commodity = sent[row["placeId"], row["commodityId"]]
        assert "targetComparison" not in row
        assert row["costUnit"] == (commodity["costUnit"] or place["costUnit"])
        seen["has its place's currency"] += bool(row["costUnit"] and not commodity["costUnit"])
    assert len(seen) == 3
    assert all(seen.values())


def test_a_version_is_activated_after_the_last_record_and_only_if_all_are_there(
    tap: TapRunner,
) -> None:
    streams = ["energycap_units", "meter_digest_monthly_results", "energycap_meters"]
    with Sandbox(meters=20, billing_summaries=0) as box:
        box.set_faults([{"path": "/digest/", "at": 2, "status": 403}])
        config = box.tap_config(emit_activate_version_messages=True, energycap_page_size=5)
        run = tap(config, streams=streams)

    assert run.exit == 1
    assert run.records("meter_digest_monthly_results")
    kinds = [(m["type"], m.get("stream")) for m in run.messages]
    assert [stream for kind, stream in kinds if kind == "ACTIVATE_VERSION"] == ["energycap_units"]
    last = max(n for n, kind in enumerate(kinds) if kind == ("RECORD", "energycap_units"))
    assert kinds.index(("ACTIVATE_VERSION", "energycap_units")) > last
    (version,) = (m["version"] for m in run.messages if m["type"] == "ACTIVATE_VERSION")
    units = [m for m in run.messages if (m["type"], m.get("stream")) == kinds[last]]
    assert {message["version"] for message in units} == {version}


def test_no_version_is_activated_after_a_read_that_may_have_missed_a_record(
    tap: TapRunner,
) -> None:
    streams = ["energycap_units", "energycap_meters"]
    whole = tap.file("whole.json", catalog(streams, replication_method="FULL_TABLE"))
    with Sandbox(meters=20, shrink_meters="6@2", billing_summaries=0) as box:
        config = box.tap_config(emit_activate_version_messages=True, energycap_page_size=5)
        first = tap(config, "--catalog", whole)
        second = tap(config, "--catalog", whole, state=first.state)

    assert first.exit == second.exit == 0
    assert first.stderr.count("Data may have changed while pages were read") == 1
    assert activated(first) == ["energycap_units"]
    # A list that is always like that would keep what was deleted for good.
    assert second.stderr.count("The previous run saw the same") == 1
    assert sorted(activated(second)) == sorted(streams)


def activated(run: Run) -> list[str]:
    return [m["stream"] for m in run.messages if m["type"] == "ACTIVATE_VERSION"]


@pytest.mark.parametrize("stream", DIGEST_ROWS)
def test_a_refusal_names_the_right_that_is_missing(tap: TapRunner, stream: str) -> None:
    with Sandbox(meters=1, billing_summaries=0) as box:
        run = tap(box.tap_config(energycap_api_key="wrong-key"), streams=[stream])

    assert run.last_line.startswith(f"{stream}: EnergyCAP answered 401")
    assert "(View)" in run.last_line
