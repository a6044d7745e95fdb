"""The report for an issue: JSON without any value of the vendors' data."""

from __future__ import annotations

import json
import os
import platform
import stat
from collections import Counter
from contextlib import suppress
from pathlib import Path
from tempfile import NamedTemporaryFile
from typing import IO, TYPE_CHECKING, Any, Self

from tap_utility_energy.check.facts import counted
from tap_utility_energy.errors import UserInputError

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from tap_utility_energy.check.asking import Source
    from tap_utility_energy.check.facts import Verdict
    from tap_utility_energy.check.shapes import Shape
    from tap_utility_energy.check.vendors import Checked

#: The version of the report's own form.
FORMAT = 1


def document(checked: Sequence[Checked], version: str) -> dict[str, Any]:
    """The report: shapes, counts and names of fields.

    Args:
        checked: What came of the check of each vendor.
        version: The tap's.
    """
    return {
        "report": "tap-utility-energy check",
        "format": FORMAT,
        "version": version,
        "python": platform.python_version(),
        "vendors": {each.vendor: _vendor(each) for each in checked},
    }


def _vendor(checked: Checked) -> dict[str, Any]:
    seen = checked.watch.seen
    refusals = Counter(" ".join((str(r.status), r.kind, r.slug)).strip() for r in seen.refusals)
    return {
        "host": checked.host,
        "requests": checked.watch.own.sent,
        "most_requests": checked.watch.own.most,
        "seconds": round(checked.seconds, 1),
        "statuses": {str(status): count for status, count in sorted(seen.statuses.items())},
        "refusals": dict(sorted(refusals.items())),
        "facts": {fact.name: _outcome(verdict) for fact, verdict in checked.findings},
        "lists": [_list(source) for source in checked.sources],
    }


def _outcome(verdict: Verdict) -> str:
    return f"{verdict.outcome}: {verdict.seen}".rstrip(": ")


def _list(source: Source) -> dict[str, Any]:
    answer = source.answer
    return {
        "path": source.path,
        "streams": list(source.names),
        "answer": source.outcome,
        "permission": source.permission if answer and answer.lacks_permission else "",
        "records_in_sample": source.shape.records,
        "bytes_in_sample": len(answer.page.body) if answer and answer.page else 0,
        "seconds": round(answer.seconds, 1) if answer else 0,
        "records": source.total,
        "records_are_at_least": source.is_at_least,
        "requests_of_a_first_sync": source.requests,
        "first_requests_by_filters": source.parts,
        **_fields(source.shape),
    }


def _fields(shape: Shape) -> dict[str, Any]:
    return {
        "fields_by_kind": _by_kind(shape.kinds),
        "unknown_fields": " ".join(shape.names),
        "unknown_fields_not_named": shape.unnamed,
        "off_type_fields": {path: _counts(kinds) for path, kinds in shape.off_type.items()},
    }


def _by_kind(fields: Mapping[str, Mapping[str, int]]) -> dict[str, str]:
    """The fields that have the same kinds of values, which keeps a report short."""
    found: dict[str, list[str]] = {}
    for path, kinds in fields.items():
        found.setdefault(", ".join(sorted(kinds)), []).append(path)
    return {kinds: " ".join(paths) for kinds, paths in sorted(found.items())}


def _counts(kinds: Mapping[str, int]) -> str:
    return counted(kinds.items(), most=12)


class ReportFile:
    """A file that is there whole or, after a failure, as it was before.

    Args:
        path: Its path.

    Raises:
        UserInputError: It cannot be written there.
    """

    def __init__(self, path: str) -> None:
        self._name = path
        # What takes the place of a link's target leaves the link alone.
        self._path = Path(os.path.realpath(path))
        self._mode = self._mode_of_the_earlier()
        self._part = self._opened()

    def _mode_of_the_earlier(self) -> int | None:
        """The permissions of the file that is there; None if there is none."""
        try:
            found = self._path.stat().st_mode if self._path.exists() else None
        except OSError as error:
            raise self._problem(error) from error
        if found is not None and not stat.S_ISREG(found):
            raise UserInputError(f"--report {self._name}: it is there and is not a file")
        return found

    def _opened(self) -> IO[str]:
        folder = self._path.parent
        try:
            return NamedTemporaryFile(
                "w", encoding="ascii", dir=folder, prefix=".check-", suffix=".part", delete=False
            )
        except OSError as error:
            raise self._problem(error) from error

    def __enter__(self) -> Self:
        """Return itself."""
        return self

    def __exit__(self, *_: object) -> None:
        """Remove what was not finished."""
        with suppress(OSError):  # closing writes once more what a full disk refused
            self._part.close()
        Path(self._part.name).unlink(missing_ok=True)

    def write(self, content: Mapping[str, Any]) -> None:
        """Write the file, and put it in its place.

        Raises:
            UserInputError: It cannot be written.
        """
        try:
            self._part.write(json.dumps(content, indent=1) + "\n")
            self._part.flush()
            os.fsync(self._part.fileno())
            self._part.close()
            if self._mode is not None:
                Path(self._part.name).chmod(stat.S_IMODE(self._mode))
            Path(self._part.name).replace(self._path)
        except OSError as error:
            raise self._problem(error) from error

    def _problem(self, error: OSError) -> UserInputError:
        return UserInputError(f"--report {self._name}: {error.strerror or error}")
