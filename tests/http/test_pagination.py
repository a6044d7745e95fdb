"""The URL of the next page, and what the headers that count pages say."""

from __future__ import annotations

import pytest

from tap_utility_energy.http.errors import FatalError
from tap_utility_energy.http.page import Page
from tap_utility_energy.http.pagination import (
    HeaderPaginator,
    NextURLPaginator,
    with_params_of,
)

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


def followed(paginator: NextURLPaginator, uid: str, link: object, time: int) -> str:
    """The URL after a page with one record."""
    paginator.advance(Page([{"uid": uid, "seen": time}], {"next": link}, {}, b"{}"))
    return paginator.current_value


def test_links_that_lead_back_anywhere_form_a_cycle() -> None:
    paginator = NextURLPaginator(["https://host/list"])
    assert followed(paginator, "1", "?after=1", 1) == "https://host/list?after=1"
    assert followed(paginator, "2", "?after=2", 2) == "https://host/list?after=2"

    with pytest.raises(FatalError) as failure:
        followed(paginator, "3", "?after=1", 3)
    assert str(failure.value) == (
        "the vendor's links to the next page form a cycle, back to https://host/list?after=1. Try "
        "again later, or report it to the vendor."
    )


@pytest.mark.parametrize(
    ("link", "said"),
    [
        (5, "is not text but 5. Report it to the vendor."),
        ("https://[", "is not a URL: Invalid IPv6 URL. Report it to the vendor."),
    ],
)
def test_a_link_that_is_none_is_told(link: object, said: str) -> None:
    paginator = NextURLPaginator(["https://host/list"])

    with pytest.raises(FatalError) as failure:
        followed(paginator, "1", link, 1)
    assert str(failure.value) == f"the link to the next page {said}"


@pytest.mark.parametrize("link", [None, ""])
def test_a_list_ends_without_a_link(link: str | None) -> None:
    assert followed(NextURLPaginator(["https://host/list"]), "1", link, 1) == ""


def test_a_link_may_name_http_where_https_is_asked_for() -> None:
    paginator = NextURLPaginator(["https://host/list?limit=5"])

    url = followed(paginator, "1", "http://host/list?after=1", 1)
    assert url == "https://host/list?after=1&limit=5"


@pytest.mark.parametrize("lists", [1, 2])
def test_records_are_known_by_their_uid_whatever_else_of_them_changes(lists: int) -> None:
    paginator = NextURLPaginator([f"https://host/list?part={n}" for n in range(lists)])
    for _ in range(lists - 1):
        followed(paginator, "0", None, 0)
    for time in range(2):
        followed(paginator, "1", f"?after={time}", time)

    with pytest.raises(FatalError, match="2 without new records"):
        followed(paginator, "1", "?after=2", 2)


def test_records_of_numbered_pages_are_known_by_their_key() -> None:
    paginator = HeaderPaginator("id")
    first, second, third = (
        Page([{"id": 1, "seen": number}], {}, page(number, 20).headers, b"[]")
        for number in (1, 2, 3)
    )
    paginator.advance(first)
    paginator.advance(second)

    with pytest.raises(FatalError, match="2 without new records"):
        paginator.advance(third)


def test_a_header_that_is_missing_is_named() -> None:
    headers = {name: value for name, value in page(1, 10).headers.items() if name != "TotalPages"}
    with pytest.raises(FatalError) as failure:
        HeaderPaginator("id").advance(Page([{"id": 1}], {}, headers, b"[]"))

    assert str(failure.value) == (
        "the paging headers cannot be trusted: the header TotalPages of page 1 is missing. A proxy "
        "may strip or change them; nothing more is read, because pages could be missed."
    )


def test_a_header_that_is_no_number_is_shown_in_short() -> None:
    paginator = HeaderPaginator("id")
    sent = page(1, 10)

    with pytest.raises(FatalError) as failure:
        paginator.advance(Page(sent.records, {}, {**sent.headers, "PageSize": "9" * 99}, b"[]"))

    assert f"the header PageSize of page 1 is '{'9' * 40}…'. " in str(failure.value)


@pytest.mark.parametrize(("total", "following"), [(0, 0), (1, 0), (2, 0), (3, 2)])
def test_the_last_page_is_that_of_the_total(total: int, following: int) -> None:
    paginator = HeaderPaginator("id")
    paginator.advance(page(1, total))

    assert paginator.current_value == following
