"""The fields that each list can be filtered by, as far as documented (api-reference/<entity>).

The known part of no page offers a filter by `createdDate` or `modifiedDate`, so none is taken
here.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from sandbox.energycap.data.catalogue import Record
    from sandbox.energycap.data.listings import Facts


@dataclass(frozen=True)
class Field:
    """A field to filter by: where its values are in a record, or among the facts about it.

    `operators` are those that its page names, if they are not all those of its type.
    """

    name: str
    type: str
    path: tuple[str, ...] | None
    operators: tuple[str, ...] = ()
    is_alone: bool = False

    def read(self, record: Record, facts: Facts) -> list[object]:
        """Return the values, of which a list in the record may have several, and no nulls."""
        if self.path is None:
            return list(facts[self.name])
        found: list[object] = [record]
        for step in self.path:
            inner = [thing.get(step) for thing in found if isinstance(thing, dict)]
            found = [
                value
                for thing in inner
                for value in (thing if isinstance(thing, list) else [thing])
                if value is not None
            ]
        return found


def _fields(kind: str, *operators: str, **paths: str) -> dict[str, Field]:
    """Declare fields of a type: a path with dots, ``@`` for a fact, empty for what none has."""
    return {
        name: Field(
            name, kind, None if path == "@" else tuple((path or name).split(".")), operators
        )
        for name, path in paths.items()
    }


_METER = {
    **_fields(
        "text",
        accountCode="accounts.accountCode",
        accountInfo="accounts.accountInfo",
        city="address.city",
        commodityCode="commodity.commodityCode",
        commodityInfo="commodity.commodityInfo",
        importId="",
        meterCode="meterCode",
    ),
    **_fields("text", "equals", meterGroupCode="@", meterGroupInfo="@"),
    **_fields(
        "integer",
        accountId="accounts.accountId",
        commodityId="commodity.commodityId",
        meterId="meterId",
    ),
    **_fields("integer", "equals", channelId="channels.channelId", meterGroupId="@"),
    **_fields("integer", "less than equal", interval="channels.interval"),
    **_fields("boolean", hasChannels="@", hasEmissionSourceLink="@", hasWatticsLink="@"),
}
_PLACE = {
    **_fields(
        "text",
        city="address.city",
        placeCode="placeCode",
        placeEntityTypeInfo="placeType.placeEntityType.placeEntityTypeInfo",
        placeInfo="placeInfo",
        placeTypeCode="placeType.placeTypeCode",
    ),
    **_fields("text", "equals", placeGroupCode="@", placeGroupInfo="@"),
    **_fields(
        "integer",
        parentId="parent.placeId",
        placeAreaSize="size.value",
        placeEntityTypeID="placeType.placeEntityType.placeEntityTypeId",
        placeId="placeId",
        placeTypeId="placeType.placeTypeId",
    ),
    **_fields("integer", "equals", placeGroupId="@"),
    **_fields("boolean", hasWatticsLink="", linkedToPM="energyStarEnabled"),
}
_ACCOUNT = {
    **_fields(
        "text",
        accountCode="accountCode",
        accountInfo="accountInfo",
        city="address.city",
        costCenterCode="costCenter.costCenterCode",
        costCenterInfo="costCenter.costCenterInfo",
        meterCode="meters.meterCode",
        meterInfo="meters.meterInfo",
        postalCode="address.postalCode",
    ),
    **_fields(
        "integer",
        accountId="accountId",
        costCenterId="costCenter.costCenterId",
        meterId="meters.meterId",
    ),
    **_fields(
        "boolean",
        active="active",
        isChargebackMasterAccount="@",
        isSubAccount="isSubAccount",
        isSummaryAccount="@",
    ),
}
_BILL = {
    **_fields(
        "text",
        accountCode="account.accountCode",
        accountInfo="account.accountInfo",
        batchCode="batch.batchCode",
        topmostPlaceCode="@",
    ),
    **_fields("integer", accountId="account.accountId", approvedBy="approvedBy.userId"),
    **_fields("number", totalCost="totalCost"),
    **_fields("period", accountPeriod="accountPeriod"),
    **_fields(
        "boolean",
        accrual="accrual",
        accrualReversed="accrualReversed",
        active="account.active",
        approved="approved",
    ),
    **_fields(
        "date",
        approveDate="approveDate",
        batchCloseDate="",
        beginDate="beginDate",
        endDate="endDate",
    ),
}
_VENDOR = {
    **_fields(
        "text",
        city="address.city",
        commodityCode="rates.commodity.commodityCode",
        commodityInfo="rates.commodity.commodityInfo",
        postalCode="address.postalCode",
        state="address.state",
        vendorCode="vendorCode",
        vendorInfo="vendorInfo",
    ),
    **_fields("integer", commodityId="rates.commodity.commodityId", vendorId="vendorId"),
    **_fields("boolean", splitAccountChargesConfigured=""),
}
_COST_CENTER = {
    **_fields("text", costCenterCode="costCenterCode", costCenterInfo="costCenterInfo"),
    **_fields("integer", costCenterId="costCenterId", parentId="parent.costCenterId"),
}
_COMMODITY = {
    **_fields(
        "text",
        commodityCategoryInfo="commodityCategory.commodityCategoryInfo",
        commodityInfo="commodityInfo",
    ),
    **_fields(
        "integer",
        "equals",
        accountId="@",
        topmostCollectionId="@",
        topmostCostCenterId="@",
        topmostPlaceId="@",
    ),
    "inUse": Field("inUse", "boolean", ("inUse",), is_alone=True),
}
_UNIT = {
    **_fields("text", unitTypeCode="unitType.unitTypeCode", unitTypeInfo="unitType.unitTypeInfo"),
    **_fields("integer", unitTypeId="unitType.unitTypeId"),
}

_EMISSION_SOURCE = {
    **_fields(
        "text",
        "equals",
        city="address.city",
        country="address.country",
        postalCode="address.postalCode",
        state="address.state",
        topmostCollectionCode="collection.collectionCode",
        topmostCollectionInfo="collection.collectionInfo",
    ),
    **_fields("text", "one of", "not one of", commodityInfo="commodity.commodityInfo"),
    **_fields(
        "text",
        "equals",
        "like",
        emissionSourceCode="emissionSourceCode",
        emissionSourceInfo="emissionSourceInfo",
    ),
    **_fields(
        "text",
        "one of",
        ghGasFactorInfo="defaultEmissionFactor.factorInfo",
        ghGasScopeCategoryInfo="defaultScopeCategory.scopeCategoryInfo",
    ),
    **_fields("text", "like", note="note"),
    **_fields("integer", commodityId="commodity.commodityId", emissionSourceId="emissionSourceId"),
    **_fields("boolean", hasMeterLink="@"),
}
# The page of emission records is known in part.
_EMISSION_RECORD = {
    **_fields(
        "text",
        collectionCode="",
        collectionInfo="",
        commodityCode="emissionSource.commodity.commodityCode",
        commodityInfo="emissionSource.commodity.commodityInfo",
    ),
    **_fields(
        "integer",
        collectionId="",
        commodityId="emissionSource.commodity.commodityId",
        createdBy="createdBy.userId",
    ),
    **_fields("date", beginDate="startDate", createdDate="createdDate"),
}
_GHG_FACTOR = {
    **_fields(
        "text",
        ghgFactorCategoryInfo="factorCategory.factorCategoryInfo",
        ghgFactorInfo="factorInfo",
        ghgFactorRegionInfo="factorRegion.factorRegionInfo",
        unitCode="fromUnit.unitCode",
        unitInfo="fromUnit.unitInfo",
        unitTypeCode="",
        unitTypeInfo="",
    ),
    **_fields(
        "integer",
        ghgFactorCategoryId="factorCategory.factorCategoryId",
        ghgFactorRegionId="factorRegion.factorRegionId",
        unitId="fromUnit.unitId",
        unitTypeId="",
    ),
}
_METER_GROUP = {
    **_fields(
        "text",
        "equals",
        meterGroupCategoryCode="meterGroupCategory.meterGroupCategoryCode",
        meterGroupCategoryInfo="meterGroupCategory.meterGroupCategoryInfo",
    ),
    **_fields("integer", "equals", meterGroupCategoryId="meterGroupCategory.meterGroupCategoryId"),
    **_fields("boolean", autoGroup="autoGroup"),
}

_BILL_ROW = {
    **_fields("integer", accountId="account.accountId", billId="billId", meterId="meter.meterId"),
    **_fields("boolean", accrual="@", void="@"),
}
_BILL_METER = {**_BILL_ROW, **_fields("integer", "equals", lastNYears="@")}

FIELDS: dict[str, dict[str, Field]] = {
    "bill line": _BILL_ROW,
    **{f"bill meter {view}": _BILL_METER for view in ("actual", "calendarized", "normalized")},
    "meter": _METER,
    "place": _PLACE,
    "account": _ACCOUNT,
    "vendor": _VENDOR,
    "costcenter": _COST_CENTER,
    "bill": _BILL,
    "commodity": _COMMODITY,
    "unit": _UNIT,
    # User-defined fields are filtered by what they belong to.
    "meter udf": _METER,
    "place udf": _PLACE,
    "account udf": _ACCOUNT,
    "vendor udf": _VENDOR,
    "emission source": _EMISSION_SOURCE,
    "emission record": _EMISSION_RECORD,
    "ghg factor": _GHG_FACTOR,
    "meter group": _METER_GROUP,
    # Of these no page is known that names a field.
    "batch": {},
    "general ledger": {},
    "place group": {},
}
