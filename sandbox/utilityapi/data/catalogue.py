"""The utilities and the invented organisations that the world is made of."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class Utility:
    """A utility by the id UtilityAPI gives it, with its time zone and the tariffs of a service.

    Not every utility has the accounting objects, and of some the meters' blocks come on demand.
    """

    id: str
    zone: str
    state: str
    tariffs: dict[str, tuple[str, ...]]
    suppliers: tuple[str, ...] = ()
    has_accounting: bool = True
    is_expanded: bool = True


UTILITIES = (
    Utility(
        "PG&E",
        "pacific",
        "CA",
        {"electric": ("B-19", "A-10", "B-1"), "gas": ("G-NR1",)},
        ("PENINSULA CLEAN ENERGY",),
    ),
    Utility("ConEd", "eastern", "NY", {"electric": ("SC9 Rate II", "SC2"), "gas": ("SC2-I",)}),
    Utility(
        "EVERSOURCE",
        "eastern",
        "MA",
        {"electric": ("G-2", "Rate 30")},
        ("ANYTOWN ENERGY CO-OP",),
    ),
    Utility("SDG&E", "pacific", "CA", {"electric": ("AL-TOU", "TOU-A"), "gas": ("GN-3",)}),
    Utility("SCE", "pacific", "CA", {"electric": ("TOU-8", "TOU-GS-2")}),
    Utility(
        "PSEG",
        "eastern",
        "NJ",
        {"electric": ("LPL-S", "GLP"), "gas": ("LVG",)},
        ("ANYTOWN ENERGY CO-OP", "ÉNERGIE COMMUNE, INC."),
    ),
    Utility("SRP", "mountain", "AZ", {"electric": ("E-36",)}, is_expanded=False),
    Utility("ComEd", "central", "IL", {"electric": ("BESH", "DS-ML")}),
    Utility("SoCalGas", "pacific", "CA", {"gas": ("GN-10",)}),
)

# Utilities whose meters have bills and nothing in the accounting listings.
PLAIN_UTILITY = Utility("SMUD", "pacific", "CA", {"electric": ("CITS-0",)}, has_accounting=False)
DEMO_UTILITY = Utility(
    "DEMO", "pacific", "CA", {"electric": ("E1 XB Residential Service",)}, has_accounting=False
)

ORGANISATIONS = (
    "General Services Corporation",
    "Anytown Unified School District",
    "Cañada Road Water Company",
    "Example Cold Storage LLC",
    "Sample State University",
    "Hôtel Fictif Ltd",
    "Placeholder Foods, Inc.",
    "Imaginary Data Centers",
)

STREETS = ("Fake St", "Peña Blvd", "Sample Ave", "Nowhere Rd", "Calle del Ejemplo Nº 2")

# Percent of the yearly average: electricity peaks in summer, gas in winter.
SEASONS = {
    "electric": (92, 89, 86, 85, 94, 112, 131, 130, 111, 93, 87, 90),
    "gas": (196, 178, 144, 98, 62, 41, 33, 32, 43, 78, 124, 171),
    "water": (82, 80, 84, 92, 106, 122, 134, 132, 116, 96, 80, 76),
}
