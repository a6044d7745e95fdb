"""Vendors, cost centers, commodities and units, and what the API says of itself."""

from __future__ import annotations

import datetime as dt
from typing import TYPE_CHECKING

from sandbox.energycap.data import children, timestamps
from sandbox.energycap.data.catalogue import (
    COMMODITIES,
    DOLLAR,
    UNIT_TYPES,
    Commodity,
    Unit,
    Vendor,
    unit_child,
)
from sandbox.options import FISCAL_START_MONTH

if TYPE_CHECKING:
    from sandbox.energycap.data.catalogue import Record
    from sandbox.energycap.data.listings import Facts
    from sandbox.energycap.data.model import Model
    from sandbox.energycap.data.portfolio import CostCenter

# Never to be found in anything that a client keeps.
ME_TOKEN = "sandbox-session-token.never-to-be-kept"


class Reference:
    """Prints what hardly changes."""

    def __init__(self, model: Model) -> None:
        """Make records from the tenant's data."""
        self._model, self._portfolio = model, model.portfolio

    def vendor(self, vendor: Vendor) -> Record:
        """VendorResponse with the fields that newer programs know; reached at no real address."""
        n = vendor.id
        domain = f"{vendor.code.lower()}.example"
        sold = [c for c in COMMODITIES if not vendor.commodities or c.code in vendor.commodities]
        opened = dt.datetime.combine(dt.date(2015, 3, n % 27 + 1), dt.time(9, 30))
        return {
            **vendor.child,
            "address": children.address(n),
            "ediCode": f"EDI{n}" if n % 2 else None,
            "payDays": n % 3 * 10 or None,
            **children.made(n, opened, opened + dt.timedelta(days=n) if n % 5 else None),
            "website": f"https://www.{domain}/",
            "rates": [
                {"rateId": n * 10 + c.id, "name": f"{c.info} GS-{c.id}", "commodity": c.child}
                for c in sold
            ],
            "vendorDescription": None,
            "email": f"billing@{domain}",
            "phoneNumber": "555-0100" if n % 2 else None,
            "consentToRepresent": f"https://www.{domain}/consent.pdf" if n % 3 else None,
            "splitAccountChargesConfigured": n % 2 == 0,
        }

    def cost_center(self, center: CostCenter) -> Record:
        """CostCenterResponse, which has no dates at all."""
        return {
            "costCenterId": center.id,
            "costCenterCode": center.code,
            "costCenterInfo": center.info,
            "parent": children.cost_center(center.parent),
            "costCenters": [
                children.cost_center(below)
                for below in self._portfolio.cost_centers
                if below.parent is center
            ],
            "accounts": [
                {**children.account(account), "accountType": children.account_type(account)}
                for account in self._portfolio.accounts
                if account.cost_center is center
            ],
        }

    def commodity(self, commodity: Commodity) -> Record:
        """CommodityResponse (v202304)."""
        category_id, category = commodity.category
        return {
            "commodityId": commodity.id,
            "commodityCode": commodity.code,
            "commodityInfo": commodity.info,
            "abbreviation": commodity.abbreviation,
            "description": None,
            "icon": commodity.child["commodityIcon"],
            "commodityCategory": {
                "commodityCategoryId": category_id,
                "commodityCategoryInfo": category,
                "commonUseUnit": unit_child(commodity.common),
                "commonDemandUnit": unit_child(commodity.demand),
            },
            "useRollupUnit": unit_child(commodity.common),
            "demandRollupUnit": unit_child(commodity.demand),
            "includeInEnergyReporting": bool(commodity.energy),
            "energyReportingUnitConversionMultiplier": commodity.energy or None,
            "inUse": commodity.in_use and bool(self._portfolio.meters),
            "isSystemCommodity": commodity.id < 9,
        }

    def commodity_facts(self, commodity: Commodity) -> Facts:
        """Return where a commodity is used: accounts, and all above their meters."""
        found: dict[str, set[object]] = {"account": set(), "place": set(), "center": set()}
        for account in self._portfolio.accounts:
            meters = [tenure.meter for tenure in account.tenures]
            own = [meter for meter in meters if meter.service.commodity is commodity]
            for meter in own:
                above = self._portfolio.path(self._portfolio.place_of(meter))
                found["place"].update(place.id for place in above)
                found["account"].add(account.id)
                center = account.cost_center
                while center:
                    found["center"].add(center.id)
                    center = center.parent
        return {
            "accountId": list(found["account"]),
            "topmostPlaceId": list(found["place"]),
            "topmostCostCenterId": list(found["center"]),
            "topmostCollectionId": [],
        }

    @staticmethod
    def old_commodity(commodity: Commodity) -> Record:
        """Print the answer of the deprecated v3 list."""
        return {
            "commodityCode": commodity.code,
            "commodityId": commodity.id,
            "commodityInfo": commodity.info,
            "commonDemandUnit": unit_child(commodity.demand),
            "commonUseUnit": unit_child(commodity.common),
            "inUseByVendor": commodity.in_use,
        }

    @staticmethod
    def unit(unit: Unit) -> Record:
        """Unit (v202305)."""
        code, info = UNIT_TYPES[unit.type]
        return {
            **unit.child,
            "unitDisplayName": unit.display,
            "unitType": {"unitTypeId": unit.type, "unitTypeCode": code, "unitTypeInfo": info},
        }

    def me(self) -> Record:
        """Me: settings of the key's owner (api-reference/me), with a token of a session."""
        options, places = self._model.options, self._portfolio.places
        calendar = self._model.windows.calendar
        period = calendar.period(calendar.at(self._model.changes.now.date()))
        return {
            "systemUserId": 1040,
            "systemUserCode": "sample.user",
            "fullName": "Sample User",
            "email": "sample.user@sandbox.example",
            "token": ME_TOKEN,
            "place": children.place(places[0]) if places else None,
            "costCenter": next(map(children.cost_center, self._portfolio.cost_centers), None),
            "numberOfAccountingPeriods": options.accounting_periods,
            "calendarizationMethod": "Calendar" if calendar.count == 12 else "Period",
            "fiscalYearStartMonth": FISCAL_START_MONTH,
            "fiscalYearMethod": "Ends",
            "currentAccountingPeriod": period.fiscal_year * 100 + period.fiscal_number,
            "currencyUnit": DOLLAR.child,
        }

    def environment(self) -> Record:
        """Environment: which build of the application answers."""
        built = self._model.options.today - dt.timedelta(days=9)
        return {"buildDate": timestamps.midnight(built), "version": "8.2606.1"}
