"""docs/streams.md gives every number the unit that it is in."""

from __future__ import annotations

import re
from pathlib import Path

PAGE = Path(__file__).parent.parent / "docs" / "streams.md"
#: Numbers whose unit the vendors do not tell, or that have none.
WITHOUT_UNIT = {
    "value",  # of a benchmark
    "demand",
    "energyReportingUnitConversionMultiplier",
    "loadFactor",
    "runningTotal",  # of a batch
    "sourceToSystemConversionValue",
    "voltage",
}
MONEY = r"cost|amount|balance|charges|paid|rate$|currency"
QUANTITY = (
    r"kwh|volume|use(perday|ytd)?$|demand$|emissions(ytd)?$|days|minutes$|interval$|value$"
    r"|itude$|intensity$"
)


def sections() -> dict[str, dict[str, tuple[str, str]]]:
    """The type and the unit of each field, by stream and by the field's path."""
    _, *parts = re.split(r"^### (\w+)$", PAGE.read_text("utf-8"), flags=re.MULTILINE)
    row = re.compile(r"^\| `([^`]+)` \| ([^|]*) \| ([^|]*) \|", re.MULTILINE)
    return {
        name: {path: (kind, unit) for path, kind, unit in row.findall(text)}
        for name, text in zip(parts[::2], parts[1::2], strict=True)
    }


def numbers() -> list[tuple[str, str, str]]:
    return [
        (stream, path, unit)
        for stream, fields in sections().items()
        for path, (kind, unit) in fields.items()
        if kind == "number"
    ]


def test_every_stream_is_listed_and_drawn_with_what_it_refers_to() -> None:
    page = PAGE.read_text("utf-8")
    drawn = [
        re.sub(r"<title>.*?</title>", "", path.read_text("utf-8"))
        for path in (PAGE.parent / "images").glob("joins-*.svg")
    ]
    names = [name for text in drawn for name in re.findall(r'class="name"[^>]*>(\w+)<', text)]
    joins = re.findall(r"^\| `(\w+)` \| `([^`]+)` \| `(\w+)\.\w+` \|$", page, re.MULTILINE)

    assert sorted(names) == sorted(sections())
    assert sorted(re.findall(r"^\| \[`(\w+)`\]\(#\1\)", page, re.MULTILINE)) == sorted(names)
    assert len(joins) > 30
    for one, field, other in joins:
        assert field.partition(".")[0].removesuffix("[]") in sections()[one]
        assert other in sections()
    arrows, lines = (
        sum(text.count(f'class="{kind}"') for text in drawn) for kind in ("arrow", "field")
    )
    assert arrows == lines > 15


def test_every_number_has_a_unit_or_none_is_known() -> None:
    without = {path.rpartition(".")[2] for _, path, unit in numbers() if not unit}

    assert len(numbers()) > 150
    assert without <= WITHOUT_UNIT


def test_money_is_in_a_currency_and_nothing_else_is() -> None:
    for stream, path, unit in numbers():
        name = path.rpartition(".")[2]
        is_money = re.search(MONEY, name, re.IGNORECASE) is not None
        is_quantity = re.search(QUANTITY, name, re.IGNORECASE) is not None
        assert is_money or is_quantity or name in WITHOUT_UNIT, (stream, path)
        in_currency = unit.endswith("currency") or unit == "`costUnit`"
        assert in_currency == is_money, (stream, path, unit)


def test_a_unit_in_code_is_a_field_beside_the_number_or_above_it() -> None:
    for stream, path, unit in numbers():
        if unit.startswith("`"):
            fields, folder = sections()[stream], path
            places = set()
            while folder:
                folder = folder.rpartition(".")[0]
                places.add(f"{folder}.{unit[1:-1]}".removeprefix("."))
            assert places & fields.keys(), (stream, path, unit)


def test_use_is_in_its_own_unit() -> None:
    units = {path: unit for stream, path, unit in numbers() if stream == "utilityapi_bills"}

    assert units["base.bill_total_kwh"] == "kWh"
    assert units["base.bill_total_volume"] == "`bill_total_unit`"
    assert units["base.bill_total_cost"] == "the bill's currency"
