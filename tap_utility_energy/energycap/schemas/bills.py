"""Bills.

Source: https://developer.energycap.com/api-reference/bill/getbillsv3/
"""

from __future__ import annotations

from singer_sdk import typing as th

from tap_utility_energy.core.schema import block, boolean, integer, key, number, record, text
from tap_utility_energy.energycap.schemas import children as child

CURRENCY = "in the account's currency"

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
