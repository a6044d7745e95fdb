"""Groups of meters and of places."""

from __future__ import annotations

from tap_utility_energy.energycap import permissions
from tap_utility_energy.energycap.base import DOCS, EnergyCAPStream
from tap_utility_energy.energycap.schemas import groups


class MeterGroupsStream(EnergyCAPStream):
    """Meter groups, with the number of their meters.

    Which meters are in a group takes a request per group and is not read. Read and emitted whole on
    every run: ``lastUpdated`` tells of changes of the members, but not of the group's name.
    """

    name = "energycap_meter_groups"
    path = "/api/v3/meterGroup"
    docs_url = f"{DOCS}/metergroup/getallmetergroupsv3"
    primary_keys = ("meterGroupId",)
    is_filterable = True
    schema = groups.METER_GROUP
    permission = permissions.GROUPS
    is_paged = False
    selected_by_default = False


class PlaceGroupsStream(EnergyCAPStream):
    """Place groups, with the number of their places.

    Which places are in a group takes a request per group and is not read. Read and emitted whole on
    every run: ``lastUpdated`` tells of changes of the members, but not of the group's name.
    """

    name = "energycap_place_groups"
    path = "/api/v3/placeGroup"
    docs_url = f"{DOCS}/placegroup/"
    primary_keys = ("placeGroupId",)
    is_filterable = True
    schema = groups.PLACE_GROUP
    permission = permissions.GROUPS
    is_paged = False
    selected_by_default = False


#: The streams of this module.
STREAMS: tuple[type[EnergyCAPStream], ...] = (
    MeterGroupsStream,
    PlaceGroupsStream,
)
