"""How much to request at once, by the size of earlier answers."""

from __future__ import annotations

from collections import deque

#: Bytes of the answers to one chunk; a single meter can have more.
#:
#: A meter's own data is not split by ``start`` and ``end``: the vendor does not document what they
#: do to an interval that they are in the middle of, and nothing would tell of a missing reading.
MOST_BYTES = 32 << 20
#: Into so many parts it is divided at most, if several chunks are in flight: each is a request
#: that counts for the rate limit.
MOST_PARTS = 4
#: Estimates use the largest size per record among so many of the latest chunks.
REMEMBERED = 4


class AnswerSizes:
    """Guesses the size of an answer from those that came before in the run.

    >>> sizes = AnswerSizes(bytes_per_record=300, first_meters=10)
    >>> sizes.expected(1000), sizes.meters_at_once
    (300000, 10)
    >>> sizes.note(meters=10, records=10_000, size=8_000_000)
    >>> sizes.expected(1000), sizes.meters_at_once
    (800000, 20)

    Args:
        bytes_per_record: The size of a bill or reading, before there is an answer.
        first_meters: The maximum number of meters in the first chunk; it doubles with each, because
            the meters' counts may be wrong.
        most_meters: The maximum number in any chunk.
        most_bytes: The maximum size of the answers to a chunk of several meters.
    """

    def __init__(
        self,
        bytes_per_record: int,
        first_meters: int,
        most_meters: int = 100,
        most_bytes: int = MOST_BYTES,
    ) -> None:
        self.meters_at_once = first_meters
        self.most_bytes = most_bytes
        self._most_meters = most_meters
        self._per_record = deque[float]([bytes_per_record], REMEMBERED)
        self._per_meter = deque[float]([most_bytes / first_meters], REMEMBERED)
        #: Whether there was no answer yet.
        self.are_guessed = True

    def note(self, meters: int, records: int, size: int) -> None:
        """Learn from the answers to a chunk.

        Args:
            meters: The number of its meters.
            records: How many bills or readings were expected, by the meters' counts.
            size: The size of the answers, in bytes.
        """
        if self.are_guessed:
            self._per_record.clear()
            self._per_meter.clear()
        self.are_guessed = False
        self._per_record.append(size / max(records, 1))
        self._per_meter.append(size / max(meters, 1))
        self.meters_at_once = min(self.meters_at_once * 2, self._most_meters)

    def expected(self, records: int) -> int:
        """The size of a meter's answer, in bytes.

        Args:
            records: How many bills or readings its count says that it has; 0 if that is unknown.
        """
        return int(records * max(self._per_record) if records else max(self._per_meter))
