"""Links to the files of bills: which are followed, and what is stored under which name."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from tap_utility_energy.utilityapi.bill_file_rows import address
from tap_utility_energy.utilityapi.bill_files import stem_of
from tests.http.raw import RawServer, config, response
from tests.support import TapRunner
from tests.utilityapi.bill_sources import DIRECTORY, FILES, listing, read_bill, source


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    return tmp_path / "bills" / "pdf"


@pytest.mark.parametrize("url", [None, "", "  "])
def test_a_source_without_a_link_has_no_row(tap: TapRunner, folder: Path, url: Any) -> None:
    run, asked, _ = read_bill(tap, folder, [source(url), None, source("/a.pdf")])

    assert run.exit == 0, run.stderr
    assert asked == ["/a.pdf"]
    assert [row["position"] for row in run.records(FILES)] == [1]


def test_sources_that_are_no_objects_are_bad_records(tap: TapRunner, folder: Path) -> None:
    sources = ["x", source("/a.pdf", kind=5, new=[1]), source(7), source(["/b.pdf"])]
    run, asked, _ = read_bill(tap, folder, sources)

    assert run.exit == 1
    assert asked == ["/a.pdf"]
    (row,) = run.records(FILES)
    assert (row["type"], row["extra"]) == ("5", {"new": [1]})
    assert "bill 'b1' has 1 source(s) that are not objects" in run.last_line
    assert "not fetched: a source's raw_url is not text: 'b1'" in run.stderr


@pytest.mark.parametrize("sources", [None, [], "", "pdf", source("/a.pdf"), 5, {"a": 1}], ids=str)
def test_sources_of_any_type_stop_nothing(tap: TapRunner, folder: Path, sources: Any) -> None:
    run, asked, _ = read_bill(tap, folder, sources, fail_on_bad_records=False)

    assert run.exit == 0, run.stderr
    assert len(run.records(FILES)) == len(asked) == (sources == source("/a.pdf"))


def test_several_sources_of_a_bill_have_files_of_their_own(tap: TapRunner, folder: Path) -> None:
    urls = ["/a.pdf", "/b.pdf", "/a.pdf", "/files?n=1", "/files?n=2", "SERVER/c.pdf"]
    run, asked, _ = read_bill(tap, folder, [source(url) for url in urls])
    again, asked_again, _ = read_bill(tap, folder, [source(url) for url in urls])

    rows = run.records(FILES)
    assert run.exit == again.exit == 0, run.stderr
    assert [row["position"] for row in rows] == [0, 1, 2, 3, 4, 5]
    assert asked == ["/a.pdf", "/b.pdf", "/files?n=1", "/files?n=2", "/c.pdf"]
    assert rows[0]["path"] == rows[2]["path"]
    contents = [Path(row["path"]).read_bytes() for row in rows]
    assert contents == [f"%PDF-1 {path}".encode() for path in [*asked[:2], asked[0], *asked[2:]]]
    assert not asked_again


def test_another_file_of_the_same_bill_is_fetched(tap: TapRunner, folder: Path) -> None:
    read_bill(tap, folder, [source("/a.pdf?signature=1")])
    _, same, _ = read_bill(tap, folder, [source("/a.pdf?signature=2")])
    run, other, _ = read_bill(tap, folder, [source("/b.pdf")])

    assert same == []
    assert other == ["/b.pdf"]
    assert run.records(FILES)[0]["size"] == len("%PDF-1 /b.pdf")


def test_a_file_of_a_bill_that_names_no_meter_is_fetched_later(
    tap: TapRunner, folder: Path
) -> None:
    bill = {"uid": "b1", "sources": [source("/a.pdf")]}
    fails = True

    def answer(path: str) -> Iterator[bytes]:
        if path.startswith("/bills"):
            yield response(json.dumps({"bills": [bill]}).encode())
        else:
            yield listing(path, []) or response(b"" if fails else b"%PDF-")

    with RawServer(answer) as server:
        settings = config(server, **{DIRECTORY: str(folder)})
        first = tap(settings, streams=[FILES])
        fails = False
        second = tap(settings, streams=[FILES], state=first.state)

    assert first.exit == 1
    assert second.exit == 0, second.stderr
    assert [row["size"] for row in second.records(FILES)] == [5]


@pytest.mark.parametrize(
    ("link", "url"),
    [
        ("/files/a.pdf", "https://utilityapi.com/files/a.pdf"),
        ("files/a.pdf", "https://utilityapi.com/api/v2/files/a.pdf"),
        ("HTTPS://UtilityAPI.com:443/a", "https://utilityapi.com/a"),
        ("http://utilityapi.com:80/a", "https://utilityapi.com/a"),
        ("http://utilityapi.com:8080/a", ""),
        ("https://utilityapi.com:8443/a", ""),
        ("https://files.utilityapi.com/a", ""),
        ("https://utilityapi.com.evil.example/a", ""),
        ("https://utilityapi.com@evil.example/a", ""),
        ("https://evil.example\\@utilityapi.com/a", ""),
        ("https://utilityapi.com\\@evil.example/a", ""),
        ("https://user@utilityapi.com/a", ""),
        ("https:///evil.example/a", "https://utilityapi.com/evil.example/a"),
        ("ftp://utilityapi.com/a", ""),
        ("https://utilityapi.com:x/a", ""),
    ],
)
def test_a_token_travels_to_its_own_host_by_https_alone(link: str, url: str) -> None:
    found, problem = address("https://utilityapi.com/api/v2", link)

    assert found == url
    assert bool(problem) != bool(url)


ELSEWHERE = [
    "https://evil.example/a.pdf",
    "//evil.example/a.pdf",
    "http://user:pass@127.0.0.1/a.pdf",
    "http://127.0.0.1:1/a.pdf",
    "https://127.0.0.1/a.pdf",
    "file:///etc/passwd",
    "javascript:alert(1)",
    "http://[::1",
    "http://127.0.0.1:99999999/a.pdf",
]


@pytest.mark.parametrize("url", ELSEWHERE)
def test_a_link_to_another_server_is_not_followed(tap: TapRunner, folder: Path, url: str) -> None:
    run, asked, _ = read_bill(tap, folder, [source(url), source("/a.pdf")])

    assert run.exit == 0, run.stderr
    assert asked == ["/a.pdf"]
    row, other = run.records(FILES)
    assert row["problem"] in {
        "the link leads to another server, so it is not followed",
        "the link is no URL",
    }
    assert not row.keys() & {"path", "size", "sha256"}
    assert row["raw_url"] == url
    assert f"not fetched: {row['problem']}: 'b1'" in run.stderr
    assert other["path"]


def test_the_token_of_another_server_is_not_sent(tap: TapRunner, folder: Path) -> None:
    """A server that listens on another port gets no request at all."""
    with RawServer(lambda _: iter([response(b"%PDF-")])) as other:
        run, _, _ = read_bill(tap, folder, [source(f"{other.url}/a.pdf")])

    assert run.exit == 0
    assert not other.asked


TOKEN_IN_LINK = [
    "/a.pdf?access_token=TOKEN&n=1",
    "/a.pdf?n=1&ACCESS_TOKEN=TOKEN",
    "/a.pdf?access%5Ftoken=TOKEN&n=1",
    "/a.pdf?n=1&access_token=an-older-token",
    "/a.pdf?n=1#access_token=TOKEN",
]


@pytest.mark.parametrize("url", TOKEN_IN_LINK)
def test_a_token_in_a_link_is_neither_sent_back_nor_written(
    tap: TapRunner, folder: Path, url: str
) -> None:
    token = "a-token-of-30-characters-or-so"
    sent = url.replace("TOKEN", token).replace("ACCESS_a", "ACCESS_TOKEN=a", 1)
    run, asked, _ = read_bill(tap, folder, [source(sent)], utilityapi_token=token)

    assert run.exit == 0, run.stderr
    assert asked == ["/a.pdf?n=1"]
    assert run.records(FILES)[0]["raw_url"] == "/a.pdf?n=1"
    names = " ".join(path.name for path in folder.iterdir())
    for text in (token, "an-older-token"):
        assert text not in run.stdout + run.stderr + names


# Names.

UIDS = [
    "../../etc/passwd",
    "/etc/passwd",
    "..",
    "",
    'a/b\\c:d*?"<>|',
    "-rf",
    "CON",
    "é\u0301ß",
    "a\n\t\x7f",
    "x" * 255,
    "X" * 255,
    "_0_",
    "%2e",
    ".hidden",
]


@pytest.mark.parametrize("uid", UIDS)
def test_no_uid_leads_out_of_the_directory(tap: TapRunner, folder: Path, uid: str) -> None:
    run, _, _ = read_bill(tap, folder, [source("/../../x/%2e%2e/a.pdf")], uid=uid)

    if not run.records(FILES):
        assert "left out for lack of a unique key" in run.stderr
        return
    (row,) = run.records(FILES)
    assert Path(row["path"]).parent == folder
    assert [path.name for path in folder.iterdir()] == [row["file_name"]]
    assert sorted(folder.parent.rglob("*")) == [folder, folder / row["file_name"]]
    assert len(row["file_name"].encode()) < 200
    assert row["file_name"] == row["file_name"].lower()
    assert row["bill_uid"] == uid


def test_no_two_uids_have_one_name_on_any_disk() -> None:
    uids = [*UIDS, "a", "A", "é", "e\u0301", "x" * 254, "x" * 121, "X" * 254, "con", "a-1", "a%41"]
    names = [stem_of(uid, position, "u") for uid in dict.fromkeys(uids) for position in (0, 1, 11)]

    assert len({name.casefold() for name in names}) == len(names)


@pytest.mark.parametrize(
    ("content", "kind", "suffix"),
    [
        (b"%PDF-1.7", "application/octet-stream", ".pdf"),
        (b"\n%PDF-1.7", "text/html", ".pdf"),
        (b"\x89PNG\r\n\x1a\n", "image/png", ".png"),
        (b"PK\x03\x04", "", ".zip"),
        (b"<p>", "text/html;charset=utf-8", ".html"),
        (b"no pdf", "application/pdf", ".bin"),
        (b"?", "../../x", ".bin"),
    ],
)
def test_a_file_that_is_not_called_a_pdf_is_named_by_what_it_holds(
    tap: TapRunner, folder: Path, content: bytes, kind: str, suffix: str
) -> None:
    sources = [source("/file", "other")]

    def answer(path: str) -> Iterator[bytes]:
        yield listing(path, sources) or response(content, f"Content-Type: {kind}")

    with RawServer(answer) as server:
        settings = config(server, **{DIRECTORY: str(folder)})
        runs = [tap(settings, streams=[FILES]) for _ in range(2)]

    (row,), (again,) = (run.records(FILES) for run in runs)
    assert Path(row["file_name"]).suffix == suffix
    assert row == again
    assert server.asked.count("/file") == 1


def test_an_empty_file_in_the_directory_is_none(tap: TapRunner, folder: Path) -> None:
    run, _, _ = read_bill(tap, folder, [source("/a.pdf")])
    Path(run.records(FILES)[0]["path"]).write_bytes(b"")
    _, asked, _ = read_bill(tap, folder, [source("/a.pdf")])

    assert asked == ["/a.pdf"]


def test_a_file_that_is_too_large_fails_alone(tap: TapRunner, folder: Path) -> None:
    sources = [source("/big.pdf"), source("/small.pdf")]

    def answer(path: str) -> Iterator[bytes]:
        body = b"%PDF-" + b"x" * (3 << 20 if path.startswith("/big") else 5)
        yield listing(path, sources) or response(body, "Content-Type: application/pdf")

    with RawServer(answer) as server:
        settings = config(server, **{DIRECTORY: str(folder), "max_response_megabytes": 2})
        run = tap(settings, streams=[FILES])

    assert run.exit == 1
    assert "more than 2 MB, which is max_response_megabytes" in run.last_line
    assert [row["size"] for row in run.records(FILES)] == [10]
