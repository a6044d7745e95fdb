"""The endpoints: paths, versions, permissions and parameters."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable

    from sandbox.energycap.data.catalogue import Record
    from sandbox.energycap.data.tenant import DigestName

_METERS = "Meters (View)"
_PLACES = "BuildingsAndOrganizations (View)"
_ACCOUNTS = "Accounts (View)"
_BILLS = "BillsAndBatches (View)"
_COST_CENTERS = "CostCenters (View)"
_PAGE = ("pageSize", "pageNumber")


@dataclass(frozen=True)
class Route:
    """An endpoint: the last path step of a single one is an id.

    `handler` says who answers; None for `permission` is an endpoint whose page prints none. A plain
    list has its `records` here, and needs nothing else: "whole" in one answer, or "page" by page.
    """

    path: str
    handler: str
    permission: str | None
    params: tuple[str, ...]
    kind: str = ""
    digest: DigestName | None = None
    deprecated: str | None = None
    truth: str | None = None
    records: tuple[Record, ...] | None = None

    @property
    def is_single(self) -> bool:
        """Whether it answers with one object."""
        return "{id}" in self.path


_ENTITIES = (
    Route("/v3/meter", "page", _METERS, (*_PAGE, "filter"), "meter", truth="energycap_meters"),
    Route("/v3/meter/{id}", "entity", _METERS, (), "meter"),
    Route("/v3/place", "page", _PLACES, (*_PAGE, "filter"), "place", truth="energycap_places"),
    Route("/v3/place/{id}", "entity", _PLACES, (), "place"),
    Route(
        "/v3/account", "page", _ACCOUNTS, (*_PAGE, "filter"), "account", truth="energycap_accounts"
    ),
    Route("/v3/account/{id}", "entity", _ACCOUNTS, (), "account"),
    Route(
        "/v3/vendor",
        "page",
        "VendorsAndRatesModule (View)",
        (*_PAGE, "filter"),
        "vendor",
        truth="energycap_vendors",
    ),
    Route(
        "/v3/costcenter",
        "page",
        _COST_CENTERS,
        (*_PAGE, "filter"),
        "costcenter",
        truth="energycap_cost_centers",
    ),
    Route("/v3/bill", "page", _BILLS, (*_PAGE, "filter"), "bill", truth="energycap_bills"),
    Route("/v3/bill/{id}", "entity", _BILLS, (), "bill"),
    Route(
        "/v3/bill/billaccountmeter/actual",
        "page",
        _BILLS,
        (*_PAGE, "filter"),
        "bill meter actual",
        truth="energycap_bill_meters",
    ),
    Route(
        "/v3/bill/billaccountmeter/calendarized",
        "page",
        _BILLS,
        (*_PAGE, "filter"),
        "bill meter calendarized",
        truth="energycap_bill_meters_calendarized",
    ),
    Route(
        "/v3/bill/billaccountmeter/normalized",
        "page",
        _BILLS,
        (*_PAGE, "filter"),
        "bill meter normalized",
        truth="energycap_bill_meters_normalized",
    ),
    Route(
        "/v3/bill/bodyline",
        "page",
        _BILLS,
        (*_PAGE, "filter"),
        "bill line",
        truth="energycap_bill_lines",
    ),
    Route(
        "/v202304/commodity", "whole", None, ("filter",), "commodity", truth="energycap_commodities"
    ),
    Route(
        "/v3/commodity",
        "whole",
        None,
        (),
        "old commodity",
        deprecated="v202304 GetCommoditiesV202304",
    ),
    Route("/v202305/unit", "whole", None, ("filter",), "unit", truth="energycap_units"),
    Route("/v3/activity/bill", "activity", _BILLS, ("date",)),
    Route("/v3/me", "me", None, ()),
    Route("/v3/environment", "environment", None, ()),
)
_GROUPS = "GroupsAndBenchmarksModule (View)"
_FILTERED = (*_PAGE, "filter")
#: Finance, emissions, groups and user-defined fields.
_LISTS = (
    Route("/v3/meter/udf", "page", _METERS, _FILTERED, "meter udf", truth="energycap_meter_udfs"),
    Route("/v3/place/udf", "page", _PLACES, _FILTERED, "place udf", truth="energycap_place_udfs"),
    Route(
        "/v3/account/udf",
        "page",
        _ACCOUNTS,
        _FILTERED,
        "account udf",
        truth="energycap_account_udfs",
    ),
    Route(
        "/v3/vendor/udf",
        "page",
        "VendorsAndRatesModule (View)",
        _FILTERED,
        "vendor udf",
        truth="energycap_vendor_udfs",
    ),
    Route("/v3/batch", "page", _BILLS, _FILTERED, "batch", truth="energycap_batches"),
    Route(
        "/v3/generalledger",
        "page",
        _ACCOUNTS,
        _FILTERED,
        "general ledger",
        truth="energycap_general_ledgers",
    ),
    Route("/v3/glsubcode", "whole", _ACCOUNTS, (), "subcode", truth="energycap_gl_subcodes"),
    Route(
        "/v3/admin/accountperiod",
        "whole",
        None,
        (),
        "account period",
        truth="energycap_account_periods",
    ),
    Route(
        "/v202306/emissionSource",
        "page",
        "EmissionsSources (View)",
        _FILTERED,
        "emission source",
        truth="energycap_emission_sources",
    ),
    Route(
        "/v202306/emissionRecord",
        "page",
        "Records (View)",
        _FILTERED,
        "emission record",
        truth="energycap_emission_records",
    ),
    Route(
        "/v202307/ghg/factor",
        "page",
        None,
        _FILTERED,
        "ghg factor",
        truth="energycap_ghg_factors",
    ),
    Route(
        "/v3/meterGroup",
        "whole",
        _GROUPS,
        ("filter",),
        "meter group",
        truth="energycap_meter_groups",
    ),
    Route(
        "/v3/placeGroup",
        "whole",
        _GROUPS,
        ("filter",),
        "place group",
        truth="energycap_place_groups",
    ),
)
#: Lists that are always the same.
_PLAIN: tuple[Route, ...] = (
    # A new one goes above this line.
)
#: What a digest is of, by the kind of its listing: in paths, in names, and who may see it.
_DIGESTS = {
    "meter": ("meter", "meter", _METERS),
    "place": ("place", "place", _PLACES),
    "account": ("account", "account", _ACCOUNTS),
    "costcenter": ("costCenter", "cost_center", _COST_CENTERS),
}


class Routes:
    """Finds the endpoint that a path is of."""

    def __init__(self, digests: Iterable[DigestName]) -> None:
        """Add the digests that the tenant has to the entities."""
        of_digests = (route for name in digests for route in _of_digest(name))
        self.all = [*_ENTITIES, *_LISTS, *_PLAIN, *of_digests]
        self._patterns = [
            (re.compile(f"/api{route.path}".replace("{id}", r"(\d{1,10})"), re.IGNORECASE), route)
            for route in self.all
        ]

    def find(self, path: str) -> tuple[Route, int | None] | None:
        """Return the endpoint of a path, in whatever letter case, with the id in the path."""
        for pattern, route in self._patterns:
            if found := pattern.fullmatch(path):
                return route, int(found[1]) if route.is_single else None
        return None


def _of_digest(name: DigestName) -> tuple[Route, Route]:
    """Return the list of a digest, and the single one."""
    end = f"digest/{name.view}/{name.span}"
    step, thing, permission = _DIGESTS[name.kind]
    truth = f"{thing}_digest_{name.view}_{name.span}"
    years = "numberOfYears"
    return (
        Route(
            f"/v3/{step}/{end}",
            "digests",
            permission,
            (*_PAGE, years),
            name.kind,
            name,
            truth=truth,
        ),
        Route(f"/v3/{step}/{{id}}/{end}", "digest", permission, (years,), name.kind, name),
    )
