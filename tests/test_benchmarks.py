"""The contenders of `make bench` read the same, and the tap's memory does not grow with it."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Iterator
from pathlib import Path
from typing import Any

import pytest
import simplejson

from benchmarks import bare_loop, runs
from benchmarks.endpoints import READINGS, TOKEN
from benchmarks.kinds import BY_NAME, DIGESTS, KINDS, SUMMARIES, Kind
from benchmarks.measure import micros
from benchmarks.template_tap import SHAPES, TapTemplate
from tests.support import Run, TapRunner, flat, fresh_logging


@pytest.fixture(scope="module")
def url() -> Iterator[str]:
    with runs.vendors() as url:
        yield url


def keys(stream: str, rows: Iterable[Any]) -> list[list[str]]:
    _, key = SHAPES[stream]
    return sorted([str(row[name]) for name in key] for row in rows)


@pytest.fixture
def template(capsys: pytest.CaptureFixture[str]) -> Callable[..., Run]:
    """Runs the template tap in this process."""

    def run(*arguments: str) -> Run:
        capsys.readouterr()
        with fresh_logging():
            TapTemplate.cli(arguments, standalone_mode=False)
        return Run(0, *capsys.readouterr())

    return run


@pytest.mark.parametrize(("kind", "size"), [(SUMMARIES, 2100), (DIGESTS, 600)])
def test_all_pages_are_read_whole(
    tap: TapRunner,
    template: Callable[..., Run],
    url: str,
    tmp_path: Path,
    kind: Kind,
    size: int,
) -> None:
    base = f"{url}/{size}/0"
    ours = tap(runs.tap_settings(base, width=8), streams=[kind.stream]).records(kind.stream)
    command = runs.command(runs.TEMPLATE, kind, base, tmp_path)
    theirs = template(*command[3:]).records(kind.stream)

    assert len(ours) == size
    assert keys(kind.stream, ours) == keys(kind.stream, theirs)
    bare = list(bare_loop.rows(base, TOKEN, kind))
    assert [json.loads(simplejson.dumps(flat(row))) for row in ours] == bare


def test_memory_does_not_grow_with_the_number_of_pages(url: str, tmp_path: Path) -> None:
    peaks = [runs.run(runs.TAP, SUMMARIES, url, tmp_path, size).memory for size in (5_000, 50_000)]

    assert peaks[1] < peaks[0] * 1.5


def test_every_kind_is_read_alike(tap: TapRunner, template: Callable[..., Run], url: str) -> None:
    base, kinds = f"{url}/2/0", [kind for kind in KINDS if not kind.variant]
    ours = tap(runs.tap_settings(base, width=1), streams=[kind.stream for kind in kinds])
    theirs = template("--config", tap.file("template.json", {"url": base, "token": TOKEN}))

    for kind in kinds:
        expected = keys(kind.stream, bare_loop.rows(base, TOKEN, kind))
        assert keys(kind.stream, ours.records(kind.stream)) == expected
        assert keys(kind.stream, theirs.records(kind.stream)) == expected
    assert len(ours.records("utilityapi_interval_readings")) == 2 * READINGS


@pytest.mark.parametrize(
    ("variant", "is_done"),
    [
        ("deselected", lambda row: "notes" not in row),
        ("hashed", lambda row: len(row["billing_account_uid"]) == 32),
        ("flattened", lambda row: any(name.startswith("base__") for name in row)),
    ],
)
def test_variants_do_what_they_are_called(
    tap: TapRunner,
    template: Callable[..., Run],
    url: str,
    tmp_path: Path,
    variant: str,
    is_done: Callable[[Any], bool],
) -> None:
    kind = BY_NAME[f"{SUMMARIES.name}:{variant}"]
    ours = runs.command(runs.TAP, kind, f"{url}/2/0", tmp_path)
    assert [is_done(row) for row in tap(None, *ours[1:]).records(kind.stream)] == [True, True]
    theirs = runs.command(runs.TEMPLATE, kind, f"{url}/2/0", tmp_path)
    assert [is_done(row) for row in template(*theirs[3:]).records(kind.stream)] == [True, True]


def test_a_row_takes_some_time(url: str, tmp_path: Path) -> None:
    assert micros(runs.BARE, SUMMARIES, url, tmp_path, enough=0.01) > 0
