"""Bills.

Source: https://developer.energycap.com/api-reference/bill/getbillsv3/
"""

from __future__ import annotations

from typing import Any

from singer_sdk import typing as th

from tap_utility_energy.core.schema import block, boolean, integer, key, number, record, text
from tap_utility_energy.energycap.schemas import children as child

CURRENCY = "in the account's currency"
#: Where the ids of a bill's meter and of its line are in a row.
METER_PATHS = {"accountId": ("account", "accountId"), "meterId": ("meter", "meterId")}
LINE_PATHS = {"bodylineId": ("bodylineId",)}

BILL = record(
    key("billId", th.IntegerType, "Id of the bill."),
    block("account", "Account of the bill.", *child.ACCOUNT),
    block("batch", "Batch in which the bill was entered.", *child.BATCH),
    text("beginDate", "Begin date of the bill, as sent."),
    text("endDate", "End date of the bill, as sent."),
    integer("billingPeriod", "Month in which the bill is reported, as YYYYMM."),
    integer("accountPeriod", "Accounting period of the bill, by the tenant's fiscal year."),
    number("totalCost", f"Total cost, {CURRENCY}."),
    number("currentCharges", f"Current charges, {CURRENCY}."),
    number("previousBalance", f"Balance of the previous bill, {CURRENCY}."),
    number("balanceForward", f"Balance carried forward, {CURRENCY}."),
    number("actualAmountPaid", f"Amount that was paid, {CURRENCY}."),
    boolean("estimated", "Whether the bill is estimated."),
    boolean(
        "void", "Whether the bill is void. Void bills stay in the list: leave them out of sums."
    ),
    block("observationMethod", "How the bill's values were observed.", *child.OBSERVATION_METHOD),
    text("statementDate", "Date of the statement, as sent."),
    text("dueDate", "Date when the bill is due, as sent."),
    text("nextReading", "Date of the next reading, as sent."),
    text("controlCode", "Control code of the bill."),
    text("invoiceNumber", "Invoice number."),
    integer("invoicePages", "Number of pages of the invoice."),
    text("billNote", "Note on the bill."),
    boolean("approved", "Whether the bill has been approved."),
    text("approveDate", "When the bill was approved, as sent."),
    block("approvedBy", "User who approved the bill.", *child.USER),
    boolean("exported", "Whether the bill has been exported to accounts payable."),
    text("exportDate", "When the bill was exported to accounts payable, as sent."),
    block("exportedBy", "User who exported the bill to accounts payable.", *child.USER),
    boolean("exportHold", "Whether the bill is held back from export."),
    boolean("glExported", "Whether the bill has been exported to the general ledger."),
    text("glExportDate", "When the bill was exported to the general ledger, as sent."),
    block("glExportedBy", "User who exported the bill to the general ledger.", *child.USER),
    text("checkNumber", "Number of the check that paid the bill."),
    text("checkDate", "Date of the check, as sent."),
    text("payStatus", "Payment status of the bill."),
    text("clearedDate", "When the payment cleared, as sent."),
    text("transRefNum", "Transaction reference number of the payment."),
    text("paymentType", "Type of the payment."),
    text("paySource", "Source of the payment."),
    text("payTo", "Recipient of the payment."),
    boolean("accrual", "Whether the bill is an accrual."),
    boolean("accrualReversed", "Whether the bill is a reversed accrual."),
    text("accrualReversedDate", "When the accrual was reversed, as sent."),
    boolean("excludedFromAccruals", "Whether the bill is excluded from accruals."),
    block(
        "reversalDetails",
        "The other bill of a reversal: the one that this bill reverses, or that reverses it.",
        *child.REVERSAL,
    ),
    boolean("fromVendor", "Whether the bill is from a vendor."),
    boolean("importVerified", "Whether the import of the bill has been verified."),
    boolean("hasBeenSplit", "Whether the bill has been split among accounts."),
    text("wasSplitDate", "When the bill was split, as sent."),
    block("assignedTo", "User to whom the bill is assigned.", *child.USER),
    text("assignedDate", "When the bill was assigned, as sent."),
    boolean("dirty", "A flag of EnergyCAP's own internal cleaning of bills."),
    boolean(
        "analyzing", "Whether the bill is being analyzed: digests do not have its figures yet."
    ),
    *child.created_and_modified("bill"),
)

POSITION = key(
    "position",
    th.IntegerType,
    "Place among the rows of the same key otherwise, from 0. Usually there is one.",
)
#: What a row takes from its bill.
OF_THE_BILL = (
    boolean("void", "Whether the bill is void, by the list of bills: leave it out of sums."),
    boolean(
        "accrual",
        "Whether the bill is an accrual, by the list of bills: an estimate for accounting, which "
        "a later bill replaces.",
    ),
    boolean("estimated", "Whether the bill is estimated, by the list of bills."),
    text("modifiedDate", "When the bill was last changed, by the list of bills, as sent."),
)


def _unit(of: str) -> th.Property[Any]:
    return block(f"{of}Unit", f"Unit of `{of}`.", *child.UNIT)


#: Source: https://developer.energycap.com/api-reference/bill/getbillaccountmetersactualv3/
BILL_METER = record(
    key("billId", th.IntegerType, "Id of the bill."),
    key("accountId", th.IntegerType, "Id of the account, from `account`."),
    key("meterId", th.IntegerType, "Id of the meter, from `meter`."),
    POSITION,
    text("beginDate", "First day of the bill's period, as sent."),
    text("endDate", "Last day of the bill's period, as sent."),
    integer("days", "Length of the period, in days."),
    integer("billingPeriod", "Month in which the bill is reported, as YYYYMM."),
    number("nativeUse", "Use, in `nativeUseUnit`: the one that the meter is billed in."),
    number("nativeUsePerDay", "Use per day, in `nativeUseUnit`."),
    _unit("nativeUse"),
    number("nativeDemand", "Demand, in `nativeDemandUnit`."),
    _unit("nativeDemand"),
    number("nativeActualDemand", "Metered peak demand, in `nativeActualDemandUnit`."),
    _unit("nativeActualDemand"),
    number("nativeBilledDemand", "Demand that is charged for, in `nativeBilledDemandUnit`."),
    _unit("nativeBilledDemand"),
    number("commonUse", "Use, in `commonUseUnit`: the same for all meters of a commodity."),
    number("commonUsePerDay", "Use per day, in `commonUseUnit`."),
    _unit("commonUse"),
    number("commonDemand", "Demand, in `commonDemandUnit`."),
    _unit("commonDemand"),
    number("commonActualDemand", "Metered peak demand, in `commonActualDemandUnit`."),
    _unit("commonActualDemand"),
    number("commonBilledDemand", "Demand that is charged for, in `commonBilledDemandUnit`."),
    _unit("commonBilledDemand"),
    number("globalUse", "Energy use, in `globalUseUnit`: the same for all commodities."),
    number("globalUsePerDay", "Energy use per day, in `globalUseUnit`."),
    _unit("globalUse"),
    number("directCost", "Cost of the bill's lines of the meter, in `costUnit`."),
    number("directCostPerDay", "Direct cost per day, in `costUnit`."),
    number(
        "proportionalCost",
        "The meter's share of the whole bill, lines of the account included, in `costUnit`. The "
        "vendor does not document the shares.",
    ),
    number("proportionalCostPerDay", "Proportional cost per day, in `costUnit`."),
    block("costUnit", "Currency of all costs.", *child.UNIT),
    block("account", "Account of the bill.", *child.ACCOUNT),
    block("meter", "Meter on the bill.", *child.METER),
    *OF_THE_BILL,
)

#: Source: model ``BodylineResponse`` of the vendor's client
BILL_LINE = record(
    key("billId", th.IntegerType, "Id of the bill."),
    key("bodylineId", th.IntegerType, "Id of the line."),
    POSITION,
    text("caption", "Caption of the line."),
    number("value", "Quantity, such as use or demand, in `unit`."),
    block("unit", "Unit of `value`.", *child.UNIT),
    number("cost", "Cost of the line, in `costUnit`."),
    block("costUnit", "Currency of the cost.", *child.UNIT),
    block(
        "observationType",
        "What the line is, such as use, demand or a charge.",
        *child.OBSERVATION_TYPE,
    ),
    integer("displayOrder", "Place of the line on the bill."),
    text("helpTag", "Key of a help text in EnergyCAP."),
    block("account", "Account of the bill.", *child.ACCOUNT),
    block("meter", "Meter of the line; null for a line of the account.", *child.METER),
    block("commodity", "Commodity of the line.", *child.COMMODITY),
    block("generalLedger", "General ledger code of the line.", *child.GENERAL_LEDGER),
    *OF_THE_BILL,
)
