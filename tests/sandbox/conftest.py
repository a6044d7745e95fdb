"""A plain client of the sandbox: no proxies, no retries, credentials set."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import pytest
import requests

if TYPE_CHECKING:
    from collections.abc import Iterator

    from sandbox import Sandbox

SUMMARIES = "/accounting/billing-summaries"
DIGEST = "/api/v3/meter/digest/actual/monthly"


class Client:
    """Asks both vendors with valid credentials unless told otherwise."""

    def __init__(self) -> None:
        self.session = requests.Session()
        self.session.trust_env = False

    def summaries(self, box: Sandbox, path: str = "", **more: Any) -> requests.Response:
        headers = {"Authorization": f"Bearer {box.utilityapi_token}", **more.pop("headers", {})}
        method = more.pop("method", "GET")
        url = path if "://" in path else box.utilityapi_base_url + SUMMARIES + path
        return self.session.request(method, url, headers=headers, **{"timeout": 5} | more)

    def get(self, box: Sandbox, path: str, **more: Any) -> requests.Response:
        """Ask UtilityAPI for any path."""
        return self.summaries(
            box, path if "://" in path else box.utilityapi_base_url + path, **more
        )

    def collect(self, box: Sandbox, body: Any, **more: Any) -> requests.Response:
        """Ask for historical collections; a text is sent as it is."""
        text = body if isinstance(body, str) else json.dumps(body)
        more["headers"] = {"Content-Type": "application/json"} | more.get("headers", {})
        path = "/meters/historical-collection"
        return self.get(box, path, method="POST", data=text.encode(), **more)

    def digest(self, box: Sandbox, path: str = DIGEST, **more: Any) -> requests.Response:
        headers = {"ECI-ApiKey": box.energycap_api_key, "Content-Type": "application/json"}
        headers |= more.pop("headers", {})
        url = box.energycap_base_url + path
        return self.session.request("GET", url, headers=headers, timeout=60, **more)


@pytest.fixture
def client() -> Iterator[Client]:
    """A client that closes its connections."""
    client = Client()
    with client.session:
        yield client
