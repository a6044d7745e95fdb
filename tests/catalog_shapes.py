"""What users of a stream's table rely on: its key, bookmark, and the types of its fields."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any


def shapes(catalog: Mapping[str, Any]) -> dict[str, dict[str, Any]]:
    """The shape of every stream of a catalog, by the stream's name."""
    return {
        entry["tap_stream_id"]: {
            "key": list(entry["key_properties"]),
            "bookmark": entry.get("replication_key"),
            "fields": dict(_fields(entry["schema"])),
        }
        for entry in catalog["streams"]
    }


def _fields(schema: Mapping[str, Any], path: str = "") -> Iterator[tuple[str, str]]:
    for name, field in sorted(schema.get("properties", {}).items()):
        where = f"{path}.{name}" if path else name
        kinds = field.get("type", [])
        kinds = [kinds] if isinstance(kinds, str) else kinds
        formats = [field["format"]] if "format" in field else []
        yield where, " ".join([*sorted(kinds), *formats])
        yield from _fields(field, where)
        yield from _fields(field.get("items", {}), f"{where}[]")


if __name__ == "__main__":
    import json

    from tap_utility_energy.tap import TapUtilityEnergy

    found = TapUtilityEnergy(config={}, validate_config=False).catalog_dict
    print(json.dumps(shapes(found), indent=1))  # noqa: T201 - it is a command
