"""Shards of an account: parts of its authorizations, for runs side by side."""

from __future__ import annotations

import re
from hashlib import sha256
from typing import NamedTuple, Self

SETTING = "utilityapi_shard"
#: Each shard reads the whole list of authorizations, so many shards would read little else.
MAX_SHARDS = 1000


class Shard(NamedTuple):
    """One of several shards. Each authorization is in exactly one of them.

    Which one depends on its uid alone, so new and revoked authorizations move no other.
    """

    number: int
    of: int

    @classmethod
    def parse(cls, text: str) -> Self:
        """Read a shard.

        >>> Shard.parse("2/8")
        Shard(number=2, of=8)

        Raises:
            ValueError: The text is not a shard.
        """
        found = re.fullmatch(r"([1-9][0-9]{0,3})/([1-9][0-9]{0,3})", text)
        shard = cls(*map(int, found.groups())) if found else None
        if shard is None or not shard.number <= shard.of <= MAX_SHARDS:
            raise ValueError(
                f"{text!r} is not a shard such as 2/8, the second of eight shards; "
                f"there can be {MAX_SHARDS:,}"
            )
        return shard

    def holds(self, uid: object) -> bool:
        """Whether an authorization is in this shard."""
        digest = sha256(str(uid).encode("utf-8", "surrogatepass")).digest()
        return int.from_bytes(digest[:8], "big") % self.of == self.number - 1
