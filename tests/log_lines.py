"""Lines of the log, taken apart."""

from __future__ import annotations


def told(stderr: str) -> list[tuple[str, str]]:
    """The level and the text of each line."""
    return [(parts[1].strip(), parts[3]) for line in stderr.splitlines() if (parts := split(line))]


def split(line: str) -> list[str]:
    return line.split(" | ", 3)
