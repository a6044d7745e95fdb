"""Errors whose message is shown to the user as it is."""

from __future__ import annotations


class UserInputError(Exception):
    """Invalid input of the user. Its text is one line, shown as it is."""
