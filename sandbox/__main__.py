"""Run the sandbox from a command line: ``python -m sandbox --help``."""

from __future__ import annotations

import argparse
import asyncio
import dataclasses
import os
import signal
import sys
from pathlib import Path
from typing import TYPE_CHECKING

from sandbox.faults import FaultScript
from sandbox.options import SandboxOptions, add_arguments, from_arguments
from sandbox.server import Address, serve
from sandbox.wire import from_json, to_json

if TYPE_CHECKING:
    from collections.abc import Sequence


def main(arguments: Sequence[str] | None = None) -> int:
    """Serve until SIGTERM or SIGINT; return the exit code."""
    parser = argparse.ArgumentParser(
        prog="sandbox", description="A strict local stand-in for UtilityAPI and EnergyCAP."
    )
    add_arguments(parser)
    parser.add_argument("--faults", default="[]", help="fault script: a file, or JSON itself")
    parser.add_argument("--ready-file", type=Path, help="JSON written there once it listens")
    parser.add_argument(
        "--exit-with-parent", action="store_true", help="end when the parent process has"
    )
    given = parser.parse_args(arguments)
    try:
        options, rules = from_arguments(given), _rules(given.faults)
    except (OSError, TypeError, ValueError) as error:
        parser.error(str(error))
    asyncio.run(_serve(options, rules, given.ready_file, with_parent=given.exit_with_parent))
    return 0


def _rules(text: str) -> object:
    rules = from_json(text if text.lstrip().startswith("[") else Path(text).read_bytes())
    FaultScript(rules)
    return rules


async def _serve(
    options: SandboxOptions, rules: object, ready_file: Path | None, *, with_parent: bool
) -> None:
    stop = asyncio.Event()
    loop = asyncio.get_running_loop()
    for number in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(number, stop.set)
    if with_parent:
        _watch_parent(loop, stop, os.getppid())

    def ready(address: Address) -> None:
        _announce(address)
        if ready_file:
            _write(ready_file, to_json(dataclasses.asdict(address)))

    await serve(options, rules, ready, stop)


def _watch_parent(loop: asyncio.AbstractEventLoop, stop: asyncio.Event, parent: int) -> None:
    """Stop once the process has another parent than the one it started with."""
    if os.getppid() == parent:
        loop.call_later(0.25, _watch_parent, loop, stop, parent)
    else:
        stop.set()


def _announce(address: Address) -> None:
    sys.stdout.write(
        f"UtilityAPI  {address.utilityapi_base_url}  token   {address.utilityapi_token}\n"
        f"EnergyCAP   {address.energycap_base_url}  API key {address.energycap_api_key}\n"
        f"Control     {address.url}/__truth, /__requests, /__faults, /__health\n"
        f"            {address.url}/__bill, /__jobs, /__advance, /__reset\n"
        "Try:\n"
        f"  curl -H 'Authorization: Bearer {address.utilityapi_token}' "
        f"'{address.utilityapi_base_url}/accounting/billing-summaries?uids=123'\n"
    )
    sys.stdout.flush()


def _write(path: Path, content: bytes) -> None:
    """Write a file so that whoever waits for it never sees a part of it."""
    part = path.with_name(f"{path.name}.{os.getpid()}.part")
    part.write_bytes(content)
    part.replace(path)


if __name__ == "__main__":
    sys.exit(main())
