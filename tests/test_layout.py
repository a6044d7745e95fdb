"""The layout of the package, as CONTRIBUTING.md describes it. `make lint` checks the layers."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from tap_utility_energy import energycap, utilityapi
from tap_utility_energy.core.schema import record
from tap_utility_energy.core.stream import VendorStream
from tap_utility_energy.energycap.base import EnergyCAPStream
from tap_utility_energy.utilityapi.base import UtilityAPIStream
from tests.examples import ROOT

#: Files of declarations, which may be longer than others.
DECLARATIONS = {"energycap/streams.py"}


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

    assert declared == listed, "add it to STREAMS"


@pytest.mark.parametrize("stream", [*utilityapi.STREAMS, *energycap.STREAMS])
def test_rows_are_made_in_one_place(stream: type) -> None:
    assert stream.get_records is VendorStream.get_records


def test_no_file_is_long() -> None:
    package = ROOT / "tap_utility_energy"
    lines = {
        str(path.relative_to(package)): len(path.read_text("utf-8").splitlines())
        for path in package.rglob("*.py")
    }

    assert not {name for name, count in lines.items() if count > 400} - DECLARATIONS


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
