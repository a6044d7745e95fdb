"""Schemas of what finance works with: batches, general ledger codes and accounting periods.

Source: https://developer.energycap.com/api-reference/, one section per object
"""

from __future__ import annotations

from singer_sdk import typing as th

from tap_utility_energy.core.schema import (
    block,
    boolean,
    integer,
    items,
    key,
    number,
    record,
    text,
    texts,
)
from tap_utility_energy.energycap.schemas import children as child

BATCH = record(
    key("batchId", th.IntegerType, "Id of the batch."),
    text("batchCode", "Code of the batch."),
    text("batchStatus", "Status of the batch: open, pending or closed."),
    boolean("isOpen", "Whether the batch is open."),
    text("startDate", "When the batch was created, as sent."),
    text("endDate", "When the batch was closed, as sent; null while it is open."),
    integer("billCount", "Number of bills in the batch."),
    number("runningTotal", "Cost of all bills in the batch. The vendor sends no currency with it."),
    integer("flagCount", "Number of unresolved flags on bills in the batch."),
    integer("analyzingCount", "Number of bills in the batch that are being analyzed."),
    boolean("hasImportedBills", "Whether the batch has imported bills."),
    text("statementDate", "Date of the statement that the batch gives its bills, as sent."),
    text("dueDate", "Due date that the batch gives its bills, as sent."),
    text("nextReading", "Date of the next reading that the batch gives its bills, as sent."),
    text("controlCode", "Control code that the batch gives its bills."),
    text("invoiceNumber", "Invoice number that the batch gives its bills."),
    text("accountPeriodName", "Name of the accounting period that the batch gives its bills."),
    integer("accountPeriodNumber", "Number of that period; see `energycap_account_periods`."),
    integer("accountPeriodYear", "Fiscal year of that period."),
    text("note", "Note on the batch."),
    block("createdBy", "User who created the batch.", *child.USER),
)

SUB_CODE = (
    text("subCodeIndex", "Index of the subcode, from 01 to 20."),
    text("subCodeName", "Name of the subcode."),
    text("value", "Value of the subcode."),
)

GENERAL_LEDGER = record(
    key("generalLedgerId", th.IntegerType, "Id of the general ledger code."),
    text("generalLedgerCode", "The general ledger code, which is unique."),
    items("subCodes", "The 20 parts of the code.", *SUB_CODE),
)

GL_SUBCODE = record(
    key("subCodeIndex", th.StringType, "Index of the subcode, from 01 to 20."),
    text("subCodeName", "Name of the subcode."),
    text("subCodeType", "How its values are entered: list, from `subCodeValues`, or text."),
    texts("subCodeValues", "Values to choose from, if the type is list."),
)

ACCOUNT_PERIOD = record(
    key("accountPeriodId", th.IntegerType, "Id of the accounting period."),
    integer("periodNumber", "Number of the period."),
    text("name", "Name of the period."),
)
