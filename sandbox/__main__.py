"""Run the sandbox from a command line: ``python -m sandbox --help``."""

from __future__ import annotations

import argparse
import asyncio
import dataclasses
import gc
import os
import signal
import sys
import threading
import time
from pathlib import Path
from typing import TYPE_CHECKING, NoReturn

from sandbox.app import App
from sandbox.faults import FaultScript
from sandbox.options import SandboxOptions, add_arguments, from_arguments
from sandbox.server import Address, serve
from sandbox.wire import from_json, to_json

if TYPE_CHECKING:
    from collections.abc import Sequence

_STOPPING = (signal.SIGTERM, signal.SIGINT)
#: More records than this take a while to make.
_LARGE = 100_000


def main(arguments: Sequence[str] | None = None) -> int:
    """Serve until SIGTERM or SIGINT; return the exit code."""
    parser = argparse.ArgumentParser(
        prog="sandbox", description="A strict local stand-in for UtilityAPI and EnergyCAP."
    )
    add_arguments(parser)
    parser.add_argument("--faults", default="[]", help="fault script: a file, or JSON itself")
    parser.add_argument("--ready-file", type=Path, help="JSON written there once it listens")
    parser.add_argument(
        "--exit-with-parent", action="store_true", help="exit when the parent process ends"
    )
    given = parser.parse_args(arguments)
    try:
        options, rules = from_arguments(given), _rules(given.faults)
    except (OSError, TypeError, ValueError) as error:
        parser.error(str(error))
    for number in _STOPPING:
        signal.signal(number, _exit)
    if given.exit_with_parent:
        threading.Thread(target=_exit_with, args=(os.getppid(),), daemon=True).start()
    if options.billing_summaries + options.meters > _LARGE:
        what = f"{options.billing_summaries:,} billing summaries and {options.meters:,} meters"
        sys.stderr.write(f"Making {what}.\n")
    # A world is all objects and no garbage: looking for some takes longer than making it.
    gc.disable()
    gc.set_threshold(100_000, 50, 100)
    app = App(options, rules)
    gc.freeze()
    gc.enable()
    asyncio.run(_serve(app, options, given.ready_file))
    return 0


def _exit(*_: object) -> NoReturn:
    """Exit at once: an exception could be swallowed where the signal happens to arrive."""
    os._exit(0)


def _exit_with(parent: int) -> None:
    """Exit when the parent process has ended."""
    while os.getppid() == parent:
        time.sleep(0.25)
    os.kill(os.getpid(), signal.SIGTERM)


def _rules(text: str) -> object:
    rules = from_json(text if text.lstrip().startswith("[") else Path(text).read_bytes())
    FaultScript(rules)
    return rules


async def _serve(app: App, options: SandboxOptions, ready_file: Path | None) -> None:
    def ready(address: Address) -> None:
        _announce(address)
        if ready_file:
            _write(ready_file, to_json(dataclasses.asdict(address)))

    _wake_up(asyncio.get_running_loop())
    await serve(app, options, ready, asyncio.Event())


def _wake_up(loop: asyncio.AbstractEventLoop) -> None:
    """Wake the loop regularly, so that it handles a signal that arrived just before it waited."""
    loop.call_later(0.25, _wake_up, loop)


def _announce(address: Address) -> None:
    sys.stdout.write(
        f"UtilityAPI  {address.utilityapi_base_url}  token   {address.utilityapi_token}\n"
        f"EnergyCAP   {address.energycap_base_url}  API key {address.energycap_api_key}\n"
        f"Control     {address.url}/__truth, /__requests, /__faults\n"
        f"            {address.url}/__bill, /__jobs, /__advance, /__reset\n"
        "Try:\n"
        f"  curl -H 'Authorization: Bearer {address.utilityapi_token}' "
        f"'{address.utilityapi_base_url}/accounting/billing-summaries?uids=123'\n"
    )
    sys.stdout.flush()


def _write(path: Path, content: bytes) -> None:
    """Write a file atomically, for a process that waits for it."""
    part = path.with_name(f"{path.name}.{os.getpid()}.part")
    part.write_bytes(content)
    part.replace(path)


if __name__ == "__main__":
    sys.exit(main())
