"""Schemas of groups of meters and of places.

Source: https://developer.energycap.com/api-reference/metergroup/getallmetergroupsv3
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from singer_sdk import typing as th

from tap_utility_energy.core.schema import block, boolean, integer, items, key, record, text, texts
from tap_utility_energy.energycap.schemas import children as child

if TYPE_CHECKING:
    from tap_utility_energy.core.schema import Fields

FILTER = (
    texts("availableOperator", "Operators that the filter takes."),
    text("caption", "Caption of the filter."),
    text("queryParameterName", "Name of the filter in requests."),
    integer("fieldId", "Id of the field."),
    integer("dataFieldId", "Id of the data field."),
    block("dataType", "Type of the field.", *child.DATA_TYPE),
    text("operator", "Operator of the filter."),
    text("value", "Value of the filter."),
    boolean("required", "Whether the filter is required."),
    boolean("recommended", "Whether the filter is recommended."),
    boolean("hidden", "Whether the filter is hidden."),
)


def _group(thing: str) -> Fields:
    """The fields of a group of ``meter`` or ``place``."""
    name, category = f"{thing}Group", f"{thing}GroupCategory"
    return (
        key(f"{name}Id", th.IntegerType, f"Id of the {thing} group."),
        text(f"{name}Code", f"Code of the {thing} group. Users can change it."),
        text(f"{name}Info", f"Name of the {thing} group. Users can change it."),
        block(category, "Category of the group.", *child.named(category, "category")),
        boolean("autoGroup", "Whether EnergyCAP maintains the members of the group."),
        boolean("userDefinedAutoGroup", "Whether a user defined the filters of the group."),
        items("userDefinedAutoGroupFilters", "Filters that determine the members.", *FILTER),
        integer("memberCount", f"Number of {thing}s in the group."),
        integer("memberCountWithTopmost", "Number of those that the owner of the key can see."),
        boolean("limitMembersByTopmost", f"Whether only {thing}s that a user can see are listed."),
        text("lastUpdated", "When a member was last added, changed or removed, as sent."),
    )


METER_GROUP = record(
    *_group("meter"),
    text(
        "memberCommodityCode",
        "Code of the commodity of all members: MULTIPLE if they differ, empty without members.",
    ),
)
PLACE_GROUP = record(*_group("place"))
