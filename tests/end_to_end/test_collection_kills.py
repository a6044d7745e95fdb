"""The historical collection, killed at any moment and started again: nothing is paid for twice.

The tap watches meters for a minute, and the vendor may show a job that late. So the tap's clock
runs faster here, and the sandbox's with it. The sandbox's stands still while Meltano is starting
again, or the seconds that this takes would be the minute in which the jobs are hidden.
"""

from __future__ import annotations

import json
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from functools import partial
from pathlib import Path
from typing import Any

import pytest

from sandbox import Sandbox
from tests.end_to_end.commands import Commands
from tests.end_to_end.project import TAP
from tests.end_to_end.trial import (
    EAGER_STATE,
    FULL_REFRESH,
    KEPT_STATE,
    SECOND_LOADER,
    SECOND_STATE,
    SUMMARIES,
    TIMEOUT,
    TIMES,
    Case,
    Trial,
    asked,
    begun,
    extracting,
    looked,
    since_asked,
    tap_begun,
)

pytestmark = pytest.mark.end_to_end
#: They mostly wait, so there can be more of them than processors.
SIDE_BY_SIDE = 6


hidden = partial(Case, delay=57, job_seconds=2)
CASES = {
    "asked": hidden(asked(), KEPT_STATE),
    "at once": Case(begun(0), KEPT_STATE),
    "Meltano begins": Case(begun(0.3), EAGER_STATE),
    "asked, with the answer lost": hidden(asked(), SECOND_LOADER, {"lose_after": True}),
    "discovery": Case(tap_begun(1), FULL_REFRESH),
    "the sync begins": Case(tap_begun(2), SECOND_LOADER),
    "asked, with no answer": hidden(asked(), FULL_REFRESH, {"hang": 60, "after": True}),
    "first look": Case(looked(1), SECOND_STATE),
    "watching": Case(looked(3), EAGER_STATE),
    "a second after": hidden(since_asked(1), EAGER_STATE),
    "last look": Case(looked(7), FULL_REFRESH),
    "asked in vain": Case(asked(), SECOND_STATE, {"hang": 60}),
    "settling": hidden(since_asked(10), SECOND_STATE, {"status": 503, "after": True}),
    "settling what never arrived": Case(since_asked(30), KEPT_STATE, {"lose_before": True}),
    "asked in vain, and remembered": Case(
        since_asked(30), EAGER_STATE, {"lose_before": True}, is_collected=False
    ),
    "asked, with a journal and no state": Case(
        since_asked(1), SECOND_STATE, delay=400, job_seconds=2, has_journal=True
    ),
    "asked with no answer, with a journal and no state": Case(
        asked(), FULL_REFRESH, {"hang": 60, "after": True}, delay=400, has_journal=True
    ),
    "collecting": Case(since_asked(20), SECOND_LOADER, job_seconds=300),
    "collecting, with no sign of it": hidden(
        since_asked(5), SECOND_LOADER, delay=0, job_seconds=57, silent=True
    ),
    "collected": Case(since_asked(23), FULL_REFRESH),
    "extracting": Case(extracting(SUMMARIES.replace("_", "-")), SECOND_STATE),
    "at the end": Case(extracting("/meter/digest/"), KEPT_STATE),
}


@contextmanager
def vendor(case: Case) -> Iterator[Sandbox]:
    rules = [{"method": "POST", **case.fault}] if case.fault else []
    with Sandbox(
        billing_summaries=4,
        meters=1,
        cache_seconds=0,
        utilityapi_rate_limit=0,
        time_scale=TIMES,
        job_start_delay=case.delay,
        job_seconds=case.job_seconds,
        job_silent_uids="*" if case.silent else None,
        faults=rules,
    ) as box:
        yield box


def listed(box: Sandbox) -> list[dict[str, Any]]:
    return box.truth(only="meters")["meters"]


def never_collected(box: Sandbox) -> list[str]:
    """Two meters that cost money and have bills."""
    found = [
        meter["uid"]
        for meter in listed(box)
        if meter["status"] == "updated"
        and meter["utility"] == "SDG&E"
        and not meter["is_activated"]
        and not meter["is_archived"]
    ]
    return found[1:3]  # the first has none


def bills(box: Sandbox) -> set[str]:
    return {bill["uid"] for bill in box.truth(only=SUMMARIES)[SUMMARIES]}


def collection_settings(meters: list[str]) -> dict[str, object]:
    return {
        "historical_collection_enabled": True,
        "historical_collection_meters": json.dumps(meters),
        "historical_collection_duration": 12,
        "historical_collection_poll_seconds": 10,
    }


def wait_for_jobs(box: Sandbox, meters: list[str]) -> None:
    deadline = time.monotonic() + TIMEOUT
    while not {meter["uid"] for meter in listed(box) if meter["is_activated"]} >= set(meters):
        assert time.monotonic() < deadline, "a collection does not end"
        time.sleep(0.1)


def check(commands: Commands, folder: Path, case: Case) -> bool:
    """Kill a run and start it again; what was asked for was collected once, and has landed.

    Returns:
        Whether the run was started again while there was a job that did not show.
    """
    trial = Trial(commands, folder)
    with vendor(case) as box:
        untouched, meters, before = listed(box), never_collected(box), bills(box)
        settings = collection_settings(meters)
        if case.has_journal:
            settings["historical_collection_journal"] = folder / "journal.jsonl"
        trial.kill(box, case, **settings)
        was_hidden = bool(box.bill()["meters"]) and listed(box) == untouched
        landed = trial.run_again(box, case.restart, "landed", **settings)
        assert box.bill()["meters"] == (dict.fromkeys(meters, 1) if case.is_collected else {})
        if not case.is_collected:
            return was_hidden
        if landed != bills(box) or landed == before:
            # Without a state, a run does not wait for what another one asked for.
            wait_for_jobs(box, meters)
            landed = trial.run_again(box, case.restart, "landed later", **settings)
            assert box.bill()["meters"] == dict.fromkeys(meters, 1)
        assert landed == bills(box) > before
    return was_hidden


def test_a_killed_run_that_is_started_again_never_costs_twice(
    commands: Commands, tmp_path: Path
) -> None:
    problems, was_hidden = [], []
    with ThreadPoolExecutor(SIDE_BY_SIDE) as pool:
        found = {
            name: pool.submit(check, commands, tmp_path / str(number), case)
            for number, (name, case) in enumerate(CASES.items())
        }
    for name, outcome in found.items():
        if error := outcome.exception():
            error.add_note(f"killed at: {name}")
            problems.append(error)
        else:
            was_hidden.append(outcome.result())
    if problems:
        raise BaseExceptionGroup("cases that went wrong", problems)
    assert any(was_hidden), "no job was hidden, which shows little"


def test_meltanos_test_of_the_settings_costs_once_at_most(
    commands: Commands, tmp_path: Path
) -> None:
    case = Case(asked(), KEPT_STATE)
    trial = Trial(commands, tmp_path / "trial")
    with vendor(case) as box:
        meters = never_collected(box)
        settings = collection_settings(meters)
        for _ in range(2):
            tested = trial.project.call(
                "config", "test", TAP, **trial.project.variables(box, "", {}, settings)
            )
            assert not tested.returncode, tested.stdout
        trial.run_again(box, KEPT_STATE, "landed", **settings)
        assert box.bill()["meters"] == dict.fromkeys(meters, 1)
