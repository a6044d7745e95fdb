"""All streams at once, into both databases: as many rows as the vendors hold, and they join."""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Callable, Iterator
from contextlib import closing
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest

from sandbox import Sandbox
from tests.end_to_end.postgres import Cluster
from tests.end_to_end.project import ROOT, Project, needed_module
from tests.end_to_end.readme import SCHEMA

pytestmark = pytest.mark.end_to_end

#: The tables whose rows are the objects that the vendor lists, and the truth's names of them.
LISTED = {
    "utilityapi_authorizations": "authorizations",
    "utilityapi_meters": "meters",
    "utilityapi_billing_accounts": "billing_accounts",
    "billing_summaries": "billing_summaries",
    "utilityapi_bills": "bills",
    "meter_digest_monthly": "meter_digest_monthly",
    **{
        name: name
        for name in (
            "energycap_accounts",
            "energycap_bills",
            "energycap_commodities",
            "energycap_cost_centers",
            "energycap_meters",
            "energycap_places",
            "energycap_units",
            "energycap_vendors",
        )
    },
}
#: The queries of docs/utilityapi.md that join statements and bills.
STATEMENTS = dict(
    zip(
        ("duckdb", "postgres"),
        re.findall(
            r"^```sql\n(WITH statements.*?)^```",
            (ROOT / "docs" / "utilityapi.md").read_text("utf-8"),
            re.MULTILINE | re.DOTALL,
        ),
        strict=True,
    )
)
Query = Callable[[str], list[tuple[Any, ...]]]


@pytest.fixture(scope="module")
def everything(project: Project) -> Iterator[tuple[Sandbox, Project]]:
    """A sandbox, and Meltano with every stream selected."""
    chosen, project.streams = project.streams, ("*",)
    with Sandbox(billing_summaries=120, meters=15) as box:
        yield box, project
    project.streams = chosen


@pytest.fixture(scope="module", params=["postgres", "duckdb"])
def query(
    request: pytest.FixtureRequest, everything: tuple[Sandbox, Project], tmp_path_factory: Any
) -> Iterator[Query]:
    """Asks a database that was filled by one run."""
    box, project = everything
    if request.param == "postgres":
        cluster: Cluster = request.getfixturevalue("cluster")
        settings = cluster.create_database("everything")
        project.run(box, "target-postgres", job="everything-pg", target_settings=settings)
        with closing(cluster.connect("everything")) as connection:
            connection.execute(f"SET search_path TO {SCHEMA}")
            yield lambda statement: connection.execute(statement).fetchall()
        return
    path: Path = tmp_path_factory.mktemp("everything") / "everything.duckdb"
    project.run(box, "target-duckdb", job="everything-duck", target_settings={"path": path})
    with needed_module("duckdb").connect(path) as database:
        yield lambda statement: database.execute(statement).fetchall()


def test_every_table_has_what_the_vendor_holds(
    query: Query, everything: tuple[Sandbox, Project]
) -> None:
    truth = everything[0].truth()

    for table, name in LISTED.items():
        assert query(f"SELECT count(*) FROM {table}") == [(len(truth[name]),)], table
    charges = sum(
        len(bill.get("line_items") or [])
        + sum(len(s.get("supplier_line_items") or []) for s in bill.get("suppliers") or [])
        for bill in truth["bills"]
    )
    assert query("SELECT count(*) FROM utilityapi_bill_line_items") == [(charges,)]


def test_summaries_bills_meters_and_accounts_join(
    query: Query, everything: tuple[Sandbox, Project]
) -> None:
    truth = everything[0].truth(only="bills,meters")
    meters = {meter["uid"]: meter["utility"] for meter in truth["meters"]}
    costs: dict[tuple[str, str], Decimal] = defaultdict(Decimal)
    for bill in truth["bills"]:
        for item in bill.get("line_items") or []:
            cost = item.get("cost") or 0
            costs[meters[bill["meter_uid"]], bill["meter_uid"]] += Decimal(cost)

    found = query(
        "SELECT m.utility, m.uid, sum(i.cost) FROM utilityapi_bill_line_items i "
        "JOIN utilityapi_bills b ON b.uid = i.bill_uid "
        "JOIN utilityapi_meters m ON m.uid = b.meter_uid "
        "WHERE i.source = 'line_items' GROUP BY m.utility, m.uid"
    )
    for utility, uid, cost in found:
        assert abs(Decimal(str(cost)) - costs[utility, uid]) < Decimal("0.01")
    assert len(found) == len(costs)


def test_the_queries_of_the_docs_set_statements_beside_their_bills(
    query: Query, everything: tuple[Sandbox, Project], request: pytest.FixtureRequest
) -> None:
    truth = everything[0].truth(only="bills,billing_summaries")
    bills: dict[tuple[str, str], Decimal] = defaultdict(Decimal)
    for bill in truth["bills"]:
        cost = bill["base"].get("bill_total_cost") or 0
        bills[bill["meter_uid"], bill["base"]["bill_end_date"][:10]] += Decimal(cost)
    expected = {}
    for summary in truth["billing_summaries"]:
        base = summary.get("base") or {}
        day = (base.get("statement_date") or "")[:10]
        of_meter = [
            bills[uid, day] for uid in summary.get("meter_uids") or [] if (uid, day) in bills
        ]
        if of_meter:
            key = summary["billing_account_uid"], summary["uid"]
            expected[key] = base.get("new_charges_amount"), sum(of_meter), len(of_meter)

    found = query(STATEMENTS[request.node.callspec.params["query"]])

    assert len(expected) > 50
    assert {row[:2] for row in found} == expected.keys()
    for account, statement, *figures in found:
        assert [Decimal(figure) for figure in figures] == list(expected[account, statement])
