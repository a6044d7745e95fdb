"""Errors whose message is shown to the user as it is."""

from __future__ import annotations


class UserInputError(Exception):
    """Something that the user has given cannot be used. Its text is one line for a person."""
