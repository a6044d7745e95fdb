"""What a vendor no longer has does not count, and is shown as such: with several real runs."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from sandbox import Sandbox
from tests.end_to_end.commands import Commands
from tests.end_to_end.pipe import Pipe
from tests.end_to_end.transform import energy_truth
from tests.end_to_end.transform.databases import DuckDB, Row, by
from tests.end_to_end.transform.dbt import Dbt
from tests.end_to_end.transform.energy_truth import Period
from tests.end_to_end.transform.world import STREAMS, WORLD, pipe_into_duckdb

pytestmark = pytest.mark.end_to_end

#: What lets three days go by for the rows that are there.
THREE_DAYS = tuple(
    f"UPDATE {stream} SET _sdc_extracted_at = _sdc_extracted_at - INTERVAL '72 hours'"
    for stream in STREAMS
)
Bill = tuple[str, str]


@dataclass
class Runs:
    """A database over several runs; after each all tables are built."""

    box: Sandbox
    pipe: Pipe
    database: DuckDB
    dbt: Dbt
    state: Any = None

    def next_run(self, **tap: object) -> dict[Bill, Row]:
        """Let days go by, run, and build; tell what the bills are then."""
        self.database.execute(*THREE_DAYS)
        self.state = self.pipe.run(state=self.state, tap=tap)
        return self.build()

    def build(self) -> dict[Bill, Row]:
        """Build, and tell what the bills are."""
        self.dbt.build(self.database)
        rows = self.database.rows("energy_bill_periods", where="vendor = 'utilityapi'")
        return by(rows, "vendor", "bill_id")

    def periods(self) -> dict[Bill, Period]:
        """What the vendor has."""
        truth = self.box.truth(only=energy_truth.ONLY)
        found = energy_truth.utilityapi_periods(truth)
        return {(period.vendor, period.bill_id): period for period in found}


@dataclass(frozen=True)
class Outcome:
    """The rows of the tables after several runs, and the bills that the vendor has."""

    before: Mapping[Bill, Period]
    after: Mapping[Bill, Period]
    revoked: str
    corrected: str
    rows: Mapping[Bill, Row]
    months: Sequence[Row]
    meters: Mapping[str, Row]
    consents: Mapping[str, Row]
    #: After a run that was limited to one meter, and after one with a later `start_date`.
    after_one_meter: Mapping[Bill, Row]
    after_start_date: Mapping[Bill, Row]
    after_slow_run: Mapping[Bill, Row]
    energycap: Sequence[Row]
    energycap_after: Sequence[Row]


@pytest.fixture(scope="module")
def outcome(commands: Commands, dbt: Dbt, tmp_path_factory: Any) -> Outcome:
    """What several runs lead to."""
    folder: Path = tmp_path_factory.mktemp("gone")
    with Sandbox(**WORLD) as box:
        database = DuckDB(folder / "gone.duckdb")
        pipe = pipe_into_duckdb(box, commands, folder, database.path)
        runs = Runs(box, pipe, database, dbt, state=pipe.run())
        before = runs.periods()
        corrected = box.advance("correct_bill")
        revoked = box.advance("revoke_authorization", authorization=other_consent(box, corrected))
        rows, after = runs.next_run(), runs.periods()
        months = database.rows("energy_monthly")
        meters = by(database.rows("meters"), "meter_key")
        consents = by(database.rows("consents_ending"), "authorization_uid")
        energycap = of_energycap(database)
        (meter, *_) = sorted({period.meter_key for period in after.values()})
        runs.state = None
        one_meter = runs.next_run(utilityapi_meters=[meter.removeprefix("utilityapi:")])
        start_date = runs.next_run(start_date="2026-03-01T00:00:00Z")
        database.execute(*READ_OVER_DAYS)
        return Outcome(
            before=before,
            after=after,
            revoked=revoked["authorization"],
            corrected=corrected["bill"],
            rows=rows,
            months=months,
            meters=meters,
            consents=consents,
            after_one_meter=one_meter,
            after_start_date=start_date,
            after_slow_run=runs.build(),
            energycap=energycap,
            energycap_after=of_energycap(database),
        )


#: As if the last run had taken days: it read each meter five hours after the one before.
READ_OVER_DAYS = (
    """
    UPDATE utilityapi_bills SET _sdc_extracted_at = (
      SELECT TIMESTAMP '2026-06-20' + 5 * count(*) * INTERVAL '1 hour'
      FROM utilityapi_meters AS meter WHERE meter.uid < utilityapi_bills.meter_uid
    )
    """,
)


def other_consent(box: Sandbox, corrected: Mapping[str, str]) -> str:
    """A consent with bills, but not of the meter whose bill was corrected."""
    meters = box.truth(only="meters")["meters"]
    (spared,) = (each["authorization_uid"] for each in meters if each["uid"] == corrected["meter"])
    return next(
        each["authorization_uid"]
        for each in meters
        if each["bill_count"] and each["authorization_uid"] != spared
    )


def of_energycap(database: DuckDB) -> list[Row]:
    """EnergyCAP's bills, which must stay as they are."""
    columns = "bill_period_key, status, cost, start_date, end_date"
    where = "vendor = 'energycap'"
    return sorted(
        database.rows("energy_bill_periods", columns, where),
        key=lambda row: row["bill_period_key"],
    )


def test_bills_of_a_revoked_consent_do_not_count(outcome: Outcome) -> None:
    gone = outcome.before.keys() - outcome.after.keys()

    assert len(gone) > 5
    assert {outcome.rows[bill]["status"] for bill in gone} == {"consent revoked"}
    assert not any(outcome.rows[bill]["is_counted"] for bill in gone)


def test_no_other_bill_vanishes_though_most_were_not_read_again(outcome: Outcome) -> None:
    assert outcome.rows.keys() == outcome.before.keys()
    assert {outcome.rows[bill]["status"] for bill in outcome.after} == {"counted"}


def test_a_corrected_bill_has_its_new_cost(outcome: Outcome) -> None:
    bill = ("utilityapi", outcome.corrected)

    assert outcome.before[bill].cost != outcome.after[bill].cost
    for each, period in outcome.after.items():
        cost = period.cost and pytest.approx(float(period.cost))
        assert outcome.rows[each]["cost"] == cost, each


def test_months_have_no_cost_of_what_is_gone(outcome: Outcome) -> None:
    costs = energy_truth.sums(
        energy_truth.shares(outcome.after.values()),
        lambda share: (share.period.meter_key, share.month),
        lambda period: period.cost,
    )

    rows = [
        row for row in outcome.months if row["vendor"] == "utilityapi" and row["cost"] is not None
    ]
    found = by(rows, "meter_key", "month")
    assert found.keys() == costs.keys()
    for key, cost in costs.items():
        assert found[key]["cost"] == pytest.approx(float(cost), abs=0.005)


def test_meters_are_unlisted_and_the_consent_is_revoked(outcome: Outcome) -> None:
    gone = {outcome.before[bill].meter_key for bill in outcome.before.keys() - outcome.after.keys()}

    listed = {key for key, row in outcome.meters.items() if row["is_listed"]}
    assert not gone & listed
    assert {period.meter_key for period in outcome.after.values()} <= listed
    assert outcome.consents[outcome.revoked]["status"] == "revoked"


@pytest.mark.parametrize("when", ["after_one_meter", "after_start_date", "after_slow_run"])
def test_a_run_that_reads_less_lets_nothing_vanish(outcome: Outcome, when: str) -> None:
    rows = getattr(outcome, when)

    status = {bill: row["status"] for bill, row in outcome.rows.items()}
    assert {bill: row["status"] for bill, row in rows.items()} == status


def test_bills_of_energycap_stay(outcome: Outcome) -> None:
    assert outcome.energycap
    assert outcome.energycap_after == outcome.energycap
