"""HTTP client for EnergyCAP: auth and advice per status."""

from __future__ import annotations

from http import HTTPStatus
from typing import ClassVar

from typing_extensions import override

from tap_utility_energy.http.client import Client

ADVICE: dict[int, str] = {
    HTTPStatus.BAD_REQUEST: "Check energycap_number_of_years, energycap_page_size and "
    "energycap_filters.",
    HTTPStatus.UNAUTHORIZED: "The key is wrong or deleted, or its owner lacks the permission "
    "{permission}: check energycap_api_key, that energycap_base_url is the environment that the "
    "key was created in, and the owner's role.",
    HTTPStatus.FORBIDDEN: "The owner of the key may lack the permission {permission}: check their "
    "role in EnergyCAP.",
    HTTPStatus.NOT_FOUND: "Check energycap_base_url: the host alone, without a path. If other "
    "streams are read, EnergyCAP may have withdrawn the endpoint: look for a newer version of this "
    "tap.",
}


class EnergyCAP(Client):
    """Requests to EnergyCAP.

    Source: https://developer.energycap.com/api-getting-started/authentication/
    """

    vendor = "EnergyCAP"
    credential_setting = "energycap_api_key"
    base_url_setting = "energycap_base_url"
    advice_by_status = ADVICE
    good_statuses = frozenset({HTTPStatus.OK, HTTPStatus.NO_CONTENT})
    too_large_advice = "Lower energycap_page_size, or raise that setting."
    # The vendor requires a content type on every request, though a GET has no content.
    headers: ClassVar[dict[str, str]] = {
        "Content-Type": "application/json",
        "Accept": "application/json",
    }

    @override
    def auth_headers(self, credential: str) -> dict[str, str]:
        return {"ECI-ApiKey": credential}
