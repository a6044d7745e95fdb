"""Names and numbers as a reader of the page sees them."""

from __future__ import annotations

import unicodedata
from collections import Counter
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Mapping
    from datetime import date

VENDORS = {"utilityapi": "UtilityAPI", "energycap": "EnergyCAP"}
#: Units that are written in another way than in the tables.
UNITS = {"kwh": "kWh", "mwh": "MWh", "mmbtu": "MMBtu", "kw": "kW", "ccf": "CCF", "kgal": "kgal"}
#: What the states of a bill mean.
STATUS_MEANINGS = {
    "counted": "in all figures of this page",
    "void": "the vendor says that the bill is void",
    "accrual": "an estimate, until the actual bill arrives",
    "consent revoked": "the customer has withdrawn the consent",
    "no longer listed": "the vendor used to list it, but no longer does",
    "other vendor preferred": "the seed meter_matches chooses the other vendor's bills",
    "no period": "it has no valid dates, so it is in no month",
}
KIND_MEANINGS = {
    "missing": "between two bills",
    "late": "since the last bill, of a meter that the vendor still lists as active",
    "overlap": "billed twice",
}


def vendor(name: str) -> str:
    """A vendor as it writes itself."""
    return VENDORS.get(name, name)


def distinct_names(buildings: Mapping[str, tuple[str, str]]) -> dict[str, str]:
    """The names of the buildings by key, followed by the vendor where two have the same name.

    Args:
        buildings: The name and the vendor of each.
    """
    uses = Counter(name for name, _ in buildings.values())
    return {
        key: f"{name} ({vendor(owner)})" if uses[name] > 1 else name
        for key, (name, owner) in buildings.items()
    }


def commodity(name: str | None) -> str:
    """A commodity, as in "natural gas"."""
    return (name or "unknown").replace("_", " ")


def unit(name: str | None) -> str:
    """A unit of use, or nothing."""
    return UNITS.get(name or "", name or "")


def capital(text: str) -> str:
    """The text with its first letter in upper case, and nothing else changed."""
    return text[:1].upper() + text[1:]


def month(day: date) -> str:
    """A month, as in "May 2026"."""
    return f"{day:%b %Y}"


def number(value: float | None, digits: int = 0) -> str:
    """A number with its thousands apart; nothing if there is none."""
    if value is None:
        return ""
    text = f"{value:,.{digits}f}"
    # A small debt is no "-0".
    text = text.removeprefix("-") if not text.strip("-0.,") else text
    return text.replace("-", "\N{MINUS SIGN}", 1)


def change(now: float | None, before: float | None) -> str:
    """The change from before to now in percent; nothing if either is missing."""
    if now is None or not before or before < 0:
        return ""
    percent = round(100 * (now / before - 1), 1)
    return f"{'+' if percent > 0 else ''}{number(percent, 1)} %"


def count(number_of: int, one: str, many: str = "") -> str:
    """So many of something, as in "1 bill" or "1,200 bills"."""
    return f"{number_of:,} {one if number_of == 1 else many or one + 's'}"


def printable(value: Any) -> Any:
    """A value for the template: an empty text for None, and no characters that HTML forbids."""
    if value is None:
        return ""
    return clean(value) if type(value) is str else value


def clean(text: str) -> str:
    """The text without control characters."""
    return "".join(each for each in text if each in "\n\t" or unicodedata.category(each) != "Cc")


def shortened(text: str, length: int) -> str:
    """At most so many characters, and a sign that there were more."""
    text = " ".join(clean(text).split())
    return text if len(text) <= length else f"{text[: length - 1].rstrip()}…"
