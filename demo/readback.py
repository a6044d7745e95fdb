"""Tables and charts of the loaded data, for a terminal."""

from __future__ import annotations

from typing import TYPE_CHECKING

import plotext
from rich import box
from rich.table import Table
from rich.text import Text

if TYPE_CHECKING:
    import duckdb

WIDTH = 80
#: The period of each row, as text that sorts, and its cost. Vendors' dates can be malformed.
PERIODS = {
    "billing_summaries": """
        SELECT nullif(regexp_extract(base->>'$.statement_date', '^\\d{4}-\\d{2}'), '') AS period,
            try_cast(base->>'$.new_charges_amount' AS DOUBLE) AS cost
        FROM billing_summaries""",
    "meter_digest_monthly": """
        SELECT format('{}-{:02d}', result.calendarYear, result.calendarPeriod) AS period
        FROM (
            SELECT unnest(from_json(results, '[{"calendarYear": "INT", "calendarPeriod": "INT"}]'))
                AS result
            FROM meter_digest_monthly
        )""",
    "meter_digest_monthly_results": """
        SELECT format('{}-{:02d}', calendaryear, calendarperiod) AS period, totalcost AS cost
        FROM meter_digest_monthly_results""",
}
#: The charts' titles, by table.
CHARTS = {
    "billing_summaries": "UtilityAPI: new charges by month of statement",
    "meter_digest_monthly_results": "EnergyCAP: cost by calendar period",
}
#: Queries to try, by what they answer.
QUERIES = {
    "The largest kinds of charges, out of a nested field": """\
SELECT charge->>'name' AS charge, round(sum((charge->>'cost')::DOUBLE)) AS cost
FROM (SELECT unnest(new_charges::JSON[]) AS charge FROM billing_summaries)
GROUP BY ALL ORDER BY cost DESC LIMIT 5;""",
    "The meters that cost most": """\
SELECT metercode, meterinfo, round(sum(totalcost)) AS cost
FROM meter_digest_monthly_results
GROUP BY ALL ORDER BY cost DESC LIMIT 5;""",
}


def landed(database: duckdb.DuckDBPyConnection) -> Table:
    """Every table with its rows and the first and last period in them."""
    table = Table("table", box=box.SIMPLE_HEAD, show_edge=False)
    for title in ("rows", "first period", "last period"):
        table.add_column(title, justify="right")
    for name in tables(database):
        ((rows,),) = database.execute(f'SELECT count(*) FROM "{name}"').fetchall()
        first, last = "", ""
        if name in PERIODS:
            query = f"SELECT min(period), max(period) FROM ({PERIODS[name]})"
            ((first, last),) = database.execute(query).fetchall()
        table.add_row(name, f"{rows:,}", first, last)
    return table


def charts(database: duckdb.DuckDBPyConnection) -> list[Text]:
    """The cost by month, a chart a source."""
    present = tables(database)
    return [
        chart(title, monthly_cost(database, name))
        for name, title in CHARTS.items()
        if name in present
    ]


def tables(database: duckdb.DuckDBPyConnection) -> list[str]:
    """The names of the loader's tables."""
    query = """
        SELECT table_name FROM information_schema.tables WHERE table_schema = 'main' ORDER BY 1"""
    return [name for (name,) in database.execute(query).fetchall()]


def monthly_cost(database: duckdb.DuckDBPyConnection, table: str) -> list[tuple[str, float]]:
    """The periods of a table, in order, and what they cost."""
    return database.execute(
        f"SELECT period, sum(cost) AS cost FROM ({PERIODS[table]}) "
        "GROUP BY ALL HAVING period IS NOT NULL AND cost IS NOT NULL ORDER BY period"
    ).fetchall()


def chart(title: str, months: list[tuple[str, float]]) -> Text:
    """A bar chart of the cost by month, of the latest twelve."""
    if not months:
        return Text(f"{title}: nothing")
    labels, costs = zip(*months[-12:], strict=True)
    divisor, unit = (1e6, "million") if max(map(abs, costs)) >= 1e6 else (1e3, "thousand")
    plotext.clear_figure()
    plotext.simple_bar(
        labels,
        [cost / divisor for cost in costs],
        width=WIDTH - 1,  # it counts 4.0 and writes 4.00
        title=f"{title}, {unit} dollars",
    )
    text = Text(plotext.uncolorize(plotext.build()).rstrip())
    text.highlight_regex("▇+", "cyan")  # its own white would be lost on a light background
    return text
