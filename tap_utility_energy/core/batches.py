"""Batches: files of records instead of RECORD messages."""

from __future__ import annotations

import gzip
from contextlib import nullcontext
from typing import TYPE_CHECKING, Any
from uuid import uuid4

from singer_sdk.batch import lazy_chunked_generator

from tap_utility_energy.core.messages import to_json
from tap_utility_energy.errors import UserInputError

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from singer_sdk.helpers._batch import BatchConfig
    from singer_sdk.helpers.types import Record

#: Protocols that can only be read.
READ_ONLY = {"http", "https"}


def setting_problems(config: Mapping[str, Any]) -> Iterator[str]:
    """A line for each problem with the setting, whose values have the right types."""
    if not config:
        return
    file_format = config.get("encoding", {}).get("format")
    if file_format is None:
        yield 'batch_config: set encoding.format, to "jsonl"'
    elif file_format == "parquet":
        yield (
            "batch_config: encoding.format: parquet is not supported, as its files lack every "
            'column that the first record lacks; set it to "jsonl"'
        )
    root = config.get("storage", {}).get("root")
    if root is None:
        yield "batch_config: set storage.root, to a folder such as file:///data/batches"
    elif problem := _storage_problem(root):
        yield f"batch_config: storage.root: {problem}"


def _storage_problem(root: str) -> str:
    """Why files cannot be written to this URL, as far as it tells, or ''."""
    # Only this setting needs them, and they take long to import.
    from fsspec import get_filesystem_class  # noqa: PLC0415
    from fsspec.utils import get_protocol  # noqa: PLC0415

    protocol = get_protocol(root)
    if protocol in READ_ONLY:
        return f"{protocol} is read-only"
    try:
        get_filesystem_class(protocol)
    except ImportError as error:
        return f"{error}, where the tap is installed"
    except ValueError:
        return f"there is no protocol {protocol}"
    return ""


def write(config: BatchConfig, name: str, records: Iterator[Record]) -> Iterator[str]:
    """Write records as lines of JSON, compressed if the encoding says gzip.

    The SDK's own writer compresses whatever the encoding says.

    Args:
        config: Where and how.
        name: What the files' names begin with.
        records: As they are to be written.

    Yields:
        The URL of each file.

    Raises:
        UserInputError: A file cannot be written.
    """
    storage, is_compressed = config.storage, config.encoding.compression == "gzip"
    start = f"{storage.prefix or ''}{name}-{uuid4()}"
    for number, chunk in enumerate(lazy_chunked_generator(records, config.batch_size), start=1):
        file_name = f"{start}-{number}.json{'.gz' * is_compressed}"
        lines = [f"{to_json(record)}\n".encode() for record in chunk]
        try:
            with (
                storage.open(file_name, "wb") as file,
                gzip.GzipFile(fileobj=file, mode="wb")
                if is_compressed
                else nullcontext(file) as out,
            ):
                out.writelines(lines)
            url = storage.get_url(file_name)
        except Exception as error:  # each kind of storage has its own
            raise UserInputError(
                f"batch_config: storage cannot be written to: {str(error).rstrip('.')}. Check "
                "storage.root, storage.prefix and storage.params."
            ) from error
        yield url
