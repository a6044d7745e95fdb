"""The page in a browser: what it shows is what the tables hold, and it asks nobody for anything."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import duckdb
import pytest

from demo.page import words
from tests.browser import TOO_WIDE, WIDTHS
from tests.page.opened import drawn, opened, rows, table

pytestmark = pytest.mark.end_to_end

Maker = Callable[..., tuple[Path, Path]]
#: All of the fixture's bills up to March 2026 have come.
YEAR = "month BETWEEN '2025-04-01' AND '2026-03-01'"
SHOWN = "month BETWEEN '2024-06-01' AND '2026-05-01'"


def ask(database: Path, query: str) -> list[tuple[Any, ...]]:
    with duckdb.connect(database, read_only=True) as connection:
        return connection.execute(query).fetchall()


def near(value: Any) -> Any:
    return pytest.approx(value, rel=1e-9, abs=0.005)


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("width", WIDTHS)
def test_it_fits_and_asks_nobody(browser: Any, page: Path, width: int, scheme: str) -> None:
    with opened(browser, page, width, scheme) as (tab, faults):
        assert not tab.evaluate(TOO_WIDE)
        bars = tab.eval_on_selector_all(
            ".chart", "all => all.map(each => each.querySelectorAll('.bars .point').length)"
        )
        assert bars == [3 * 24, 2 * 8]
        ground = tab.evaluate("getComputedStyle(document.body).backgroundColor")
        brightness = sum(map(int, ground[4:-1].split(",")))
        assert brightness < 150 if scheme == "dark" else brightness > 600
        assert not faults


def test_the_key_figures_are_those_of_the_months(browser: Any, page: Path, marts: Path) -> None:
    expected = ask(
        marts,
        "SELECT vendor, sum(cost), sum(use_mmbtu), sum(use_kwh), "
        "count(DISTINCT meter_key), count(DISTINCT building_key) "
        f"FROM energy.energy_monthly WHERE {YEAR} GROUP BY 1 ORDER BY 1",
    )
    with opened(browser, page) as (tab, _):
        shown = rows(tab, "By vendor, Apr 2025 to Mar 2026")
        cost = tab.locator("[data-total=USD]")
        total, text = float(cost.get_attribute("value")), cost.inner_text()

    assert shown == [
        [words.vendor(vendor), *(near(value) for value in values)] for vendor, *values in expected
    ]
    assert total == near(sum(row[1] for row in expected))
    assert text == f"{total:,.0f}"


def test_the_chart_and_the_table_of_months_are_the_months(
    browser: Any, page: Path, marts: Path
) -> None:
    query = f"FROM energy.energy_monthly WHERE {SHOWN} GROUP BY 1"
    by_month = dict(ask(marts, f"SELECT month::VARCHAR, sum(cost) {query}"))
    by_commodity = dict(ask(marts, f"SELECT commodity, sum(cost) {query}"))
    with opened(browser, page) as (tab, _):
        shown = {row[0]: row[-1] for row in rows(tab, "Cost in USD")}
        bars = drawn(tab, 0)

    assert len(shown) == 24
    assert shown == {month: near(cost) for month, cost in by_month.items()}
    # Bars are drawn to the cent, 24 a commodity.
    assert bars == {
        words.commodity(name): pytest.approx(cost, abs=24 * 0.005)
        for name, cost in by_commodity.items()
    }


def test_buildings_and_commodities_are_those_of_the_months(
    browser: Any, page: Path, marts: Path
) -> None:
    where = f"FROM energy.energy_monthly WHERE {YEAR} GROUP BY ALL"
    buildings = ask(
        marts, f"SELECT building, vendor, sum(cost), sum(use_mmbtu) {where} ORDER BY 3 DESC"
    )
    commodities = ask(marts, f"SELECT commodity, sum(use), sum(cost) {where} ORDER BY 3 DESC")
    with opened(browser, page) as (tab, _):
        by_building = rows(tab, "Cost and energy of the buildings")
        by_commodity = rows(tab, "Cost and use by commodity")
        bars = drawn(tab, 1)

    assert [[row[0], row[-1], row[1], row[5]] for row in by_building] == [
        [name, words.vendor(vendor), near(cost), near(mmbtu)]
        for name, vendor, cost, mmbtu in buildings
    ]
    assert [[row[0], row[3], row[1]] for row in by_commodity] == [
        [words.capital(words.commodity(name)), near(use), near(cost)]
        for name, use, cost in commodities
    ]
    assert sum(bars.values()) == pytest.approx(sum(row[3] for row in buildings), abs=0.1)


def test_each_header_sorts_with_mouse_and_keyboard(browser: Any, page: Path) -> None:
    with opened(browser, page) as (tab, _):
        gaps = table(tab, "Gaps and overlaps")
        days = gaps.get_by_role("columnheader", name="Days")
        days.get_by_role("button").click()
        up = [row[-1] for row in rows(tab, "Gaps and overlaps")]
        assert days.get_attribute("aria-sort") == "ascending"
        days.get_by_role("button").press("Enter")
        down = [row[-1] for row in rows(tab, "Gaps and overlaps")]
        assert days.get_attribute("aria-sort") == "descending"

        cost = table(tab, "Findings").get_by_role("columnheader", name="Cost")
        cost.get_by_role("button").click()
        costs = [row[6] for row in rows(tab, "Findings")]

        until = gaps.get_by_role("columnheader", name="Until")
        until.get_by_role("button").press(" ")
        dates = [row[6] for row in rows(tab, "Gaps and overlaps")]
        assert days.get_attribute("aria-sort") is None

    assert up == sorted(up)
    assert down == sorted(up, reverse=True)
    assert len(set(up)) > 1
    assert costs == sorted(costs)
    assert costs[0] < 0 < costs[-1]
    late = dates.count("")
    assert 0 < late < len(dates)
    assert dates == [*sorted(filter(None, dates)), *[""] * late], "what has no date comes last"


def test_a_table_too_wide_for_a_phone_scrolls_by_keys(browser: Any, page: Path) -> None:
    with opened(browser, page, 360) as (tab, _):
        box = tab.get_by_role("region", name="Gaps and overlaps")
        assert box.get_attribute("tabindex") == "0", "which not every browser takes for granted"
        box.focus()
        for _ in range(3):
            tab.keyboard.press("ArrowRight")
        tab.wait_for_function("box => box.scrollLeft > 0", arg=box.element_handle())


def test_landmarks_captions_and_labels_are_there_for_screen_readers(
    browser: Any, page: Path
) -> None:
    with opened(browser, page) as (tab, _):
        assert tab.get_by_role("main").count() == tab.get_by_role("banner").count() == 1
        assert tab.get_by_role("heading", level=1).count() == 1
        assert tab.locator("section").count() == tab.locator("section[aria-labelledby]").count()
        assert tab.locator("table").count() == tab.locator("table > caption").count()
        assert tab.locator("th:not([scope])").count() == 0
        links = tab.eval_on_selector_all("nav a", "all => all.map(a => a.getAttribute('href'))")
        assert all(tab.locator(f"h2{link}").count() == 1 for link in links)
        for chart in tab.locator(".chart").all():
            assert chart.get_attribute("role") == "img"
            assert "stacked by commodity" in chart.get_attribute("aria-label")
        cells = table(tab, "Bills by building").locator("td.cell").all()
        assert not [cell for cell in cells if cell.get_attribute("title") is None]


def test_charts_follow_when_it_gets_dark(browser: Any, page: Path) -> None:
    colour = "() => document.querySelector('.chart').data[0].marker.color"
    with opened(browser, page) as (tab, faults):
        light = tab.evaluate(colour)
        tab.emulate_media(color_scheme="dark")
        tab.wait_for_function(f"before => ({colour})() !== before", arg=light)
        assert not faults


def test_on_paper_it_is_light_and_unfolded(browser: Any, page: Path) -> None:
    with opened(browser, page, scheme="dark") as (tab, faults):
        folded = tab.locator("details:not([open])").count()
        tab.evaluate("dispatchEvent(new Event('beforeprint'))")
        assert folded > 0
        assert tab.locator("details:not([open])").count() == 0
        assert tab.evaluate("getComputedStyle(document.body).color") == "rgb(28, 39, 51)"
        tab.evaluate("dispatchEvent(new Event('afterprint'))")
        assert tab.locator("details:not([open])").count() == folded
        assert tab.pdf().startswith(b"%PDF")
        assert not faults


def test_the_page_may_load_and_run_nothing_else(browser: Any, page: Path) -> None:
    with opened(browser, page) as (tab, _):
        tab.evaluate("""() => {
            window.refused = [];
            document.addEventListener("securitypolicyviolation", each =>
                refused.push(each.effectiveDirective));
            document.body.insertAdjacentHTML("beforeend", "<p onclick='document.title = 1'>");
            const script = document.createElement("script");
            script.textContent = "document.title = 'run'";
            document.body.append(script);
            new Image().src = "http://127.0.0.1:9/pixel";
        }""")
        tab.wait_for_function("refused.length === 3")
        assert sorted(tab.evaluate("refused")) == ["img-src", "script-src-attr", "script-src-elem"]
        assert tab.title().startswith("Energy")


HOSTILE = (
    "</script><script>document.title='run'</script><img src=x onerror=\"document.title='run'\">"
    "<a href='http://127.0.0.1:9'>$x$ %{x} {{ 1 }} &amp; \u202egnoW \u05d0 \U0001f3ed \x07</a>"
)


def test_hostile_names_are_names(browser: Any, page_of: Maker) -> None:
    _, page = page_of(name=HOSTILE)
    with opened(browser, page) as (tab, faults):
        named = tab.locator("th[scope=row] bdi", has_text="onerror").all_text_contents()
        scripts = tab.locator("script").count()
        pictures = tab.locator("img, .chart a").count()
        labels = tab.locator(".chart .ytick text").all_text_contents()
        title = tab.title()

    assert HOSTILE.replace("\x07", "") in named
    assert any(label.startswith("</script><script>") for label in labels), labels
    assert (scripts, pictures) == (4, 0)
    assert title.startswith("Energy")
    assert not faults


def test_a_name_without_end_makes_no_table_wide(browser: Any, page_of: Maker) -> None:
    _, page = page_of(name="x" * 10_000)
    with opened(browser, page) as (tab, faults):
        widths = tab.eval_on_selector_all("table", "tables => tables.map(each => each.offsetWidth)")

    assert max(widths) < 2_000
    assert not faults


def test_a_label_under_the_pointer_is_text_too(browser: Any, page_of: Maker) -> None:
    _, page = page_of(name="<b>Hall</b> & <i>Co</i>", buildings=1)
    with opened(browser, page) as (tab, _):
        chart = tab.locator(".chart").nth(1)
        chart.scroll_into_view_if_needed()
        chart.locator(".bars .point").first.hover(force=True)
        label = chart.locator(".hoverlayer .hovertext").first
        assert "<b>Hall</b> & <i>Co</i>" in label.text_content()


def test_tables_without_rows(browser: Any, page_of: Maker) -> None:
    _, page = page_of(vendors=())
    with opened(browser, page, 360) as (tab, faults):
        assert "No bill counts yet" in tab.inner_text("main")
        assert tab.locator(".chart").count() == 0
        assert not tab.evaluate(TOO_WIDE)
        assert not faults


@pytest.mark.parametrize("vendor", ["utilityapi", "energycap"])
def test_one_vendor_alone(browser: Any, page_of: Maker, vendor: str) -> None:
    _, page = page_of(vendors=(vendor,))
    with opened(browser, page) as (tab, faults):
        assert [row[0] for row in rows(tab, "By vendor")] == [words.vendor(vendor)]
        lead = tab.inner_text(".lead")
        assert lead.endswith(f"from the utility bills in {words.vendor(vendor)}.")
        assert not faults


def test_currencies_are_never_added_up(browser: Any, page_of: Maker) -> None:
    database, page = page_of(currencies=("USD", "CAD"))
    totals = dict(
        ask(
            database,
            "SELECT currency, sum(cost) FROM energy.energy_monthly "
            f"WHERE {YEAR} GROUP BY 1 ORDER BY 2 DESC",
        )
    )
    with opened(browser, page, 360) as (tab, faults):
        cards = tab.eval_on_selector_all(
            "[data-total=USD], [data-total=CAD]", "all => all.map(e => [e.dataset.total, e.value])"
        )
        bars = [sum(drawn(tab, chart).values()) for chart in (0, 1)]
        shown = [sum(row[-1] for row in rows(tab, f"Cost in {name}")) for name in totals]
        assert not tab.evaluate(TOO_WIDE)
        assert not faults

    assert len(totals) == 2
    assert {name: float(value) for name, value in cards} == {
        name: near(total) for name, total in totals.items()
    }
    assert bars == pytest.approx(shown, abs=1)


def test_a_large_portfolio_makes_a_small_page(browser: Any, page_of: Maker) -> None:
    _, page = page_of(buildings=300)
    with opened(browser, page, 360) as (tab, faults):
        text = tab.inner_text("main")
        assert not tab.evaluate(TOO_WIDE)
        assert not faults

    library = max(len(part) for part in page.read_text("utf-8").split("<script>"))
    assert page.stat().st_size - library < 600_000
    assert "And 585 more buildings, which used" in text
    assert "And 500 more rows, in the table energy.energy_monthly." in text
    assert "And 560 more buildings, in the table energy.energy_monthly." in text
