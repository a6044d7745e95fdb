"""Bills.

Source: https://developer.energycap.com/api-reference/bill/getbillsv3/
"""

from __future__ import annotations

from singer_sdk import typing as th

from tap_utility_energy.energycap.schemas import children as child
from tap_utility_energy.schemas import block, boolean, integer, key, number, record, text

CURRENCY = "in the account's currency"

BILL = record(
    key("billId", th.IntegerType, "The bill."),
    block("account", "The account that is billed.", *child.ACCOUNT),
    block("batch", "The batch that it was entered in.", *child.BATCH),
    text("beginDate", "First day of service, as sent."),
    text("endDate", "Last day of service, as sent."),
    integer("billingPeriod", "The month that it is reported in, as YYYYMM."),
    integer("accountPeriod", "The accounting period that it is booked in."),
    number("totalCost", f"Cost, {CURRENCY}."),
    number("currentCharges", f"New charges, {CURRENCY}."),
    number("previousBalance", f"Balance of the bill before, {CURRENCY}."),
    number("balanceForward", f"What was left of that, {CURRENCY}."),
    number("actualAmountPaid", f"What was paid, {CURRENCY}."),
    boolean("estimated", "Whether the vendor estimated the reading."),
    boolean("void", "Whether it is void. Void bills stay on the list."),
    block("observationMethod", "How it was read.", *child.OBSERVATION_METHOD),
    text("statementDate", "Date of the statement, as sent."),
    text("dueDate", "Date to pay by, as sent."),
    text("nextReading", "When the meter is read next, as sent."),
    text("controlCode", "Control code."),
    text("invoiceNumber", "Number of the invoice."),
    integer("invoicePages", "Pages of the invoice."),
    text("billNote", "Note by users."),
    boolean("approved", "Whether it was approved."),
    text("approveDate", "When it was approved, as sent."),
    block("approvedBy", "Who approved it.", *child.USER),
    boolean("exported", "Whether it was exported to accounts payable."),
    text("exportDate", "When it was exported, as sent."),
    block("exportedBy", "Who exported it.", *child.USER),
    boolean("exportHold", "Whether its export is held back."),
    boolean("glExported", "Whether it was exported to the general ledger."),
    text("glExportDate", "When that was, as sent."),
    block("glExportedBy", "Who did that.", *child.USER),
    text("checkNumber", "Number of the check."),
    text("checkDate", "Date of the check, as sent."),
    text("payStatus", "State of the payment."),
    text("clearedDate", "When the payment cleared, as sent."),
    text("transRefNum", "Reference of the transaction."),
    text("paymentType", "Kind of payment."),
    text("paySource", "Where it is paid from."),
    text("payTo", "Whom it is paid to."),
    boolean("accrual", "Whether it is an accrual."),
    boolean("accrualReversed", "Whether the accrual was reversed."),
    text("accrualReversedDate", "When it was reversed, as sent."),
    boolean("excludedFromAccruals", "Whether accruals leave it out."),
    block(
        "reversalDetails", "The bill that this one reverses, or is reversed by.", *child.REVERSAL
    ),
    boolean("fromVendor", "Whether it came from the vendor."),
    boolean("importVerified", "Whether its import was verified."),
    boolean("hasBeenSplit", "Whether it was split among accounts."),
    text("wasSplitDate", "When it was split, as sent."),
    block("assignedTo", "Whom it is assigned to.", *child.USER),
    text("assignedDate", "When it was assigned, as sent."),
    boolean("dirty", "A mark of the vendor's own."),
    boolean("analyzing", "Whether its figures are still to come into the digests."),
    *child.made_and_modified("bill"),
)
