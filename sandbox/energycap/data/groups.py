"""Groups of meters and places (api-reference/metergroup, placegroup)."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING

from sandbox.energycap.data import timestamps
from sandbox.energycap.data.catalogue import COMMODITIES

if TYPE_CHECKING:
    from collections.abc import Sequence

    from sandbox.energycap.data.catalogue import Record
    from sandbox.energycap.data.listings import Facts
    from sandbox.energycap.data.model import Model
    from sandbox.energycap.data.portfolio import Meter, Place

_CATEGORIES = {True: (1, "AUTO", "Automatic"), False: (4, "USER", "Eigene Gruppen")}
_ELECTRIC = "ELECTRIC"


@dataclass(frozen=True, eq=False)
class Group:
    """A group and the ids of its members; `filter` is a user's, which finds them."""

    id: int
    code: str
    info: str
    members: frozenset[int]
    is_auto: bool = False
    filter: tuple[str, str] | None = None
    commodity: str = ""


class Groups:
    """Prints groups; the key's owner sees all members."""

    def __init__(self, model: Model) -> None:
        """Group the tenant's meters and places."""
        self._portfolio, self._today = model.portfolio, model.options.today

    @cached_property
    def of_meters(self) -> Sequence[Group]:
        """Return a group of all, one for each commodity, users' own, and one that is empty."""
        meters = self._portfolio.meters
        if not meters:
            return ()
        used = {meter.service.commodity for meter in meters}
        return [
            self._of_meters(1, "ALL", "All meters", meters, is_auto=True),
            *(
                self._of_meters(
                    1 + commodity.id,
                    commodity.code,
                    commodity.info,
                    [meter for meter in meters if meter.service.commodity is commodity],
                    is_auto=True,
                )
                for commodity in COMMODITIES
                if commodity in used
            ),
            self._of_meters(
                1_040, "MAIN", "Main meters", [m for m in meters if m.ordinal % 3 == 0]
            ),
            self._of_meters(
                1_043,
                "POWER",
                "Strom",
                [m for m in meters if m.service.commodity.code == _ELECTRIC],
                filter_by=("commodityCode", _ELECTRIC),
            ),
            self._of_meters(1_047, "NONE", "Nothing yet", []),
        ]

    @staticmethod
    def _of_meters(
        group_id: int,
        code: str,
        info: str,
        members: Sequence[Meter],
        *,
        is_auto: bool = False,
        filter_by: tuple[str, str] | None = None,
    ) -> Group:
        codes = {meter.service.commodity.code for meter in members}
        commodity = "MULTIPLE" if len(codes) > 1 else "".join(codes)
        ids = frozenset(meter.id for meter in members)
        return Group(group_id, code, info, ids, is_auto, filter_by, commodity)

    @cached_property
    def of_places(self) -> Sequence[Group]:
        """Return a group of all buildings and one of a user's."""
        places = self._portfolio.places
        if not places:
            return ()
        buildings = [place.id for place in self._portfolio.buildings]
        odd = frozenset(buildings[::2])
        return [
            Group(1, "BUILDINGS", "All buildings", frozenset(buildings), is_auto=True),
            Group(1_040, "NORTH", "Nordseite", odd),
            Group(
                1_043,
                "CAMPUSES",
                "Campuses",
                frozenset(place.id for place in places if place.type == "CAMPUS"),
                filter=("placeTypeCode", "CAMPUS"),
            ),
        ]

    def meter_facts(self, meter: Meter) -> Facts:
        """Tell the groups that a meter can be filtered by."""
        return _facts("meter", meter.id, self.of_meters)

    def place_facts(self, place: Place) -> Facts:
        """Tell the groups that a place can be filtered by."""
        return _facts("place", place.id, self.of_places)

    def meter_group(self, group: Group) -> Record:
        """GroupMeterGroupResponse."""
        return {**self._group("meter", group), "memberCommodityCode": group.commodity}

    def place_group(self, group: Group) -> Record:
        """GroupPlaceGroupResponse."""
        return self._group("place", group)

    def _group(self, thing: str, group: Group) -> Record:
        name = f"{thing}Group"
        changed = dt.datetime.combine(self._today, dt.time(7)) - dt.timedelta(days=group.id % 90)
        return {
            f"{name}Id": group.id,
            f"{name}Code": group.code,
            f"{name}Info": group.info,
            "autoGroup": group.is_auto,
            "memberCount": len(group.members),
            "memberCountWithTopmost": len(group.members),
            f"{name}Category": _category(name, is_auto=group.is_auto),
            "limitMembersByTopmost": group.id % 2 == 0,
            "userDefinedAutoGroup": group.filter is not None,
            "userDefinedAutoGroupFilters": [_filter(*group.filter)] if group.filter else None,
            "lastUpdated": timestamps.shaped(group.id, changed) if group.members else None,
        }


def _facts(thing: str, thing_id: int, groups: Sequence[Group]) -> Facts:
    own = [group for group in groups if thing_id in group.members]
    return {
        f"{thing}GroupId": [group.id for group in own],
        f"{thing}GroupCode": [group.code for group in own],
        f"{thing}GroupInfo": [group.info for group in own],
    }


def _category(name: str, *, is_auto: bool) -> Record:
    category_id, code, info = _CATEGORIES[is_auto]
    return {
        f"{name}CategoryId": category_id,
        f"{name}CategoryCode": code,
        f"{name}CategoryInfo": info,
    }


def _filter(field: str, value: str) -> Record:
    """FilterResponse."""
    return {
        "availableOperator": ["equals", "not equals", None],
        "caption": "Code",
        "queryParameterName": field,
        "fieldId": 1_040,
        "dataFieldId": 1_041,
        "dataType": {"dataTypeId": 3, "dataTypeCode": "STRING", "dataTypeInfo": "String"},
        "operator": "equals",
        "value": value,
        "required": False,
        "recommended": True,
        "hidden": False,
    }
