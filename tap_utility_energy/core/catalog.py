"""The user's catalog: its structure, and whether its entries fit the streams.

It may have been edited, or written by an older version: Meltano keeps one across upgrades.
"""

from __future__ import annotations

from collections import Counter
from difflib import get_close_matches
from typing import TYPE_CHECKING, Any

from jsonschema import Draft7Validator, FormatChecker
from jsonschema.exceptions import best_match
from singer_sdk.singerlib import Metadata, Schema, StreamMetadata
from singer_sdk.singerlib.catalog import REPLICATION_FULL_TABLE, REPLICATION_INCREMENTAL

from tap_utility_energy.core.catalog_file import fault_of
from tap_utility_energy.core.json_types import OTHER_KEYWORDS, is_deeper, types_of
from tap_utility_energy.core.record import EXTRA
from tap_utility_energy.core.schema import nullable_fields
from tap_utility_energy.errors import UserInputError
from tap_utility_energy.http.errors import one_line
from tap_utility_energy.logs import shortened
from tap_utility_energy.stats import kept

if TYPE_CHECKING:
    from collections.abc import Collection, Iterator, Mapping, Sequence

    from singer_sdk.singerlib import Catalog, CatalogEntry

#: Maximum nesting of objects and lists; deeper ones cannot be checked and copied recursively.
DEEPEST = 100
#: Keywords that no value has to fit, whatever they hold.
ANNOTATIONS = frozenset({"$comment", "$id", "$schema", "default", "description", "title"})
#: Keywords of a stream's own schema that stay as they are given.
OF_RECORDS = ANNOTATIONS | {"additionalProperties"}
#: What to do about a catalog of another version.
REDISCOVER_HINT = (
    "(If another version wrote the catalog, discover again: meltano run --refresh-catalog.)"
)


def validated(content: dict[str, Any]) -> dict[str, Any]:
    """The content of a file, if it is a catalog.

    Raises:
        UserInputError: It is none, and where.
    """
    if is_deeper(content, DEEPEST):
        raise UserInputError(f"objects in it are nested more than {DEEPEST} deep")
    if fault := fault_of(content):
        raise UserInputError(f"not a Singer catalog, such as --discover prints: {fault}")
    names = Counter(stream["tap_stream_id"] for stream in content["streams"])
    if twice := [name for name, count in names.items() if count > 1]:
        raise UserInputError(f"it has more than one entry for {', '.join(twice)}")
    for stream in content["streams"]:
        for part in stream.get("metadata", []):
            # The SDK reads the method from the entry; Singer's users set it in the metadata.
            if not part["breadcrumb"] and (method := part["metadata"].get("replication-method")):
                stream["replication_method"] = method
    return content


def unknown_streams(catalog: Catalog, known: Collection[str]) -> Iterator[str]:
    """A line for each selected entry without a stream, which would silently have no records."""
    for name, entry in catalog.items():
        if name not in known and entry.metadata.resolve_selection().get((), True):
            near = get_close_matches(name, known, n=1)
            hint = f"; did you mean {near[0]}?" if near else ""
            yield f"--catalog: {name}: there is no such stream{hint} {REDISCOVER_HINT}"


def entry_problems(
    entry: CatalogEntry,
    schema: Mapping[str, Any],
    keys: Sequence[str],
    replication_key: str | None,
) -> Iterator[str]:
    """A line for each value in a stream's entry that the tap does not support.

    Args:
        entry: The stream's, completed.
        schema: The stream's schema.
        keys: The key that the tap gives the stream.
        replication_key: The stream's, if it has one.
    """
    name, root = entry.tap_stream_id, entry.metadata.get((), StreamMetadata())
    assert isinstance(root, StreamMetadata)  # noqa: S101 - by the breadcrumb
    for alias in {entry.stream, entry.stream_alias} - {None, "", name}:
        yield (
            f'--catalog: {name}: "{alias}" is another name. Rename a stream by the setting '
            f'stream_maps: {{"{name}": {{"__alias__": "{alias}"}}}}'
        )
    methods = [REPLICATION_FULL_TABLE, *[REPLICATION_INCREMENTAL] * (replication_key is not None)]
    if (method := entry.replication_method) not in {None, "", *methods}:
        can_be = " or ".join(methods)
        yield f'--catalog: {name}: replication_method is "{method}"; it can be {can_be}'
    for key in {entry.replication_key, root.replication_key} - {None, "", replication_key}:
        can_be = f"it can be {replication_key}" if replication_key else "this stream has none"
        yield f'--catalog: {name}: replication_key is "{key}"; {can_be}'
    fields = entry.schema.properties or {}
    for key in entry.key_properties or root.table_key_properties or ():
        if key not in fields:
            yield (
                f"--catalog: {name}: key_properties has {key}, which the schema lacks; the key is "
                f"{', '.join(keys)} {REDISCOVER_HINT}"
            )
    for field, problem in _schema_problems(fields):
        yield f"--catalog: {name}: the schema of {field} is not valid: {problem}"
    for key in keys:
        own, given = schema["properties"][key], fields[key].to_dict()
        (kind,) = types_of(own)
        is_typed = types_of(given) & {kind, "string"}
        formats = {None, own.get("format")}
        if not is_typed or given.keys() & OTHER_KEYWORDS or given.get("format") not in formats:
            can_be = "string" if kind == "string" else f"{kind} or string"
            yield (
                f"--catalog: {name}: {key} is in the key, so its schema can have the type {can_be} "
                "and nothing else that a value would have to fit"
            )


def _schema_problems(fields: Mapping[str, Schema]) -> Iterator[tuple[str, str]]:
    """Each field whose schema no validator can read, and why."""
    checker = Draft7Validator(Draft7Validator.META_SCHEMA, format_checker=FormatChecker())
    for field, schema in fields.items():
        errors = [
            error
            for error in checker.iter_errors(schema.to_dict())
            if error.path and error.path[-1] not in ANNOTATIONS
        ]
        if error := best_match(errors):
            place = ".".join(map(str, error.absolute_path))
            yield field, f"{place}: {one_line(error.message, 200)}"


def entry_notes(
    entry: CatalogEntry,
    schema: Mapping[str, Any],
    keys: Sequence[str],
    replication_key: str | None,
) -> Iterator[str]:
    """A line for each difference from the stream, as in a catalog of an older version.

    Args:
        entry: The stream's, as it was given.
        schema: The stream's schema.
        keys: The key that the tap gives the stream.
        replication_key: The stream's, if it has one.
    """
    root = entry.metadata.get((), StreamMetadata())
    assert isinstance(root, StreamMetadata)  # noqa: S101 - by the breadcrumb
    own = schema["properties"].keys() - {"extra", replication_key, *keys}  # these are added
    if missing := own - set(entry.schema.properties or own):
        is_selected = entry.metadata.resolve_selection().get(("properties", "extra"), True)
        where = kept(is_selected)
        yield f"the catalog does not name {shortened(missing)}: {where}. {REDISCOVER_HINT}"
    given = entry.key_properties or root.table_key_properties
    if given and set(given) != set(keys):
        theirs, ours = ", ".join(given), ", ".join(keys)
        yield f"the catalog's key is {theirs}, and this version's {ours}. {REDISCOVER_HINT}"


def complete_entry(
    entry: CatalogEntry,
    schema: Mapping[str, Any],
    keys: Sequence[str],
    replication_key: str | None,
) -> None:
    """Add to a stream's entry what it must have: the keys, their fields and ``extra``.

    Args:
        entry: The stream's.
        schema: The stream's schema.
        keys: The key that the tap gives the stream.
        replication_key: The stream's, if it has one.
    """
    root = entry.metadata.get((), StreamMetadata())
    assert isinstance(root, StreamMetadata)  # noqa: S101 - by the breadcrumb
    if entry.key_properties is None and root.table_key_properties is None:
        entry.key_properties = keys
    if not entry.replication_key and not root.replication_key:
        entry.replication_key = replication_key
    if root.forced_replication_method:
        entry.replication_method = root.forced_replication_method
    given = entry.schema.to_dict()
    fields: dict[str, Any] = given.get("properties") or dict(schema["properties"])
    needed = [name for name in (*keys, replication_key) if name]
    for name in needed:
        if "type" not in fields.get(name, {}):  # which the SDK asks for
            fields[name] = {**schema["properties"][name], **fields.get(name, {})}
    # Whatever does not fit a schema is kept there.
    fields = {**nullable_fields(fields, keys), "extra": EXTRA}
    # Only the keys are always there, and no other keyword may refuse a record as a whole.
    own = {name: value for name, value in given.items() if name in OF_RECORDS}
    required = {"type": "object", "properties": fields, "required": list(keys)}
    entry.schema = Schema.from_dict(own | required)
    if entry.metadata:  # without any, all is selected
        if () not in entry.metadata:
            entry.metadata[()] = StreamMetadata(selected=True)
        for name in needed:
            entry.metadata["properties", name].inclusion = Metadata.InclusionType.AUTOMATIC
