"""The layout of the package, as CONTRIBUTING.md describes it. `make lint` checks the layers."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
import requests
from singer_sdk import typing as th

from sandbox import Sandbox
from tap_utility_energy import energycap, utilityapi
from tap_utility_energy.core.schema import key, record
from tap_utility_energy.core.stream import VendorStream
from tap_utility_energy.energycap.base import EnergyCAPStream
from tap_utility_energy.utilityapi.base import UtilityAPIStream
from tests.examples import ROOT


@pytest.mark.parametrize("stream", [*utilityapi.STREAMS, *energycap.STREAMS])
def test_a_stream_inherits_from_three_classes_of_ours_at_most(stream: type) -> None:
    ours = [base for base in stream.__mro__ if base.__module__.startswith("tap_utility_energy.")]

    assert len(ours) <= 4, ours


def named_subclasses(base: type[VendorStream]) -> Iterator[type[VendorStream]]:
    for stream in base.__subclasses__():
        if "name" in vars(stream) and stream.__module__.startswith("tap_utility_energy."):
            yield stream
        yield from named_subclasses(stream)


def test_every_declared_stream_is_listed() -> None:
    listed = {stream.name for stream in (*utilityapi.STREAMS, *energycap.STREAMS)}
    declared = {stream.name for stream in named_subclasses(VendorStream)}

    assert declared == listed, f"add to STREAMS: {', '.join(sorted(declared - listed))}"


def test_the_sandbox_serves_every_list_as_it_is_declared() -> None:
    with Sandbox(meters=1, billing_summaries=1) as box:
        for stream in (*utilityapi.STREAMS, *energycap.STREAMS):
            is_energycap = stream in energycap.STREAMS
            url = box.energycap_base_url if is_energycap else box.utilityapi_base_url
            answer = requests.get(f"{url}{stream.path}", headers=credentials(box), timeout=60)
            name = stream.__name__
            assert answer.status_code != 404, f"{name}: the sandbox lacks its path {stream.path}"
            if is_energycap:
                sent = "PageNumber" in answer.headers
                assert sent is stream.is_paged, f"{name}: is_paged is not what the sandbox does"


def credentials(box: Sandbox) -> dict[str, str]:
    return {
        "Authorization": f"Bearer {box.utilityapi_token}",
        "ECI-ApiKey": box.energycap_api_key,
    }


@pytest.mark.parametrize("stream", [*utilityapi.STREAMS, *energycap.STREAMS])
def test_rows_are_made_in_one_place(stream: type) -> None:
    assert stream.get_records is VendorStream.get_records


def test_no_file_is_long() -> None:
    package = ROOT / "tap_utility_energy"
    lines = {
        str(path.relative_to(package)): len(path.read_text("utf-8").splitlines())
        for path in package.rglob("*.py")
    }

    assert not {name for name, count in lines.items() if count > 400}


def test_a_stream_that_lacks_an_attribute_names_it() -> None:
    with pytest.raises(TypeError, match=r"^RatesStream lacks path, docs_url, permission: see"):

        class RatesStream(EnergyCAPStream):
            name = "energycap_rates"
            primary_keys = ("rateId",)
            schema = record()

    with pytest.raises(TypeError, match=r"^ReferralsStream lacks schema, records_key: see"):

        class ReferralsStream(UtilityAPIStream):
            name = "utilityapi_referrals"
            path = "/referrals"
            docs_url = "https://utilityapi.com/docs"

    with pytest.raises(TypeError, match=r"^DiscountsStream lacks name: see"):

        class DiscountsStream(EnergyCAPStream):
            path = "/api/v3/discount"
            docs_url = "https://developer.energycap.com"
            primary_keys = ("discountId",)
            schema = record(key("discountId", th.IntegerType, "Id of the discount."))
            permission = "Discounts (View)"


def test_a_stream_whose_schema_has_another_key_says_so() -> None:
    with pytest.raises(TypeError, match=r"^FeesStream: primary_keys is feeId, but .* no key: desc"):

        class FeesStream(EnergyCAPStream):
            name = "energycap_fees"
            path = "/api/v3/fee"
            docs_url = "https://developer.energycap.com"
            primary_keys = ("feeId",)
            schema = record()
            permission = "Fees (View)"
