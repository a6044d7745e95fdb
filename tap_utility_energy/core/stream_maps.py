"""Stream maps and flattening: checks before the run."""

from __future__ import annotations

import fnmatch
import importlib.util
import re
from difflib import get_close_matches
from typing import TYPE_CHECKING, Any

from singer_sdk.exceptions import MappingError
from singer_sdk.mapper import CustomStreamMap, RemoveRecordTransform

from tap_utility_energy.core import expressions
from tap_utility_energy.core.computed_fields import declare
from tap_utility_energy.errors import UserInputError
from tap_utility_energy.http.errors import shown

if TYPE_CHECKING:
    from collections.abc import Collection, Iterator, Mapping

    from singer_sdk.mapper import PluginMapper, StreamMap
    from singer_sdk.singerlib.catalog import Catalog

REMOVED = (None, "__NULL__")
ELSE = "__else__"
FILTER = "__filter__"
TEXT_OPTIONS = ("__alias__", FILTER, "__source__")
KEY_OPTION = "__key_properties__"
OPTIONS = (*TEXT_OPTIONS, KEY_OPTION, ELSE)


def setting_problems(
    config: Mapping[str, Any], streams: Collection[str], given: Collection[str]
) -> Iterator[str]:
    """A line for each problem with the settings that change records.

    Args:
        config: The settings, each of the right type.
        streams: The names of the tap's streams.
        given: The names of all settings, those with a wrong value included.
    """
    for name, stream_map in config.get("stream_maps", {}).items():
        for problem in _map_problems(name, stream_map, streams):
            yield f"stream_maps: {problem}"
    if config.get("flattening_enabled") and "flattening_max_depth" not in given:
        yield "flattening_max_depth: set it, as flattening_enabled is on"
    if config.get("faker_config") and importlib.util.find_spec("faker") is None:
        yield "faker_config: install the package faker where the tap is installed"


def in_order(maps: Mapping[str, Any], streams: Collection[str]) -> dict[str, Any]:
    """The maps, those for a stream's own name last: the SDK takes the last one that matches.

    So a map for all streams, even if the file has it after a stream's own map, does not replace
    one that removes personal data.
    """
    ordered = sorted(maps.items(), key=lambda item: item[0] in streams)
    return {name: _as_the_sdk_reads_it(each) for name, each in ordered}


def _as_the_sdk_reads_it(stream_map: object) -> object:
    """The map with a list of keys, which every SCHEMA needs, and trimmed expressions."""
    if not isinstance(stream_map, dict):
        return stream_map
    texts = {
        name: value.strip() if isinstance(value, str) else value
        for name, value in stream_map.items()
    }
    return texts | ({KEY_OPTION: texts[KEY_OPTION] or []} if KEY_OPTION in texts else {})


def unknown_removed_fields(
    maps: Mapping[str, Any], fields: Mapping[str, Collection[str]]
) -> Iterator[str]:
    """A line for each field that a map removes but none of its streams has.

    Args:
        maps: The setting ``stream_maps``.
        fields: The names of the fields of each stream.
    """
    for name, each in maps.items():
        if not isinstance(each, dict):
            continue
        known = _fields_of(name, each, fields)
        for field, value in each.items():
            if value in REMOVED and not field.startswith("__") and field not in known:
                yield f"stream_maps: {name}: {field}: {_no_field(field, known)}"


def unknown_names(
    maps: Mapping[str, Any], fields: Mapping[str, Collection[str]], mapper: PluginMapper
) -> Iterator[str]:
    """A line for each name in an expression that no record can have.

    Args:
        maps: The setting ``stream_maps``.
        fields: The names of the fields of each stream.
        mapper: The SDK's, with the selected streams.
    """
    evaluated = [
        each
        for all_of in mapper.stream_maps.values()
        for each in all_of
        if isinstance(each, CustomStreamMap)
    ]
    if not evaluated:
        return
    scope = expressions.scope_of(evaluated[0])
    for name, each in maps.items():
        if not isinstance(each, dict):
            continue
        known = _fields_of(name, each, fields)
        for field, expression in {**_computed(each), **_filter(each)}.items():
            for problem in expressions.unknown_names(expression, field, known, scope):
                yield f"stream_maps: {name}: {field}: {problem}"


def _fields_of(
    name: str, stream_map: Mapping[str, Any], fields: Mapping[str, Collection[str]]
) -> set[str]:
    """The fields of all streams that a map is for."""
    streams = fnmatch.filter(fields, _source(name, stream_map))
    return set().union(*(fields[one] for one in streams))


def _filter(definition: Mapping[str, Any]) -> dict[str, str]:
    return {FILTER: definition[FILTER]} if FILTER in definition else {}


def _no_field(field: str, known: Collection[str]) -> str:
    outer = [name for name in known if re.match(rf"{re.escape(name)}[^A-Za-z0-9]", field)]
    if outer:
        return f"a part of {outer[0]} is left out by an expression: see docs/personal-data.md"
    near = get_close_matches(field, known, n=1)
    return "there is no such field to leave out" + (f"; did you mean {near[0]}?" if near else "")


def _source(name: str, stream_map: Mapping[str, Any]) -> str:
    """The stream that a map is for, or the pattern of streams."""
    return str(stream_map.get("__source__", name))


def _definitions(maps: Mapping[str, Any], stream: str) -> list[dict[str, Any]]:
    """The maps for a stream, in the order of the SDK's: its own, and those for copies of it."""
    own, copies = {}, []
    for name, each in maps.items():
        definition = each if isinstance(each, dict) else {}
        source = _source(name, definition)
        if stream == source or fnmatch.fnmatch(stream, source):
            if "__source__" in definition:
                copies.append(definition)
            else:
                own = definition
    return [own, *copies]


def overridden(maps: Mapping[str, Any], stream: str) -> list[str]:
    """The patterns among the maps that have no effect on a stream, as it has a map of its own."""
    if stream not in maps:
        return []
    names = (name for name, each in maps.items() if "__source__" not in (each or ()))
    return [name for name in names if name != stream and fnmatch.fnmatch(stream, name)]


def filters(maps: Mapping[str, Any], stream: str) -> bool:
    """Whether the setting ``stream_maps`` may leave records of a stream out."""
    return any(
        isinstance(each, dict)
        and "__filter__" in each
        and fnmatch.fnmatch(stream, _source(name, each))
        for name, each in maps.items()
    )


def mapped_fields(maps: Mapping[str, Any], stream: str, fields: Collection[str]) -> set[str]:
    """The fields of a stream that a map changes or removes.

    >>> maps = {"bills": {"email": "__NULL__", "total": "total * 2", "uid": "uid"}}
    >>> sorted(mapped_fields(maps, "bills", ["email", "total", "uid"]))
    ['email', 'total']

    Args:
        maps: The setting ``stream_maps``.
        stream: The name of the stream.
        fields: The names of its fields, which ``__else__`` removes without naming them.
    """
    definitions = _definitions(in_order(maps, [stream]), stream)
    changed = {
        name
        for definition in definitions
        for name, expression in definition.items()
        if not name.startswith("__") and expression != name
    }
    removed = (set(fields) - each.keys() for each in definitions if ELSE in each)
    return changed.union(*removed)


def _map_problems(name: str, stream_map: object, streams: Collection[str]) -> Iterator[str]:
    if name == ELSE:
        if stream_map not in REMOVED:
            yield f"{ELSE}: it must be null, which leaves all other streams out"
        return
    if name.startswith("__"):
        yield f"{name}: {_unknown(name, [ELSE], 'option')}"
        return
    source = stream_map.get("__source__", name) if isinstance(stream_map, dict) else name
    # A map for a stream that does not exist would silently do nothing.
    if isinstance(source, str) and source and not fnmatch.filter(streams, source):
        yield f"{source}: {_unknown(source, streams, 'stream')}"
    if isinstance(stream_map, dict):
        if {"__source__", "__alias__"} <= stream_map.keys():
            yield f"{name}: __alias__: a copy of a stream is named after its map: {name}"
        for field, value in stream_map.items():
            if problem := _field_problem(field, value):
                yield f"{name}: {field}: {problem}"
    elif stream_map not in REMOVED:
        yield f"{name}: it must be an object, or null to leave the stream out"


def _field_problem(field: str, value: object) -> str:
    """What is wrong with a field or an option of a map, or ''."""
    if not field or not field.isprintable():
        return "it is not a field name"
    match field:
        case "__else__":
            return "" if value in REMOVED else "it must be null, which leaves other fields out"
        case "__key_properties__":
            names = value if isinstance(value, list) else [] if value is None else [None]
            named = all(isinstance(name, str) for name in names)
            return "" if named else "it must be a list of fields"
        case "__source__":
            return "" if isinstance(value, str) and value else "it must be the name of a stream"
        case "__alias__" | "__filter__":
            return expressions.problem(value)
        case _ if field.startswith("__"):
            return _unknown(field, OPTIONS, "option")
        case _:
            return "" if value in REMOVED else expressions.problem(value)


def _unknown(name: str, known: Collection[str], what: str) -> str:
    near = get_close_matches(name, known, n=1)
    return f"there is no such {what}" + (f"; did you mean {near[0]}?" if near else "")


def register(mapper: PluginMapper, stream: str, catalog: Catalog, longest_name: int | None) -> None:
    """Register a stream with the mapper, with its selected fields.

    Args:
        mapper: The SDK's.
        stream: The name of the stream.
        catalog: The stream's entry alone.
        longest_name: The setting ``flattening_max_key_length``.

    Raises:
        UserInputError: The settings do not fit the stream's fields.
    """
    definitions = _definitions(mapper.stream_maps_dict, stream)
    for definition in definitions:
        _check_keys(definition, stream, catalog[stream].key_properties or ())
    try:
        mapper.register_raw_streams_from_catalog(catalog)
    except MappingError as error:
        raise UserInputError(f"stream_maps: {stream}: {error}") from error
    except ValueError as error:  # of flattening
        raise UserInputError(
            f"flattening_max_key_length: {stream}: {error}. Two fields would get the same name: "
            "set it higher, or another flattening_separator"
        ) from error
    except AttributeError as error:  # of faker, for a locale that it does not have
        raise UserInputError(f"faker_config: {error}") from error
    fields = catalog[stream].schema.to_dict().get("properties", {})
    for stream_map, definition in zip(mapper.stream_maps[stream], definitions, strict=True):
        if isinstance(stream_map, CustomStreamMap):
            expressions.prepare(stream_map)
        declare(stream_map, _computed(definition), fields)
        _check_names(stream_map, stream, longest_name)


def same_names(mapper: PluginMapper) -> Iterator[str]:
    """A line for each name that several streams would have, as rows of one table."""
    names: dict[str, list[str]] = {}
    for stream, maps in mapper.stream_maps.items():
        for each in maps:
            if not isinstance(each, RemoveRecordTransform):
                names.setdefault(each.stream_alias, []).append(stream)
    for alias, streams in names.items():
        if len(streams) > 1:
            both = "both" if len(streams) == 2 else "all"  # noqa: PLR2004
            yield f"stream_maps: {' and '.join(streams)} would {both} be called {alias}"


def _check_keys(definition: Mapping[str, Any], stream: str, keys: Collection[str]) -> None:
    """Check that a map with ``__else__`` keeps the whole key; the SDK names only one field.

    Raises:
        UserInputError: It does not.
    """
    lost = [key for key in definition.get(KEY_OPTION, keys) if key not in definition]
    if ELSE in definition and lost:
        fields = ", ".join(f'"{key}": "{key}"' for key in lost)
        raise UserInputError(
            f"stream_maps: {stream}: {ELSE} leaves the key out: add {fields}, or name another in "
            f"{KEY_OPTION}"
        )


def _computed(definition: Mapping[str, Any]) -> dict[str, str]:
    """The expressions by the fields that they are for."""
    return {
        field: value
        for field, value in definition.items()
        if not field.startswith("__") and value not in REMOVED
    }


def _check_names(stream_map: StreamMap, stream: str, longest_name: int | None) -> None:
    alias = stream_map.stream_alias
    if not (isinstance(alias, str) and alias and alias.isprintable()):
        raise UserInputError(f"stream_maps: {stream}: __alias__: {shown(alias)} is not a name")
    if not stream_map.flattening_enabled or longest_name is None:
        return
    longest = max(stream_map.transformed_schema.get("properties", ()), key=len, default="")
    if len(longest) > longest_name:
        raise UserInputError(
            f"flattening_max_key_length: {stream}: the shortest name that can be made of one of "
            f"its fields is {longest}, of {len(longest)} characters; set it to that at least"
        )
