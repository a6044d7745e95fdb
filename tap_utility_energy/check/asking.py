"""Asking a vendor: a request of a check, and what came of it."""

from __future__ import annotations

import logging
import re
from dataclasses import dataclass, field
from http import HTTPStatus
from typing import TYPE_CHECKING, Any

from tap_utility_energy import signals
from tap_utility_energy.check.budget import BudgetSpentError
from tap_utility_energy.check.shapes import Shape
from tap_utility_energy.http.errors import FatalError
from tap_utility_energy.logs import ROOT
from tap_utility_energy.stats import StreamStats

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from tap_utility_energy.check.budget import Watch
    from tap_utility_energy.core.json_types import Schema
    from tap_utility_energy.http.client import Client
    from tap_utility_energy.http.page import Page, PageFormat

logger = logging.getLogger(ROOT)

#: The longest that a check waits for one answer, and goes on with a request that fails, in
#: seconds. A sync is more patient.
LONGEST_ANSWER, LONGEST_WAIT = 120, 60
#: A vendor that fails so often before anything was read is not asked any further.
MOST_FAILURES = 3
REFUSED = range(HTTPStatus.BAD_REQUEST, HTTPStatus.INTERNAL_SERVER_ERROR)
#: What a missing permission is answered with, and what may pass if one waits.
FORBIDDEN = (HTTPStatus.UNAUTHORIZED, HTTPStatus.FORBIDDEN)
PASSING = (HTTPStatus.ACCEPTED, HTTPStatus.TOO_MANY_REQUESTS, *range(500, 600))


def patient_for_a_check(config: Mapping[str, Any]) -> dict[str, Any]:
    """The settings, with the shorter times of a check."""
    return {
        **config,
        "request_timeout": min(config["request_timeout"], LONGEST_ANSWER),
        "max_wait_seconds": min(config["max_wait_seconds"], LONGEST_WAIT),
    }


@dataclass
class Answer:
    """What came of a request.

    Args:
        page: The answer, if it was good.
        status: The last status; 0 if there was no answer.
        seconds: How long it took.
        error: Why there is no page.
        was_sent: Whether a request was sent at all.
        slug: The machine's name of the error, if the vendor documents it.
    """

    page: Page | None = None
    status: int = 0
    seconds: float = 0.0
    error: FatalError | None = None
    was_sent: bool = False
    slug: str = ""

    @property
    def records(self) -> list[dict[str, Any]]:
        """The records that are objects."""
        listed = self.page.records if self.page else []
        return [record for record in listed if isinstance(record, dict)]

    @property
    def fields(self) -> Mapping[str, Any]:
        """What stands beside the list."""
        return self.page.fields if self.page else {}

    @property
    def headers(self) -> Mapping[str, str]:
        """The headers."""
        return self.page.headers if self.page else {}

    @property
    def has_more(self) -> bool:
        """Whether the answer has a link to a next page."""
        return bool(self.fields.get("next"))

    @property
    def failure(self) -> FatalError | None:
        """Why a sync would not get it either, as far as known."""
        is_unknown = isinstance(self.error, BudgetSpentError) and not self.was_sent
        return None if is_unknown else self.error

    @property
    def is_refused(self) -> bool:
        """Whether the vendor has refused the request."""
        return self.page is None and self.status in REFUSED

    @property
    def lacks_permission(self) -> bool:
        """Whether it was refused in the way that a missing permission is."""
        return self.is_refused and self.status in FORBIDDEN

    @property
    def is_out_of_time(self) -> bool:
        """Whether a sync, which waits longer, may still get an answer."""
        may_pass = not self.status or self.status in PASSING
        return self.page is None and self.was_sent and may_pass


@dataclass
class Source:
    """One list of a vendor, which one or several streams read.

    Args:
        path: Its path.
        names: The streams.
        permission: What the vendor calls the right to read it.
        schema: The schema of its records.
        selected: Whether a stream of it is selected by default.
    """

    path: str
    names: Sequence[str]
    permission: str
    schema: Schema
    is_default: bool
    answer: Answer | None = None
    #: What came of the other requests for it that a sync sends too, such as for its second page.
    others: list[Answer] = field(default_factory=list)
    #: Why it was not asked for, or why it is empty.
    note: str = ""
    #: What was not looked at, and is not counted.
    left_out: list[str] = field(default_factory=list)
    #: How many requests the uids of the settings take, of which the first was sent.
    parts: int = 1
    shape: Shape = field(init=False)
    #: How many records there are, as far as known, and whether there may be more.
    total: int | None = None
    is_at_least: bool = False
    #: The requests and seconds of a first sync of it, as far as known.
    requests: int | None = None
    sync_seconds: float | None = None

    def __post_init__(self) -> None:
        """Begin without records."""
        self.shape = Shape(self.schema)

    @property
    def records(self) -> list[dict[str, Any]]:
        """The records of the first page."""
        return self.answer.records if self.answer else []

    @property
    def answers(self) -> list[Answer]:
        """What came of all requests for it that a sync sends too."""
        return [*([self.answer] if self.answer else []), *self.others]

    @property
    def failure(self) -> FatalError | None:
        """Why a sync of it would fail: the vendor refused it, or did not answer."""
        return next((answer.failure for answer in self.answers if answer.failure), None)

    def also(self, answer: Answer) -> Answer:
        """Take the answer to a further request for it that a sync sends too."""
        self.others.append(answer)
        return answer

    @property
    def outcome(self) -> str:
        """What came of it, in a word or two."""
        answer = self.answer
        if answer is None or not answer.was_sent:
            return "not asked"
        if answer.page and self.failure:
            return "read in part"
        if answer.page:
            return "read" if answer.page.records else "empty"
        if answer.is_refused:
            return f"refused: {answer.status}"
        return f"failed: {answer.status}" if answer.status else "no answer"


class Asker:
    """Sends the requests of a check to one vendor, one after the other.

    Args:
        client: The vendor's client.
        watch: Counts the requests.
    """

    def __init__(self, client: Client, watch: Watch) -> None:
        client.watcher = watch
        self.client = client
        self.watch = watch
        #: Whether the vendor is not asked any further.
        self.is_down = False
        #: Why no request to the vendor can succeed, if that is so.
        self.failure: FatalError | None = None
        self._read = self._failed = 0

    def ask(
        self,
        name: str,
        url: str,
        page_format: PageFormat,
        params: Mapping[str, Any] | None = None,
        permission: str = "",
    ) -> Answer:
        """Request a page.

        Args:
            name: What to call the request while it waits.
            url: The page's.
            page_format: The documented format of the answer.
            params: The query, if the URL has none.
            permission: What the vendor calls the right to read it.
        """
        clock, watch = self.client.clock, self.watch
        begun, sent, page, error = clock.now(), watch.own.sent, None, None
        watch.begin()
        logger.debug("asking for %s", name)
        try:
            page = self.client.get(
                url, page_format, StreamStats(name), params=params, permission=permission
            )
        except FatalError as failed:
            error = _of_a_check(failed)
        signals.check()
        self._note(error)
        seconds, was_sent = clock.now() - begun, watch.own.sent > sent
        return Answer(page, watch.status, seconds, error, was_sent, watch.slug)

    def ask_for(self, source: Source, answer: Answer) -> Answer:
        """Take the answer to a request for a list's first page."""
        source.answer = answer
        source.shape.add(answer.page.records if answer.page else [])
        return answer

    def _note(self, error: FatalError | None) -> None:
        self._read += error is None
        self._failed += error is not None
        is_hopeless = not self._read and self._failed >= MOST_FAILURES
        self.is_down |= is_hopeless or (error is not None and error.whole_vendor)
        if error and error.whole_vendor and not isinstance(error, BudgetSpentError):
            self.failure = error


def _of_a_check(error: FatalError) -> FatalError:
    """An error that does not tell of a setting which a check does not go by."""
    text = re.sub(r", and max_wait_seconds is [0-9]+", "", str(error))
    error.args = (text.replace(", or raise max_wait_seconds", ""), *error.args[1:])
    return error
