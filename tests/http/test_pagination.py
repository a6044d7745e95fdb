"""The URL of the next page, and what the headers that count pages say."""

from __future__ import annotations

import pytest

from tap_utility_energy.http.errors import FatalError
from tap_utility_energy.http.page import Page
from tap_utility_energy.http.pagination import HeaderPaginator, with_params_of

FIRST = "https://host/list?meters=1,2&limit=5"


@pytest.mark.parametrize(
    ("link", "wanted"),
    [
        ("?after=9", "?after=9&meters=1,2&limit=5"),
        ("?after=9&limit=7", "?after=9&limit=7&meters=1,2"),
        ("?meters=&after=9", "?meters=&after=9&limit=5"),
        ("?after=%2B9&access_token=x&limit=5", "?after=%2B9&limit=5&meters=1,2"),
        ("?after=access_token", "?after=access_token&meters=1,2&limit=5"),
        ("", "?meters=1,2&limit=5"),
    ],
)
def test_a_link_gets_the_parameters_that_it_does_not_name(link: str, wanted: str) -> None:
    url = with_params_of(FIRST, f"https://host/list{link}")

    assert url == f"https://host/list{wanted}"


def test_a_parameter_without_a_value_is_kept() -> None:
    url = with_params_of("https://host/list?meters=&limit=5", "https://host/list?after=9")

    assert url == "https://host/list?after=9&meters=&limit=5"


def page(number: int, total: int, body: bytes = b"[]") -> Page:
    headers = {"PageNumber": number, "PageSize": 2, "TotalNumberOfRecords": total}
    text = {name: str(each) for name, each in headers.items()} | {"TotalPages": str(-(-total // 2))}
    return Page([{"id": (number, total)}], {}, text, body)


def test_records_that_were_removed_during_a_read_are_counted() -> None:
    paginator = HeaderPaginator("id")
    for number, total in enumerate([10, 7, 7, 9], 1):
        paginator.advance(page(number, total))

    assert (paginator.removed, paginator.total, paginator.pages) == (3, 9, 5)
    assert paginator.current_value == 5


@pytest.mark.parametrize("body", [b"", b" null\n"])
def test_a_page_without_data_is_the_last_one(body: bytes) -> None:
    paginator = HeaderPaginator("id")
    paginator.advance(Page([], {}, {}, body))

    assert paginator.current_value == 0


def test_a_header_that_is_no_number_is_shown_in_short() -> None:
    paginator = HeaderPaginator("id")
    sent = page(1, 10)

    with pytest.raises(FatalError) as failure:
        paginator.advance(Page(sent.records, {}, {**sent.headers, "PageSize": "9" * 99}, b"[]"))

    assert "the header PageSize of page 1 is " in str(failure.value)
    assert "9" * 41 not in str(failure.value)
