"""One row per file of a bill, which is fetched unless it is there."""

from __future__ import annotations

from functools import cached_property
from itertools import count
from typing import TYPE_CHECKING, Any
from urllib.parse import unquote, urljoin, urlsplit

from urllib3.util import parse_url

from tap_utility_energy.http.errors import FatalError, error_slug, shown
from tap_utility_energy.http.lazy_records import fully_decoded
from tap_utility_energy.http.pagination import CREDENTIAL_PARAM, with_scheme_of
from tap_utility_energy.http.session import origin
from tap_utility_energy.logs import number
from tap_utility_energy.utilityapi import schemas
from tap_utility_energy.utilityapi.bill_files import NotWrittenError, is_pdf, stem_of, suffix_of
from tap_utility_energy.utilityapi.bill_rows import count_bad_items, fields_of_bill
from tap_utility_energy.utilityapi.json_values import items, meter_of

if TYPE_CHECKING:
    from collections.abc import Iterator

    from singer_sdk.helpers.types import Record

    from tap_utility_energy.core.record import RecordFitter
    from tap_utility_energy.core.stream import VendorStream
    from tap_utility_energy.utilityapi.bill_files import BillFiles, StoredFile
    from tap_utility_energy.utilityapi.client import UtilityAPI

#: Files that fail one after the other until no more are requested in a run: each may have been
#: waited for as long as `max_wait_seconds`.
MOST_FAILURES = 5
MOST_NAMED = 3
ELSEWHERE = "the link leads to another server, so it is not followed"
DRY_RUN = "a dry run fetches one file"
NO_LINK = "the link is no URL"


class BillFileRows:
    """Makes the rows of a bill: one per source that has a link to a file.

    Args:
        stream: The stream that emits the rows.
        client: Fetches the files.
        files: Keeps them.
    """

    def __init__(self, stream: VendorStream, client: UtilityAPI, files: BillFiles) -> None:
        self._stream = stream
        self._client = client
        self._files = files
        self._has_fetched = False
        self._failed_in_a_row = 0
        self._failed = 0
        self._failures: list[str] = []
        #: The meters of bills of which a file failed; None for one that names no meter.
        self.failed_meters = set[str | None]()

    def check(self) -> None:
        """Check, after all bills, that no file failed.

        Raises:
            FatalError: Some did.
        """
        if self._failed:
            more = f" and {self._failed - MOST_NAMED:,} more" if self._failed > MOST_NAMED else ""
            raise FatalError(
                f"{number(self._failed, 'file')} could not be fetched; the next run tries again. "
                f"All others were fetched. {'; '.join(self._failures)}{more}"
            )

    def rows_of(self, record: Record) -> Iterator[Record]:
        """The rows of a bill. A source that is not an object is counted as a bad record.

        Raises:
            FatalError: No further file can be fetched or written.
        """
        bill = fully_decoded(record)
        own = fields_of_bill(bill)
        positions, others = count(), 0
        known: dict[str, Record] = {}
        for source in items(bill.get("sources") or []):
            if not isinstance(source, dict):
                others += 1
                continue
            position = next(positions)
            url = self._url_of(bill, source)
            if not url:
                continue
            if url not in known:
                known[url] = self._file(bill, source, position, url)
            if file := known[url]:
                fields, unknown = self._fitter.split(source)
                row = {**fields, **own, **file, "raw_url": url, "position": position}
                yield self._stream.fitter.fit(row, unknown)
        if others:
            count_bad_items(self._stream, bill, others, "source(s)")

    def _url_of(self, bill: Record, source: Record) -> str:
        """Where the file of a source is, without a credential; '' if it has none."""
        link = source.get("raw_url")
        if link is None or (isinstance(link, str) and not link.strip()):
            return ""
        if not isinstance(link, str):
            words = "not fetched: a source's raw_url is not text"
            self._stream.stats.notices[words].add(shown(bill["uid"], 40))
            return ""
        return without_credential(link.strip())

    def _file(self, bill: Record, source: Record, position: int, url: str) -> Record:
        """The fields that tell of a source's file; empty if it failed.

        Raises:
            FatalError: No further file can be fetched or written.
        """
        where, problem = address(self._client.base_url, url)
        if problem:
            self._stream.stats.notices[f"not fetched: {problem}"].add(shown(bill["uid"], 40))
            return {"problem": problem}
        stem = stem_of(bill["uid"], position, where)
        try:
            stored = self._files.find(stem)
            if stored is None and self._has_fetched and self._stream.is_dry_run:
                return {"problem": DRY_RUN}
            return _fields(stored or self._files.write(stem, *self._fetch(source, where)))
        except NotWrittenError:
            raise
        except FatalError as failure:
            self._note_failure(bill, failure)
            return {}

    def _fetch(self, source: Record, url: str) -> tuple[str, bytes]:
        """The suffix and the content of a file.

        Raises:
            FatalError: The vendor refuses, or sends no such file.
        """
        self._has_fetched = True
        answer = self._client.get_file(url, self._stream.stats)
        content, kind = answer.content, answer.headers.get("Content-Type", "")
        named = str(source.get("type")).lower() == "pdf" or urlsplit(url).path.lower().endswith(
            ".pdf"
        )
        if not content:
            raise FatalError("UtilityAPI sent an empty file.")
        if error_slug(answer) or (named and not is_pdf(content)):
            what = shown(kind, 60) if kind else "no content type"
            raise FatalError(f"UtilityAPI sent something other than a PDF ({what}).")
        self._failed_in_a_row = 0
        return suffix_of(content, kind), content

    def _note_failure(self, bill: Record, failure: FatalError) -> None:
        """Remember that a file failed.

        Raises:
            FatalError: All others would fail too, or too many in a row have failed.
        """
        self._failed += 1
        self._failed_in_a_row += 1
        self.failed_meters.add(meter_of(bill))
        line = f"bill {shown(bill['uid'], 40)}: {str(failure).rstrip('.')}"
        self._stream.stats.log.warning("%s", line)
        if len(self._failures) < MOST_NAMED:
            self._failures.append(line)
        if failure.whole_vendor or self._stream.is_dry_run:
            # That the vendor has no file says nothing of its lists.
            raise FatalError(str(failure), slug=failure.slug, cause=failure.cause)
        if self._failed_in_a_row >= MOST_FAILURES:
            raise FatalError(
                f"{MOST_FAILURES} files in a row could not be fetched, so no more were requested. "
                f"{'; '.join(self._failures)}"
            )

    @cached_property
    def _fitter(self) -> RecordFitter:
        sources: dict[str, Any] = schemas.BILL["properties"]["sources"]["items"]
        return self._stream.fitter_of(sources["properties"])


def _fields(stored: StoredFile) -> Record:
    return {
        "path": str(stored.path),
        "file_name": stored.path.name,
        "size": stored.size,
        "sha256": stored.sha256,
        "content_type": stored.content_type,
    }


def address(base_url: str, link: str) -> tuple[str, str]:
    """The URL to request for a link, or why it is not requested: it is not the vendor's own.

    >>> address("https://utilityapi.com/api/v2", "http://utilityapi.com/files/a.pdf")[0]
    'https://utilityapi.com/files/a.pdf'
    >>> address("https://utilityapi.com/api/v2", "https://utilityapi.com.example/a.pdf")[1]
    'the link leads to another server, so it is not followed'
    """
    base = f"{base_url}/"
    if "\\" in link:  # some parsers of URLs take it for a slash, others for part of a name
        return "", NO_LINK
    try:
        url = with_scheme_of(base, urljoin(base, link))
        is_ours = origin(url) == origin(base) and not parse_url(url).auth
    except ValueError:
        return "", NO_LINK
    return (url, "") if is_ours else ("", ELSEWHERE)


def without_credential(url: str) -> str:
    """A URL without fragment, and without the token that UtilityAPI takes in the query as well.

    >>> without_credential("https://host/file?access_token=secret&uid=1")
    'https://host/file?uid=1'
    """
    head, _, query = url.partition("#")[0].partition("?")
    kept = [
        piece
        for piece in query.split("&")
        if piece and unquote(piece.partition("=")[0]).strip().lower() != CREDENTIAL_PARAM
    ]
    return f"{head}?{'&'.join(kept)}" if kept else head
