"""User-defined fields: one row per field of a meter, place, account or vendor.

Source: https://developer.energycap.com/api-reference/meter/getmetersudfsv3
"""

from __future__ import annotations

from singer_sdk import typing as th

from tap_utility_energy.core.schema import block, boolean, integer, items, key, text
from tap_utility_energy.energycap.nested_rows import Level, NestedRows
from tap_utility_energy.energycap.schemas import children as child

SELECT_VALUE = (
    integer("udfSelectValueId", "Id of the option."),
    text("value", "The option."),
    integer("displayOrder", "Position of the option when they are displayed."),
)
FIELD = (
    key("udfId", th.IntegerType, "Id of the user-defined field, the same for all that have it."),
    text("name", "Name of the field. Users can change it."),
    text("value", "Value of the field, as text whatever its type; null if it is not set."),
    block("dataType", "Type of the field's values, such as text or date.", *child.DATA_TYPE),
    text("description", "Description of the field."),
    integer("displayOrder", "Position of the field when fields are displayed."),
    items("udfSelectValues", "Options to choose from, if the field has some.", *SELECT_VALUE),
    boolean("important", "Whether users marked the field as important."),
)


def _rows(owner: str) -> NestedRows:
    """The rows of the fields of a ``meter``, ``place``, ``account`` or ``vendor``."""
    named = (
        key(f"{owner}Id", th.IntegerType, f"Id of the {owner}."),
        text(f"{owner}Code", f"Code of the {owner}."),
        text(f"{owner}Info", f"Name of the {owner}."),
    )
    return NestedRows(
        Level(owner, (f"{owner}Id",), named, "udfs"),
        Level("user-defined field", ("udfId",), FIELD),
    )


METER_UDFS = _rows("meter")
PLACE_UDFS = _rows("place")
ACCOUNT_UDFS = _rows("account")
VENDOR_UDFS = _rows("vendor")
