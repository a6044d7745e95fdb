"""Running the sandbox: on an event loop of one's own, or in a thread for tests."""

from __future__ import annotations

import asyncio
import json
import threading
import urllib.request
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Self

from aiohttp import web

from sandbox.app import App
from sandbox.options import SandboxOptions
from sandbox.wire import from_json, to_json

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence


@dataclass(frozen=True)
class Address:
    """Where a sandbox listens and what it wants to see."""

    url: str
    utilityapi_base_url: str
    energycap_base_url: str
    utilityapi_token: str
    energycap_api_key: str


async def serve(
    app: App,
    options: SandboxOptions,
    ready: Callable[[Address], None],
    stop: asyncio.Event,
) -> None:
    """Listen until `stop` is set; `ready` is called once connections are accepted."""
    server = app.server()
    runner = web.ServerRunner(server, shutdown_timeout=0.05)
    await runner.setup()
    try:
        await web.TCPSite(runner, options.host, options.port).start()
        address = _address(options, runner.addresses[0][1])
        app.listening(address.url)
        ready(address)
        await stop.wait()
    finally:
        transports = [each.transport for each in server.connections if each.transport]
        await runner.cleanup()
        # One whose client does not read would wait for it, and be there after the loop has ended.
        for transport in transports:
            transport.abort()
        await asyncio.sleep(0)


def _address(options: SandboxOptions, port: int) -> Address:
    host = f"[{options.host}]" if ":" in options.host else options.host
    url = f"http://{host}:{port}"
    return Address(
        url=url,
        utilityapi_base_url=f"{url}/utilityapi/api/v2",
        energycap_base_url=f"{url}/energycap",
        utilityapi_token=options.utilityapi_token,
        energycap_api_key=options.energycap_api_key,
    )


class Sandbox:
    """A sandbox in a daemon thread, as a context manager; takes the fields of `SandboxOptions`."""

    address: Address

    def __init__(self, *, faults: Sequence[dict[str, Any]] = (), **options: Any) -> None:
        """Prepare a sandbox that starts with the fault script given."""
        self.options = SandboxOptions(**options)
        self._faults = list(faults)
        self._ready = threading.Event()
        self._failure: Exception | None = None
        self._loop: asyncio.AbstractEventLoop | None = None
        self._stop: asyncio.Event | None = None
        self._thread = threading.Thread(target=self._run, name="sandbox", daemon=True)

    def __enter__(self) -> Self:
        """Start and wait until the sandbox answers."""
        self._thread.start()
        self._ready.wait()
        if self._failure:
            raise self._failure
        return self

    def __exit__(self, *_: object) -> None:
        """Stop, whatever is still hanging."""
        if self._loop and self._stop:
            self._loop.call_soon_threadsafe(self._stop.set)
        self._thread.join(10)

    def _run(self) -> None:
        try:
            asyncio.run(self._main())
        except Exception as error:  # noqa: BLE001 - it is raised again where the sandbox is started
            self._failure = error
        finally:
            self._ready.set()

    async def _main(self) -> None:
        self._loop, self._stop = asyncio.get_running_loop(), asyncio.Event()
        app = App(self.options, self._faults)
        await serve(app, self.options, self._listening, self._stop)

    def _listening(self, address: Address) -> None:
        self.address = address
        self._ready.set()

    @property
    def url(self) -> str:
        """The server's origin."""
        return self.address.url

    @property
    def utilityapi_base_url(self) -> str:
        """What a tap is to take for `https://utilityapi.com/api/v2`."""
        return self.address.utilityapi_base_url

    @property
    def energycap_base_url(self) -> str:
        """What a tap is to take for `https://app.energycap.com`."""
        return self.address.energycap_base_url

    @property
    def utilityapi_token(self) -> str:
        """The only token accepted."""
        return self.address.utilityapi_token

    @property
    def energycap_api_key(self) -> str:
        """The only API key accepted."""
        return self.address.energycap_api_key

    def truth(self, **params: int | str) -> dict[str, list[dict[str, Any]]]:
        """Return records as served, numbers as Decimal; takes `only` (``a,b``), `numberOfYears`."""
        query = "&".join(f"{name}={value}" for name, value in params.items())
        truth: dict[str, list[dict[str, Any]]] = self._control("GET", f"/__truth?{query}")
        return truth

    def advance(self, event: str, **details: Any) -> Any:
        """Let something happen at a vendor, as between two runs of a client."""
        return self._control("POST", "/__advance", to_json({"event": event, **details}))

    def requests(self) -> list[dict[str, Any]]:
        """Return the log of the vendors' requests."""
        entries: list[dict[str, Any]] = json.loads(self._send("GET", "/__requests"))
        return entries

    def clear_requests(self) -> None:
        """Forget the requests so far."""
        self._control("DELETE", "/__requests")

    def set_faults(self, rules: Sequence[dict[str, Any]]) -> None:
        """Replace the fault script."""
        self._control("PUT", "/__faults", to_json(list(rules)))

    def bill(self) -> dict[str, Any]:
        """Return the historical collections accepted, what they cost, and how many a meter."""
        bill: dict[str, Any] = self._control("GET", "/__bill")
        return bill

    def set_jobs(self, **rules: Any) -> None:
        """Change the options of collections to come: `balance`, `job_seconds` and their like."""
        self._control("PUT", "/__jobs", to_json(rules))

    def reset(self) -> None:
        """Undo all that happened to the data: jobs, activations, the bill."""
        self._control("POST", "/__reset", b"")

    def tap_config(self, **overrides: Any) -> dict[str, Any]:
        """Return a tap's settings for both vendors."""
        return {
            "utilityapi_token": self.utilityapi_token,
            "utilityapi_base_url": self.utilityapi_base_url,
            "energycap_api_key": self.energycap_api_key,
            "energycap_base_url": self.energycap_base_url,
            **overrides,
        }

    def _control(self, method: str, path: str, body: bytes | None = None) -> Any:
        return from_json(self._send(method, path, body))

    def _send(self, method: str, path: str, body: bytes | None = None) -> bytes:
        # A proxy of the environment must not get between a test and its server.
        opener = urllib.request.build_opener(urllib.request.ProxyHandler({}))
        request = urllib.request.Request(self.url + path, data=body, method=method)
        with opener.open(request, timeout=60) as response:
            content: bytes = response.read()
            return content
