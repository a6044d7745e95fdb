"""All streams at once, into both databases: as many rows as the vendors hold, and they join."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterator, Mapping
from contextlib import closing
from dataclasses import dataclass
from decimal import Decimal
from functools import partial
from hashlib import sha256
from pathlib import Path
from typing import Any

import pytest

from sandbox import Sandbox
from sandbox.utilityapi.api.files import pdf
from tests.end_to_end.postgres import Cluster
from tests.end_to_end.project import Project, needed_module
from tests.end_to_end.readme import SCHEMA
from tests.end_to_end.truth import LISTED, charges_of
from tests.examples import example

pytestmark = pytest.mark.end_to_end

#: The queries of the docs by what they answer; the second one of a pair is for PostgreSQL.
COST_BY_BUILDING = {
    "duckdb": example("docs/energycap.md#cost-by-building-and-commodity sql 1"),
    "postgres": example("docs/energycap.md#cost-by-building-and-commodity sql 2"),
}
BILL_PERIODS = {
    "duckdb": example("docs/energycap.md#bills-by-meter-and-period sql 1"),
    "postgres": example("docs/energycap.md#bills-by-meter-and-period sql 2"),
}
#: Queries for rows of bills that do not add up to another stream, by name; each finds none.
DIFFERENCES = {
    "bills by meter": """
        SELECT bill."billId" FROM energycap_bills AS bill
        LEFT JOIN energycap_bill_meters AS meter ON meter."billId" = bill."billId"
        GROUP BY bill."billId", bill."totalCost"
        HAVING abs(bill."totalCost" - sum(meter."directCost")) >= 0.005 OR count(meter."billId") = 0
    """,
    "bills by line": """
        SELECT bill."billId" FROM energycap_bills AS bill
        LEFT JOIN energycap_bill_lines AS line ON line."billId" = bill."billId"
        GROUP BY bill."billId", bill."totalCost"
        HAVING abs(bill."totalCost" - sum(line.cost)) >= 0.005 OR count(line."billId") = 0
    """,
    "months": """
        SELECT month."meterId" FROM meter_digest_monthly_results AS month
        LEFT JOIN energycap_bill_meters AS bill ON bill."meterId" = month."meterId"
          AND bill."billingPeriod" = month."calendarYear" * 100 + month."calendarPeriod"
          AND NOT bill.void
        GROUP BY month."meterId", month."calendarYear", month."calendarPeriod", month."totalCost",
          month."nativeUse"
        HAVING abs(month."totalCost" - sum(bill."directCost")) >= 0.005
          OR abs(month."nativeUse" - sum(bill."nativeUse")) >= 0.005 OR count(bill."billId") = 0
    """,
    "calendar months": """
        SELECT month."meterId" FROM meter_digest_calendarized_monthly_results AS month
        LEFT JOIN energycap_bill_meters_calendarized AS bill ON bill."meterId" = month."meterId"
          AND bill."billingPeriod" = month."calendarYear" * 100 + month."calendarPeriod"
          AND NOT bill.void
        GROUP BY month."meterId", month."calendarYear", month."calendarPeriod", month."totalCost",
          month."nativeUse"
        HAVING abs(month."totalCost" - sum(bill."directCost")) >= 0.005
          OR abs(month."nativeUse" - sum(bill."nativeUse")) >= 0.005 OR count(bill."billId") = 0
    """,
}
STATEMENTS = {
    "duckdb": example("docs/utilityapi.md#how-they-join sql 1"),
    "postgres": example("docs/utilityapi.md#how-they-join sql 2"),
}
CHARGES = example("docs/utilityapi.md#charges-and-durations sql 1")
DOCUMENTS = example("docs/utilityapi.md#bill-documents sql 1")
TIMES_OF_USE = example("docs/utilityapi.md#charges-and-durations sql 2")
EMISSIONS = example("docs/energycap.md#finance-emissions-groups-and-your-own-fields sql 1")
BATCHES = example("docs/energycap.md#finance-emissions-groups-and-your-own-fields sql 2")
OF_REVOKED = example("docs/utilityapi.md#what-is-deleted sql 1")
CENT = Decimal("0.01")
Rows = list[tuple[Any, ...]]


@dataclass(frozen=True)
class Loaded:
    """A database, and the run that fills it."""

    kind: str
    box: Sandbox
    run: Callable[[], str]
    #: Takes a statement; gives the names of its columns, and its rows.
    ask: Callable[[str], tuple[list[str], Rows]]

    def query(self, statement: str) -> Rows:
        """The rows of a query."""
        return self.ask(statement)[1]

    def records(self, statement: str) -> list[dict[str, Any]]:
        """The rows of a query, by the names of its columns."""
        names, rows = self.ask(statement)
        return [dict(zip(names, row, strict=True)) for row in rows]


@pytest.fixture(scope="module")
def everything(project: Project) -> Iterator[tuple[Sandbox, Project]]:
    """A sandbox, and Meltano with every stream selected."""
    chosen, project.streams = project.streams, ("*",)
    with Sandbox(billing_summaries=120, meters=28, loose_ends=True, local_files=True) as box:
        yield box, project
    project.streams = chosen


@pytest.fixture(scope="module", params=["postgres", "duckdb"])
def loaded(
    request: pytest.FixtureRequest, everything: tuple[Sandbox, Project], tmp_path_factory: Any
) -> Iterator[Loaded]:
    """A database after one run."""
    box, project = everything
    folder = tmp_path_factory.mktemp("files")
    run = partial(
        project.run,
        box,
        f"target-{request.param}",
        utilityapi_bill_files_directory=folder,
    )
    if request.param == "postgres":
        cluster: Cluster = request.getfixturevalue("cluster")
        run = partial(
            run, job="everything-pg", target_settings=cluster.create_database("everything")
        )
        run()
        with closing(cluster.connect("everything")) as connection:
            connection.execute(f"SET search_path TO {SCHEMA}")

            def ask(statement: str) -> tuple[list[str], Rows]:
                cursor = connection.execute(statement)
                names = [column.name for column in cursor.description or ()]
                return names, cursor.fetchall() if names else []

            yield Loaded("postgres", box, run, ask)
        return
    path: Path = tmp_path_factory.mktemp("everything") / "everything.duckdb"
    run = partial(run, job="everything-duck", target_settings={"path": path})
    run()

    def ask_file(statement: str) -> tuple[list[str], Rows]:
        with needed_module("duckdb").connect(path) as database:
            cursor = database.execute(statement)
            return [name for name, *_ in cursor.description], cursor.fetchall()

    yield Loaded("duckdb", box, run, ask_file)


def amounts(rows: Rows, keys: int) -> dict[tuple[Any, ...], list[Any]]:
    """The figures of a query by its first columns, each of which must be there once."""
    found = {row[:keys]: [figure and Decimal(str(figure)) for figure in row[keys:]] for row in rows}
    assert len(found) == len(rows)
    return found


def assert_equal(found: dict[tuple[Any, ...], list[Any]], expected: Mapping[Any, Any]) -> None:
    """The same keys, and the same figures to the cent."""
    assert found.keys() == expected.keys()
    for key, figures in found.items():
        for figure, right in zip(figures, expected[key], strict=True):
            assert (figure is None) is (right is None), key
            assert figure is None or abs(figure - right) < CENT, key


def cost_by_building(box: Sandbox, *unknown: int) -> dict[tuple[Any, ...], list[Decimal]]:
    """All cost that the vendor has, by building, commodity and period; meters may be unknown."""
    names = "meter_digest_monthly,energycap_meters,energycap_places,energycap_commodities"
    truth = box.truth(only=names)
    meters = {meter["meterId"]: meter for meter in truth["energycap_meters"]}
    places = {place["placeId"]: place["placeCode"] for place in truth["energycap_places"]}
    commodities = {c["commodityId"]: c["commodityCode"] for c in truth["energycap_commodities"]}
    costs: dict[tuple[Any, ...], list[Decimal]] = {}
    for digest in truth["meter_digest_monthly"]:
        meter = {} if digest["meterId"] in unknown else meters[digest["meterId"]]
        place = places.get((meter.get("place") or {}).get("placeId"))
        commodity = commodities.get((meter.get("commodity") or {}).get("commodityId"))
        for row in digest.get("results") or []:
            key = (place, commodity, row["calendarYear"], row["calendarPeriod"])
            costs[key] = [costs.get(key, [Decimal(0)])[0] + row["totalCost"]]
    return costs


def test_every_table_has_what_the_vendor_holds(loaded: Loaded) -> None:
    truth = loaded.box.truth()

    for table, name in LISTED.items():
        assert loaded.query(f"SELECT count(*) FROM {table}") == [(len(truth[name]),)], table
    charges = sum(len(charges_of(bill)) for bill in truth["bills"])
    assert loaded.query("SELECT count(*) FROM utilityapi_bill_line_items") == [(charges,)]
    for block in ("tiers", "tou", "demand"):
        items = sum(len(bill.get(block) or []) for bill in truth["bills"])
        assert loaded.query(f"SELECT count(*) FROM utilityapi_bill_{block}") == [(items,)], block
    for owner in ("meter", "place", "account", "vendor"):
        table = f"energycap_{owner}_udfs"
        fields = sum(len(thing.get("udfs") or []) for thing in truth[table])
        assert loaded.query(f"SELECT count(*) FROM {table}") == [(fields,)]


def test_every_bill_with_a_link_has_its_document(loaded: Loaded) -> None:
    bills = loaded.box.truth(only="bills")["bills"]
    expected = [
        (bill["meter_uid"], pdf(f"Bill {bill['uid']}")) for bill in bills if bill.get("sources")
    ]

    rows = loaded.query(DOCUMENTS)

    assert Counter((meter, Path(path).read_bytes()) for meter, path, *_ in rows) == Counter(
        expected
    )
    for _, path, size, digest in rows:
        content = Path(path).read_bytes()
        assert (size, digest) == (len(content), sha256(content).hexdigest())


def test_use_by_time_of_day_is_that_of_the_bills(loaded: Loaded) -> None:
    sums = Counter[tuple[str, str, str]]()
    for bill in loaded.box.truth(only="bills")["bills"]:
        for time in bill.get("tou") or []:
            sums[bill["meter_uid"], time["bucket"], time["unit"]] += time["volume"]

    assert_equal(amounts(loaded.query(TIMES_OF_USE), 3), {key: [sums[key]] for key in sums})


def test_summaries_bills_meters_and_accounts_join(loaded: Loaded) -> None:
    truth = loaded.box.truth(only="bills,meters")
    meters = {meter["uid"]: meter["utility"] for meter in truth["meters"]}
    costs: dict[tuple[str, str], list[Decimal]] = {}
    for bill in truth["bills"]:
        key = (meters[bill["meter_uid"]], bill["meter_uid"])
        for item in bill.get("line_items") or []:
            costs[key] = [costs.get(key, [Decimal(0)])[0] + (item.get("cost") or 0)]

    rows = loaded.query(
        "SELECT m.utility, m.uid, sum(i.cost) FROM utilityapi_bill_line_items i "
        "JOIN utilityapi_bills b ON b.uid = i.bill_uid "
        "JOIN utilityapi_meters m ON m.uid = b.meter_uid "
        "WHERE i.source = 'line_items' GROUP BY m.utility, m.uid"
    )
    assert_equal(amounts(rows, 2), costs)


def test_cost_by_building_is_all_of_the_cost(loaded: Loaded) -> None:
    expected = cost_by_building(loaded.box)

    assert {key[0] is None for key in expected} == {True, False}, "some meters have no place"
    assert {key[1] is None for key in expected} == {True, False}, "some have no commodity"
    assert_equal(amounts(loaded.query(COST_BY_BUILDING[loaded.kind]), 4), expected)


def test_batches_are_their_bills_until_one_is_missing(loaded: Loaded) -> None:
    bills = loaded.box.truth(only="energycap_bills")["energycap_bills"]
    lost = next(bill for bill in bills if bill["batch"])
    some = f'(SELECT * FROM energycap_bills WHERE "billId" <> {lost["billId"]}) AS bill'

    assert loaded.query(BATCHES) == []
    ((batch, count, found, total, cost),) = loaded.query(
        BATCHES.replace("energycap_bills AS bill", some)
    )
    assert (batch, count - found) == (lost["batch"]["batchId"], 1)
    assert abs(Decimal(str(total)) - Decimal(str(cost)) - lost["totalCost"]) < CENT


def test_emissions_by_building_are_all_of_the_linked_meters(loaded: Loaded) -> None:
    names = ("emission_records", "emission_sources", "meters", "places")
    truth = loaded.box.truth(only=",".join(f"energycap_{name}" for name in names))
    places = {place["placeId"]: place["placeCode"] for place in truth["energycap_places"]}
    building = {
        meter["meterId"]: places.get((meter["place"] or {}).get("placeId"))
        for meter in truth["energycap_meters"]
    }
    meters = {
        source["emissionSourceId"]: source["meter"]["meterId"]
        for source in truth["energycap_emission_sources"]
        if source["meter"]
    }
    tons: dict[tuple[Any, ...], list[Decimal]] = {}
    for record in truth["energycap_emission_records"]:
        if record["billId"]:
            meter = meters[record["emissionSource"]["emissionSourceId"]]
            key = (building[meter], record["billingPeriod"] // 100)
            emitted = Decimal(record["totalEmissions"]) / 1000
            tons[key] = [tons.get(key, [Decimal(0)])[0] + emitted]

    assert len(tons) > 10
    assert {key[0] is None for key in tons} == {True, False}
    assert_equal(amounts(loaded.query(EMISSIONS), 2), tons)


@pytest.mark.parametrize("which", DIFFERENCES)
def test_bill_periods_and_charges_add_up(loaded: Loaded, which: str) -> None:
    assert loaded.query(DIFFERENCES[which]) == []


def test_bill_periods_are_those_that_are_not_void(loaded: Loaded) -> None:
    rows = loaded.records(BILL_PERIODS[loaded.kind])

    truth = loaded.box.truth(only="energycap_bill_meters,energycap_bills")
    void = {bill["billId"] for bill in truth["energycap_bills"] if bill["void"]}
    counted = [row for row in truth["energycap_bill_meters"] if row["billId"] not in void]
    assert len(rows) == len(counted)
    cost = sum((row["directCost"] for row in counted), Decimal(0))
    assert abs(sum(Decimal(str(row["cost"])) for row in rows) - cost) < CENT


def test_every_statement_is_set_beside_its_bills(loaded: Loaded) -> None:
    truth = loaded.box.truth(only="bills,billing_summaries")
    costs = {
        (bill["meter_uid"], bill["base"]["bill_end_date"][:10]): bill["base"]["bill_total_cost"]
        for bill in truth["bills"]
    }
    expected = {}
    for summary in truth["billing_summaries"]:
        base = summary.get("base") or {}
        day = (base.get("statement_date") or "")[:10]
        of_meter = {uid for uid in summary.get("meter_uids") or [] if (uid, day) in costs}
        known = [costs[uid, day] for uid in of_meter if costs[uid, day] is not None]
        expected[summary["billing_account_uid"], summary["uid"]] = (
            base.get("new_charges_amount"),
            sum(known) if known else None,
            len(of_meter),
        )

    found = amounts(loaded.query(STATEMENTS[loaded.kind]), 2)

    assert len(expected) > 100
    assert {figures[2] > 0 for figures in expected.values()} == {True, False}
    assert_equal(found, expected)


def test_the_queries_are_right_after_changes_at_the_vendors(loaded: Loaded) -> None:
    box, query = loaded.box, loaded.query
    box.advance("correct_bill")
    before = box.truth(only="bills")["bills"]
    revoked = box.advance("revoke_authorization")["authorization"]
    bills = box.truth(only="bills")["bills"]
    loaded.run()
    query(
        "INSERT INTO utilityapi_bill_line_items (bill_uid, position, updated) "
        "SELECT bill_uid, 900, min(updated) - INTERVAL '1 day' FROM utilityapi_bill_line_items "
        "GROUP BY bill_uid"
    )
    digests = box.truth(only="meter_digest_monthly")["meter_digest_monthly"]
    lost = next(digest["meterId"] for digest in digests if digest["results"])
    column = '"meterId"' if loaded.kind == "postgres" else "meterId"
    query(f"DELETE FROM energycap_meters WHERE {column} = {lost}")

    of_revoked = {bill["uid"] for bill in before if bill["authorization_uid"] == revoked}
    assert of_revoked
    assert of_revoked <= {row["uid"] for row in loaded.records(OF_REVOKED)}
    items = [(row["bill_uid"], row["position"]) for row in loaded.records(CHARGES)]
    current = Counter(bill["uid"] for bill in bills for _ in charges_of(bill))
    assert Counter(bill for bill, _ in items if bill in current) == current
    assert_equal(amounts(query(COST_BY_BUILDING[loaded.kind]), 4), cost_by_building(box, lost))
