"""What the settings filter UtilityAPI's lists by, in a check."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from tap_utility_energy.utilityapi.consents import chosen, filter_values

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from tap_utility_energy.check.asking import Answer, Source
    from tap_utility_energy.utilityapi.base import UtilityAPIStream

NO_CONSENT = "No authorization matches {settings}."
SOME_CONSENTS = (
    "{settings}: only the authorizations of the first page of their list were looked at; a sync "
    "filters by all that match."
)


def filters_of(
    stream: type[UtilityAPIStream],
    config: Mapping[str, Any],
    consents: Answer | None,
    source: Source,
) -> Mapping[str, Sequence[str]] | None:
    """The values to filter a list by, for each query parameter; None if nothing can match.

    Args:
        stream: The stream that reads the list.
        config: The settings.
        consents: The first page of authorizations, of those that the settings choose.
        source: The list, which takes notes.
    """
    filters = {name: filter_values(config, setting) for name, setting in stream.filters.items()}
    settings = ", ".join(chosen(config, stream.filters_of_consents))
    if not settings:
        return filters
    uids = (
        [str(record["uid"]) for record in consents.records if record.get("uid")] if consents else []
    )
    if consents and consents.page and not uids:
        source.note = NO_CONSENT.format(settings=settings)
    if consents and consents.has_more:
        source.left_out.append(SOME_CONSENTS.format(settings=settings))
    return {**filters, "authorizations": uids} if uids else None
