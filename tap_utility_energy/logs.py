"""Logging: lines per stream, readable times and numbers, and the SDK's lines at DEBUG."""

from __future__ import annotations

import logging
import sys
import weakref
from pathlib import Path
from typing import TYPE_CHECKING, Any

import singer_sdk
from singer_sdk.logging import ConsoleFormatter
from singer_sdk.metrics import Point, Tag, get_metrics_logger
from typing_extensions import override

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, MutableMapping

ROOT = "tap-utility-energy"
SDK = str(Path(singer_sdk.__file__).parent)


class StreamLog(logging.LoggerAdapter[logging.Logger]):
    """Logs for a stream: its name begins the line, and is ``stream_name`` in structured logs."""

    def __init__(self, stream: str) -> None:
        super().__init__(logging.getLogger(ROOT))
        self._stream = stream

    @override
    def process(
        self, msg: Any, kwargs: MutableMapping[str, Any]
    ) -> tuple[Any, MutableMapping[str, Any]]:
        extra = {**(kwargs.get("extra") or {}), "stream_name": self._stream}
        return f"{self._stream}: {msg}", {**kwargs, "extra": extra}


def every_handler() -> Iterator[logging.Handler]:
    """Every existing handler."""
    # Private, but the only list that has the handlers behind other handlers as well.
    for reference in logging._handlerList:  # type: ignore[attr-defined]  # noqa: SLF001
        handler = reference() if isinstance(reference, weakref.ref) else reference
        if handler:
            yield handler


def check_stdout() -> None:
    """Refuse a logging configuration that writes to stdout, among the Singer messages.

    Raises:
        ValueError: A handler writes to stdout.
    """
    if any(getattr(handler, "stream", None) is sys.stdout for handler in every_handler()):
        raise ValueError("stdout is for Singer messages; let the handler write to ext://sys.stderr")


def set_up_anew() -> None:
    """Log to stderr, after a logging configuration that cannot be used."""
    handler = logging.StreamHandler()
    handler.setFormatter(ConsoleFormatter())
    logging.basicConfig(level=logging.INFO, handlers=[handler], force=True)
    enable_loggers()


def enable_loggers() -> None:
    """Enable the tap's loggers: a logging configuration disables each that it does not name."""
    for name in list(logging.root.manager.loggerDict):
        if name.split(".")[0] == ROOT:
            logging.getLogger(name).disabled = False


def quiet_sdk() -> None:
    """Make the SDK's INFO lines and urllib3's lines DEBUG lines.

    The tap logs the same facts itself.

    Metrics stay INFO in handlers that the user's logging configuration gives to their logger,
    ``singer_sdk.metrics``. Call it when logging has been set up.
    """
    enable_loggers()
    metrics = get_metrics_logger()
    for handler in logging.root.handlers:
        asked_for = handler in metrics.handlers
        handler.addFilter(_QuietSDK(except_for=metrics.name if asked_for else None))


class _QuietSDK(logging.Filter):
    """Makes lines of the SDK and of urllib3 DEBUG lines, and begins metrics with their stream."""

    def __init__(self, except_for: str | None) -> None:
        super().__init__()
        self._except_for = except_for

    @override
    def filter(self, record: logging.LogRecord) -> bool:
        is_of_urllib3 = record.name.startswith("urllib3")
        if not (record.pathname.startswith(SDK) or is_of_urllib3):
            return True
        if record.name == self._except_for:
            return True
        # What urllib3 finds odd about an answer comes with a traceback, and says little.
        if record.levelno == logging.INFO or is_of_urllib3:
            record.levelno, record.levelname = logging.DEBUG, "DEBUG"
        point = record.args[0] if isinstance(record.args, tuple) and record.args else None
        if isinstance(point, Point):  # structured logs keep it as a field, under ``extra``
            stream = point.tags.get(Tag.STREAM)
            record.msg, record.args = "%s: METRIC %s", (stream, point)
            vars(record).update(stream_name=stream, metric_info=point.to_dict())
        return logging.root.isEnabledFor(record.levelno)


def duration(seconds: float) -> str:
    """A time as a person says it.

    >>> [duration(seconds) for seconds in (3.25, 95, 1200, 12000)]
    ['3.2 s', '95 s', '20 min', '3 h 20 min']
    """
    if seconds < 10:  # noqa: PLR2004
        return f"{seconds:.1f} s"
    if seconds < 120:  # noqa: PLR2004
        return f"{seconds:.0f} s"
    hours, minutes = divmod(round(seconds / 60), 60)
    if hours < 2:  # noqa: PLR2004
        return f"{60 * hours + minutes} min"
    return f"{hours} h {minutes} min"


def number(count: int, noun: str) -> str:
    """A count of things.

    >>> number(1, "record"), number(2400, "record")
    ('1 record', '2,400 records')
    """
    return f"{count:,} {noun}{'' if count == 1 else 's'}"


def shortened(names: Iterable[str], most: int = 10) -> str:
    """The names in order, the first few of many.

    >>> shortened({"b", "a", "c"}, most=2)
    'a, b and 1 more'
    """
    listed = sorted(names)
    more = len(listed) - most
    named = ", ".join(listed[:most])
    return f"{named} and {more} more" if more > 0 else named
