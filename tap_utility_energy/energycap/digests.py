"""The bases of the digest streams of EnergyCAP: bills rolled up by meter and period."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, ClassVar

from typing_extensions import override

from tap_utility_energy.energycap.client import EnergyCAPStream
from tap_utility_energy.energycap.digest_rows import Exploder, Rows
from tap_utility_energy.energycap.permissions import ACCOUNTS, METERS, PLACES

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from singer_sdk.helpers.types import Context, Record

    from tap_utility_energy.tap import TapUtilityEnergy


class DigestStream(EnergyCAPStream):
    """A stream of digests. All streams of one path are served by one walk.

    Digests are read whole on every run: the vendor has no filter by date of change, and a period
    can change or vanish long after it was billed. By default the vendor sends the latest 24 months
    of monthly digests and four years of yearly ones.
    """

    def __init__(self, tap: TapUtilityEnergy) -> None:
        super().__init__(tap)
        self._walk = self.client.walks[self.path]
        self._walk.join(self)

    @override
    def get_url_params(
        self, context: Context | None, next_page_token: int | None
    ) -> dict[str, Any]:
        params = super().get_url_params(context, next_page_token)
        return params | {"numberOfYears": self.config.get("energycap_number_of_years")}

    @override
    def narrowed_by(self) -> str:
        return "digests are of the last years only, see energycap_number_of_years"

    @override
    def record_pages(self, context: Context | None) -> Iterator[Iterable[Record]]:
        return self._walk.read(self)


class DigestRowsStream(DigestStream):
    """Digests as flat rows: a stream names its ``path`` and ``rows``, and their key and schema.

    The fields of a meter, place or account stand on each of its rows; those that the schema does
    not know are under ``extra.meter`` and so on. A row whose key is missing or was there before
    is left out, and what it belongs to is named; see ``fail_on_bad_records``.
    """

    rows: ClassVar[Rows]
    selected_by_default = False

    @override
    def get_records(self, context: Context | None) -> Iterable[Record]:
        parent = self.rows.parent.name
        exploder = Exploder(
            self.rows,
            [
                self.extra_fields_of([field.name for field in level.fields], level.name)
                for level in self.rows.levels
            ],
        )
        for digest in self.request_records(context):
            rows, others = exploder.explode(digest)
            yield from rows
            if others:
                code = digest.get(f"{parent}Code")
                named = f"{parent} {digest[self.record_key]}{f' ({code})' if code else ''}"
                what = ", ".join(f"{number} period(s) {kind}" for kind, number in others.items())
                self.bad_records.add_rows(others.total(), f"{named} has {what}")

    @override
    def post_process(self, row: Record, context: Context | None = None) -> Record | None:
        return row  # its unknown fields were seen to level by level


class MeterRowsStream(DigestRowsStream):
    """Rows of meters' digests."""

    record_key = "meterId"
    permission = METERS


class PlaceRowsStream(DigestRowsStream):
    """Rows of places' digests. The figures of a place include all places below it."""

    record_key = "placeId"
    permission = PLACES


class AccountRowsStream(DigestRowsStream):
    """Rows of accounts' digests."""

    record_key = "accountId"
    permission = ACCOUNTS
