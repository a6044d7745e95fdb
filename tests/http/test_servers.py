"""Answers of any size and form: what is read, how much memory it takes, and what is said."""

from __future__ import annotations

import fcntl
import gzip
import itertools
import json
import os
import select
import subprocess
import sys
import termios
import zlib
from collections.abc import Iterator
from pathlib import Path

import pytest

from sandbox import Sandbox
from tests.http.raw import RawServer, chunked, config, measured, response
from tests.support import COMMAND, SUMMARIES, TapRunner, catalog, clean_environment

GOOD = json.dumps({SUMMARIES: [{"uid": "1"}], "next": None}).encode()
MEGABYTE = 1 << 20


def bomb(megabytes: int) -> bytes:
    """A page of so many megabytes, compressed to a thousandth."""
    packer = zlib.compressobj(9, zlib.DEFLATED, 31)
    pieces = [packer.compress(GOOD[:-1] + b', "x": "')]
    pieces += [packer.compress(b"a" * MEGABYTE) for _ in range(megabytes)]
    return b"".join([*pieces, packer.compress(b'"}'), packer.flush()])


def spaces(megabytes: int) -> Iterator[bytes]:
    yield b"HTTP/1.1 200 OK\r\n\r\n"
    yield from itertools.repeat(b" " * MEGABYTE, megabytes)


BOMBS = {
    "gzip": lambda: [response(bomb(400), "Content-Encoding: gzip")],
    "gzip, chunked": lambda: [chunked(bomb(400), "Content-Encoding: gzip")],
    "gzip twice": lambda: [response(gzip.compress(bomb(400)), "Content-Encoding: gzip, gzip")],
    "deflate": lambda: [response(zlib.compress(bytes(400 << 20)), "Content-Encoding: deflate")],
    "without end": lambda: spaces(400),
    "a chunk of -1 bytes": lambda: [
        b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n-1\r\n",
        *[b" " * MEGABYTE] * 400,
    ],
}


@pytest.mark.parametrize("kind", BOMBS)
def test_an_answer_takes_no_more_memory_than_its_limit(tmp_path: Path, kind: str) -> None:
    with RawServer(lambda _: BOMBS[kind]()) as server:
        code, line, megabytes = measured(tmp_path, server, [SUMMARIES], max_response_megabytes=32)

    assert code == 1
    assert megabytes < 160
    assert len(server.asked) == 1
    if kind != "a chunk of -1 bytes":
        assert line == (
            f"{SUMMARIES}: UtilityAPI sent an answer of more than 32 MB, which is "
            "max_response_megabytes. Raise that setting, if there is memory for it."
        )


def test_of_a_refusal_only_the_beginning_is_read(tmp_path: Path) -> None:
    page = response(bomb(400), "Content-Encoding: gzip", status="403 Forbidden")
    with RawServer(lambda _: [page]) as server:
        code, line, megabytes = measured(tmp_path, server, [SUMMARIES], max_response_megabytes=32)

    assert code == 1
    assert "UtilityAPI answered 403" in line
    assert megabytes < 100


@pytest.mark.parametrize(
    ("body", "limit", "code"), [(MEGABYTE, 1, 0), (MEGABYTE + 1, 1, 1), (MEGABYTE + 1, 2, 0)]
)
@pytest.mark.parametrize("encoded", [False, True])
def test_the_limit_is_that_of_the_decoded_body(
    tap: TapRunner, body: int, limit: int, code: int, *, encoded: bool
) -> None:
    page = GOOD + b" " * (body - len(GOOD))
    sent = response(gzip.compress(page), "Content-Encoding: gzip") if encoded else response(page)
    with RawServer(lambda _: [sent]) as server:
        run = tap(config(server, max_response_megabytes=limit), streams=[SUMMARIES])

    assert run.exit == code, run.stderr
    assert len(run.records(SUMMARIES)) == 1 - code


def test_a_request_that_timed_out_is_read_no_further(tap: TapRunner) -> None:
    """It would be read to its end by a thread that nobody waits for."""

    def slowly(_: str) -> Iterator[bytes]:
        yield b"HTTP/1.1 200 OK\r\n\r\n"
        while True:
            server.pace()
            yield b" "

    with RawServer(slowly) as server:
        run = tap(config(server, request_timeout=1), streams=[SUMMARIES])

        assert server.was_cut.wait(10)
    assert run.exit == 1
    assert "UtilityAPI did not answer within 1 s" in run.stderr


GOOD_ANSWERS = {
    "103 first": b"HTTP/1.1 103 Early Hints\r\nLink: </x>\r\n\r\n" + response(GOOD),
    "102 and 100 first": b"HTTP/1.1 102 Processing\r\n\r\n" * 3
    + b"HTTP/1.1 100 Continue\r\n\r\n"
    + response(GOOD),
    "over 100 headers": response(GOOD, *[f"X-{number}: x" for number in range(300)]),
    "a negative length": b"HTTP/1.1 200 OK\r\nContent-Length: -5\r\n\r\n" + GOOD,
    "chunks that end early": chunked(GOOD)[:-2],
    "an encoding that was decoded": response(GOOD, "Content-Encoding: br"),
    "identity": response(GOOD, "Content-Encoding: Identity"),
}


@pytest.mark.parametrize("kind", GOOD_ANSWERS)
def test_an_odd_answer_that_is_whole_is_read(tap: TapRunner, kind: str) -> None:
    with RawServer(lambda _: [GOOD_ANSWERS[kind]]) as server:
        run = tap(config(server), streams=[SUMMARIES])

    assert run.exit == 0, run.stderr
    assert [row["uid"] for row in run.records(SUMMARIES)] == ["1"]


HEAD = b"HTTP/1.1 200 OK\r\n"
CHUNKED = HEAD + b"Transfer-Encoding: chunked\r\n\r\n"
BAD_ANSWERS = {
    "cut in a header": (HEAD + b"Content-Le", "broke off its answer"),
    "cut after a header": (HEAD + b"Content-Length: 5\r\n", "broke off its answer"),
    "cut in the status": (b"HTTP/1.1 20", "broke off its answer"),
    "a chunk of -5 bytes": (CHUNKED + b"-5\r\n" + GOOD, "broke off its answer"),
    "a huge chunk": (CHUNKED + b"f" * 40 + b"\r\n" + GOOD, "broke off its answer"),
    "a huge length": (
        HEAD + b"Content-Length: 1" + b"0" * 30 + b"\r\n\r\n" + GOOD,
        "sent an answer of more than 512 MB",
    ),
    "no HTTP": (b"220 mail.example.com\r\n\r\n", "sent an answer that is not HTTP"),
    "5000 headers": (
        response(GOOD, *[f"X-{number}: x" for number in range(5000)]),
        "sent an answer with too many headers",
    ),
    "a long header": (
        response(GOOD, f"X: {'x' * 100_000}"),
        "sent an answer with too many headers, or with one that is too long",
    ),
    "a refusal that cannot be decoded": (
        response(GOOD, "Content-Encoding: gzip", status="401 Unauthorized"),
        "answered 401",
    ),
    "an encoding nobody asked for": (
        response(b"\x0b\x02", "Content-Encoding: br"),
        "; no content type, br);",
    ),
    "seven encodings": (
        response(GOOD, f"Content-Encoding: {'gzip, ' * 6}gzip"),
        "broke off its answer",
    ),
    "the error object": (
        response(b'{"error": "some_slug", "error_description": "The reason."}'),
        "UtilityAPI answered 200 with an error: some_slug, The reason;",
    ),
}


@pytest.mark.parametrize("kind", BAD_ANSWERS)
def test_a_bad_answer_is_told_in_a_sentence(tap: TapRunner, kind: str) -> None:
    sent, words = BAD_ANSWERS[kind]
    with RawServer(lambda _: [sent]) as server:
        run = tap(config(server), streams=[SUMMARIES])

    assert run.exit == 1
    assert words in run.last_line
    for word in ("unexpected", "Traceback", "urllib3"):
        assert word not in run.stderr


def test_only_encodings_are_asked_for_whose_size_is_bounded(tap: TapRunner) -> None:
    with Sandbox(billing_summaries=1) as box:
        tap(box.tap_config(), streams=[SUMMARIES])
        (request,) = box.requests()

    assert request["headers"]["Accept-Encoding"] == "gzip, deflate"


PROXIES = ["http://u:secret-word@", "http://u:secret-word@[::1", "http://u:secret-word@h:99999"]


@pytest.mark.parametrize("proxy", PROXIES)
def test_a_proxy_that_is_no_url_is_told_in_a_sentence(
    tap: TapRunner, monkeypatch: pytest.MonkeyPatch, proxy: str
) -> None:
    monkeypatch.setenv("HTTPS_PROXY", proxy)

    run = tap({"utilityapi_token": "a-token", "utilityapi_base_url": "https://api.invalid"})

    assert run.exit == 1
    assert "the variable HTTPS_PROXY, or ALL_PROXY, holds no URL" in run.last_line
    assert "secret-word" not in run.stderr
    assert "Traceback" not in run.stderr


@pytest.mark.parametrize(
    "value",
    [
        "Fri, 31 Dec 99999 23:59:59 GMT",
        "Fri, 31 Dec 2027 99:99:99 GMT",
        "Wed, 01 Jul 2020 12:00:00 +9999",
        f"Wed, 01 Jul 2020 12:00:00 +{'9' * 20}",
        "Mon, 01 Jan 0001 00:00:00 +1400",
    ],
)
def test_a_retry_after_beyond_the_calendar_is_passed_over(tap: TapRunner, value: str) -> None:
    answers = iter([response(b"", f"Retry-After: {value}", status="503 Busy"), response(GOOD)])
    with RawServer(lambda _: [next(answers)]) as server:
        run = tap(config(server, max_wait_seconds=60), streams=[SUMMARIES])

    assert run.exit == 0, run.stderr


def test_the_token_in_a_link_is_dropped(tap: TapRunner) -> None:
    token = config(RawServer(lambda _: []))["utilityapi_token"]
    pages = {
        "/accounting/billing-summaries": {
            SUMMARIES: [{"uid": "1"}],
            "next": f"/accounting/billing-summaries?access_token={token}&after=1",
        },
        "/accounting/billing-summaries?after=1": {SUMMARIES: [{"uid": "2"}], "next": None},
    }
    with RawServer(lambda path: [response(json.dumps(pages[path]).encode())]) as server:
        run = tap(config(server), streams=[SUMMARIES])

    assert run.exit == 0, run.stderr
    assert len(run.records(SUMMARIES)) == 2


@pytest.mark.parametrize("arguments", [["--discover"], ["--about", "--format=json"], ["--version"]])
def test_a_full_disk_under_stdout_is_told_in_a_sentence(arguments: list[str]) -> None:
    with Path("/dev/full").open("w") as full:
        run = subprocess.run(
            [*COMMAND, *arguments],
            stdout=full,
            stderr=subprocess.PIPE,
            text=True,
            check=False,
            env=clean_environment(),
        )

    assert run.returncode == 1
    (line,) = run.stderr.splitlines()
    assert line.endswith("what was read cannot be written: [Errno 28] No space left on device")


def in_pipe(reader: int) -> int:
    return int.from_bytes(fcntl.ioctl(reader, termios.FIONREAD, bytes(4)), sys.byteorder)


def test_a_stdout_that_does_not_block_gets_every_line(tmp_path: Path) -> None:
    records = [{"uid": str(number), "notes": ["x" * 1000]} for number in range(2000)]
    page = response(json.dumps({SUMMARIES: records, "next": None}).encode())
    with RawServer(lambda _: [page]) as server:
        (tmp_path / "config.json").write_text(json.dumps(config(server)))
        (tmp_path / "catalog.json").write_text(json.dumps(catalog([SUMMARIES])))
        reader, writer = os.pipe()
        room = fcntl.fcntl(writer, fcntl.F_SETPIPE_SZ, 4096)
        os.set_blocking(writer, False)
        process = subprocess.Popen(
            [*COMMAND, "--config", "config.json", "--catalog", "catalog.json"],
            stdout=writer,
            stderr=subprocess.PIPE,
            text=True,
            cwd=tmp_path,
            env=clean_environment(),
        )
        os.close(writer)
        while in_pipe(reader) < room:
            select.select([process.stderr], [], [], 0.01)
        with os.fdopen(reader, "rb") as pipe:
            lines = [json.loads(line) for line in pipe]
        _, err = process.communicate()

    assert process.returncode == 0, err
    assert sum(line["type"] == "RECORD" for line in lines) == 2000
