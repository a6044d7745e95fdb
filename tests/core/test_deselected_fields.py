"""Fields that the user deselects are in no record, and neither under ``extra``."""

from __future__ import annotations

from typing import Any

import pytest

from sandbox import Sandbox
from tests.core.test_catalog import ITEMS, READINGS, entry_of, run_with, schema_of, without
from tests.odd_values import odd_values
from tests.support import RESULTS, SUMMARIES, TapRunner, catalog


def test_a_deselected_extra_is_gone(tap: TapRunner) -> None:
    found = catalog([SUMMARIES])
    entry = entry_of(found, SUMMARIES)
    without(entry, "base", "extra")
    entry["metadata"] += [
        {"breadcrumb": ["properties", "extra"], "metadata": {"selected": False}},
    ]
    with Sandbox(billing_summaries=3, meters=0) as box:
        run = run_with(tap, box, found)

    assert run.exit == 0, run.stderr
    assert "extra" not in schema_of(run, SUMMARIES)["properties"]
    assert all("extra" not in row and "base" not in row for row in run.records(SUMMARIES))


@pytest.mark.parametrize("stream", [RESULTS, ITEMS, READINGS])
def test_a_deselected_extra_is_gone_from_rows_of_records(tap: TapRunner, stream: str) -> None:
    found = catalog([stream])
    for part in entry_of(found, stream)["metadata"]:
        if part["breadcrumb"] == ["properties", "extra"]:
            part["metadata"]["selected"] = False

    def change(record: dict[str, Any]) -> None:
        record |= {"brandNew": 5, "updated": "yesterday"}
        for part in record.get("results") or record.get("readings") or []:
            part["brandNew"] = 5

    with (
        Sandbox(billing_summaries=3, meters=3, interval_days=1) as box,
        odd_values(box, change) as values,
    ):
        run = tap(values.settings(box), "--catalog", tap.file("catalog.json", found))

    assert run.exit == 0, run.stderr
    assert run.records(stream)
    assert "brandNew" not in run.stdout
    assert all("extra" not in row for row in run.records(stream))


@pytest.mark.parametrize("is_selected", [True, False])
def test_it_is_said_whether_unknown_fields_are_kept(tap: TapRunner, *, is_selected: bool) -> None:
    found = catalog([SUMMARIES])
    entry = entry_of(found, SUMMARIES)
    without(entry, "base", "extra", "uid")
    entry["metadata"] += [
        {"breadcrumb": ["properties", "extra"], "metadata": {"selected": is_selected}},
    ]
    with Sandbox(billing_summaries=3, meters=0) as box:
        run = run_with(tap, box, found)

    assert run.exit == 0, run.stderr
    kept = 'kept under "extra"' if is_selected else 'left out, because "extra" is not selected'
    assert f"{SUMMARIES}: the catalog does not name base: {kept}. (If another version" in run.stderr
    assert f"{SUMMARIES}: unknown fields, {kept}: base, " in run.stderr
    assert all(("base" in row.get("extra", ())) is is_selected for row in run.records(SUMMARIES))


def test_a_field_that_is_deselected_and_not_in_the_schema_is_gone(tap: TapRunner) -> None:
    found = catalog([SUMMARIES])
    entry = entry_of(found, SUMMARIES)
    del entry["schema"]["properties"]["base"]
    for part in entry["metadata"]:
        if part["breadcrumb"] == ["properties", "base"]:
            part["metadata"]["selected"] = False
    with Sandbox(billing_summaries=3, meters=0) as box:
        run = run_with(tap, box, found)

    assert run.exit == 0, run.stderr
    assert not [row for row in run.records(SUMMARIES) if "base" in row.get("extra", row)]
