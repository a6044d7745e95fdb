"""What finance works with: batches, general ledger codes and accounting periods."""

from __future__ import annotations

from tap_utility_energy.energycap import permissions
from tap_utility_energy.energycap.base import DOCS, EnergyCAPStream
from tap_utility_energy.energycap.schemas import finance


class BatchesStream(EnergyCAPStream):
    """Batches in which bills were entered or imported, with the number and cost of their bills.

    A bill names its batch in ``batch.batchId``. ``billCount`` and ``runningTotal`` are the vendor's
    own sums over all bills of a batch, to compare with those of ``energycap_bills``. Read and
    emitted whole on every run: batches have no date of change.
    """

    name = "energycap_batches"
    path = "/api/v3/batch"
    docs_url = f"{DOCS}/batch/"
    primary_keys = ("batchId",)
    is_filterable = True
    schema = finance.BATCH
    permission = permissions.BILLS
    selected_by_default = False


class GeneralLedgersStream(EnergyCAPStream):
    """General ledger codes, with the 20 subcodes that they are made of.

    Accounts and meters name theirs, in ``accountGeneralLedger`` and ``meterGeneralLedger``, where
    it has a name too. ``subCodes`` stays nested as sent. Read and emitted whole on every run: the
    codes have no dates.
    """

    name = "energycap_general_ledgers"
    path = "/api/v3/generalledger"
    docs_url = f"{DOCS}/generalledger/"
    primary_keys = ("generalLedgerId",)
    is_filterable = True
    schema = finance.GENERAL_LEDGER
    permission = permissions.ACCOUNTS
    selected_by_default = False


class GLSubcodesStream(EnergyCAPStream):
    """Definitions of the subcodes of general ledger codes: their names and possible values.

    Read and emitted whole on every run: they have no dates.
    """

    name = "energycap_gl_subcodes"
    path = "/api/v3/glsubcode"
    docs_url = f"{DOCS}/generalledger/getglsubcodesv3"
    primary_keys = ("subCodeIndex",)
    record_key_type = str
    schema = finance.GL_SUBCODE
    permission = permissions.ACCOUNTS
    is_paged = False
    selected_by_default = False


class AccountPeriodsStream(EnergyCAPStream):
    """The tenant's accounting periods: their numbers and names.

    The last two digits of a bill's ``accountPeriod`` are a ``periodNumber``. Read and emitted whole
    on every run: periods have no dates.
    """

    name = "energycap_account_periods"
    path = "/api/v3/admin/accountperiod"
    docs_url = f"{DOCS}/admin/getaccountperiodsv3"
    primary_keys = ("accountPeriodId",)
    schema = finance.ACCOUNT_PERIOD
    permission = permissions.NOT_NAMED
    is_paged = False
    selected_by_default = False


#: The streams of this module.
STREAMS: tuple[type[EnergyCAPStream], ...] = (
    BatchesStream,
    GeneralLedgersStream,
    GLSubcodesStream,
    AccountPeriodsStream,
)
