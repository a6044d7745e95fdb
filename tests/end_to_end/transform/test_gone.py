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
class Story:
    """A database over several runs; after each all tables are built."""

    box: Sandbox
    pipe: Pipe
    database: DuckDB
    dbt: Dbt
    state: Any = None

    def go_on(self, **tap: object) -> dict[Bill, Row]:
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
class Told:
    """What the tables say at several times, and what they should."""

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
def told(commands: Commands, dbt: Dbt, tmp_path_factory: Any) -> Told:
    """The story, told once."""
    folder: Path = tmp_path_factory.mktemp("gone")
    with Sandbox(**WORLD) as box:
        database = DuckDB(folder / "gone.duckdb")
        pipe = pipe_into_duckdb(box, commands, folder, database.path)
        story = Story(box, pipe, database, dbt, state=pipe.run())
        before = story.periods()
        corrected = box.advance("correct_bill")
        revoked = box.advance("revoke_authorization", authorization=other_consent(box, corrected))
        rows, after = story.go_on(), story.periods()
        months = database.rows("energy_monthly")
        meters = by(database.rows("meters"), "meter_key")
        consents = by(database.rows("consents_ending"), "authorization_uid")
        energycap = of_energycap(database)
        (meter, *_) = sorted({period.meter_key for period in after.values()})
        story.state = None
        one_meter = story.go_on(utilityapi_meters=[meter.removeprefix("utilityapi:")])
        start_date = story.go_on(start_date="2026-03-01T00:00:00Z")
        database.execute(*SLOWLY)
        return Told(
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
            after_slow_run=story.build(),
            energycap=energycap,
            energycap_after=of_energycap(database),
        )


#: As if the last run had read a meter after the other, for days.
SLOWLY = (
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
    """EnergyCAP's bills, which nothing of this is about."""
    columns = "bill_period_key, status, cost, start_date, end_date"
    where = "vendor = 'energycap'"
    return sorted(
        database.rows("energy_bill_periods", columns, where),
        key=lambda row: row["bill_period_key"],
    )


def test_bills_of_a_revoked_consent_do_not_count(told: Told) -> None:
    gone = told.before.keys() - told.after.keys()

    assert len(gone) > 5
    assert {told.rows[bill]["status"] for bill in gone} == {"consent revoked"}
    assert not any(told.rows[bill]["is_counted"] for bill in gone)


def test_no_other_bill_vanishes_though_most_were_not_read_again(told: Told) -> None:
    assert told.rows.keys() == told.before.keys()
    assert {told.rows[bill]["status"] for bill in told.after} == {"counted"}


def test_a_corrected_bill_has_its_new_cost(told: Told) -> None:
    bill = ("utilityapi", told.corrected)

    assert told.before[bill].cost != told.after[bill].cost
    for each, period in told.after.items():
        cost = period.cost and pytest.approx(float(period.cost))
        assert told.rows[each]["cost"] == cost, each


def test_months_have_no_cost_of_what_is_gone(told: Told) -> None:
    costs = energy_truth.sums(
        energy_truth.shares(told.after.values()),
        lambda share: (share.period.meter_key, share.month),
        lambda period: period.cost,
    )

    rows = [row for row in told.months if row["vendor"] == "utilityapi" and row["cost"] is not None]
    found = by(rows, "meter_key", "month")
    assert found.keys() == costs.keys()
    for key, cost in costs.items():
        assert found[key]["cost"] == pytest.approx(float(cost), abs=0.005)


def test_meters_and_consents_say_so(told: Told) -> None:
    gone = {told.before[bill].meter_key for bill in told.before.keys() - told.after.keys()}

    listed = {key for key, row in told.meters.items() if row["is_listed"]}
    assert not gone & listed
    assert {period.meter_key for period in told.after.values()} <= listed
    assert told.consents[told.revoked]["status"] == "revoked"


@pytest.mark.parametrize("when", ["after_one_meter", "after_start_date", "after_slow_run"])
def test_a_run_that_reads_less_lets_nothing_vanish(told: Told, when: str) -> None:
    rows = getattr(told, when)

    status = {bill: row["status"] for bill, row in told.rows.items()}
    assert {bill: row["status"] for bill, row in rows.items()} == status


def test_bills_of_energycap_stay(told: Told) -> None:
    assert told.energycap
    assert told.energycap_after == told.energycap
