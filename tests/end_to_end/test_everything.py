"""All streams at once, into both databases: as many rows as the vendors hold, and they join."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterator
from contextlib import closing
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest

from sandbox import Sandbox
from tests.end_to_end.postgres import Cluster
from tests.end_to_end.project import Project, needed_module
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
    truth = everything[0].truth()
    listed = {account["uid"] for account in truth["billing_accounts"]}
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
    summaries = query(
        "SELECT count(*) FROM billing_summaries s "
        "JOIN utilityapi_billing_accounts a ON a.uid = s.billing_account_uid"
    )

    for utility, uid, cost in found:
        assert abs(Decimal(str(cost)) - costs[utility, uid]) < Decimal("0.01")
    assert len(found) == len(costs)
    joined = [row for row in truth["billing_summaries"] if row["billing_account_uid"] in listed]
    assert summaries == [(len(joined),)]
