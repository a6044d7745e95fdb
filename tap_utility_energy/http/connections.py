"""Connections that another thread can abort, and answers of bounded size."""

from __future__ import annotations

import http.client
import io
import socket
from contextlib import suppress
from functools import partial
from http import HTTPStatus
from typing import TYPE_CHECKING, Any

import requests
from requests.adapters import HTTPAdapter
from typing_extensions import override
from urllib3.connection import HTTPConnection, HTTPSConnection
from urllib3.exceptions import ConnectTimeoutError

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping

#: Bytes of a body that are read and decoded at once.
PIECE = 1 << 20
#: Bytes of a refusal's body: a message quotes much less, and the rest is not read.
LONGEST_REFUSAL = 1 << 15
#: The encodings that a request asks for: urllib3 decodes both piece by piece.
ENCODINGS = "gzip, deflate"
KNOWN_ENCODINGS = {"", "identity", "gzip", "x-gzip", "deflate"}
INTERIM = range(HTTPStatus.CONTINUE, HTTPStatus.OK)

# Python refuses an answer with more headers than 100; proxies add some to each. It offers no
# other way to allow more.
http.client._MAXHEADERS = 1000  # type: ignore[attr-defined]  # noqa: SLF001


class TooLargeError(Exception):
    """An answer is larger than allowed."""


class SocketHandle:
    """The socket of one thread's requests. Any thread can abort it, once and for all."""

    def __init__(self) -> None:
        self._socket: socket.socket | None = None
        self._is_aborted = False

    def attach(self, sock: socket.socket) -> None:
        """Take the socket that the thread has connected."""
        self._socket = sock
        if self._is_aborted:
            self.abort()

    def abort(self) -> None:
        """End the current request, if any; later ones fail."""
        self._is_aborted = True
        if self._socket is not None:
            with suppress(OSError):  # it is closed already
                self._socket.shutdown(socket.SHUT_RDWR)


class _Reader(io.BufferedReader):
    """Refuses to read without a limit: a server could ask for that with a chunk size of -1."""

    #: Whether it reads headers. They are incomplete if the stream ends before their empty line.
    is_in_headers = False

    @override
    def readline(self, size: int | None = -1, /) -> bytes:
        line = super().readline(size)
        is_cut = not line.endswith(b"\n") and len(line) != size
        if is_cut and self.is_in_headers:
            raise http.client.IncompleteRead(line)
        return line

    @override
    def read(self, size: int | None = -1, /) -> bytes:
        if size is None or size < 0:
            raise http.client.IncompleteRead(b"")
        return super().read(size)


class _Answer(http.client.HTTPResponse):
    """Skips every interim answer, such as 103, and refuses headers that are cut off.

    Python skips 100 only, and takes headers that are cut off as complete.
    """

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fp: Any = _Reader(self.fp.detach())

    @override
    def begin(self) -> None:
        self.fp.is_in_headers = True
        super().begin()
        while self.status in INTERIM and self.status != HTTPStatus.SWITCHING_PROTOCOLS:
            self.headers = self.msg = None  # type: ignore[assignment]
            super().begin()
        self.fp.is_in_headers = False


class _AbortableConnection:
    """A connection that gives its socket to a handle as soon as it has one."""

    response_class = _Answer

    def __init__(self, handle: SocketHandle, *args: Any, **kwargs: Any) -> None:
        self._handle = handle
        self._own_socket: socket.socket | None = None
        super().__init__(*args, **kwargs)

    @property
    def sock(self) -> socket.socket | None:
        """The socket, which urllib3 sets."""
        return self._own_socket

    @sock.setter
    def sock(self, sock: socket.socket | None) -> None:
        self._own_socket = sock
        if sock is not None:
            self._handle.attach(sock)


class _PlainConnection(_AbortableConnection, HTTPConnection):  # type: ignore[misc]
    pass


class _SecureConnection(_AbortableConnection, HTTPSConnection):  # type: ignore[misc]
    @override
    def connect(self) -> None:
        # urllib3 takes a handshake, or a proxy's tunnel, that does not end for a late answer.
        try:
            super().connect()
        except TimeoutError as error:
            raise ConnectTimeoutError(self, f"not connected: {error}") from error


class AbortableAdapter(HTTPAdapter):
    """Makes connections that the handle can abort."""

    def __init__(self, handle: SocketHandle) -> None:
        self._handle = handle
        super().__init__()

    @override
    def get_connection_with_tls_context(self, *args: Any, **kwargs: Any) -> Any:
        pool: Any = super().get_connection_with_tls_context(*args, **kwargs)
        kind = _SecureConnection if pool.scheme == "https" else _PlainConnection
        pool.ConnectionCls = partial(kind, self._handle)
        return pool


def read_body(
    response: requests.Response, pieces: Callable[[int], Iterable[bytes]], most: int
) -> bytes:
    """Read and decode the body of an answer; close the connection if it is not read to the end.

    Of a refusal, only the beginning is read, and errors in it are ignored.

    Args:
        response: An answer of which nothing but its headers was read.
        pieces: Its decoded body, in pieces of at most so many bytes.
        most: The maximum size in bytes.

    Raises:
        requests.RequestException: It breaks off, or cannot be decoded.
        TooLargeError: It is larger.
    """
    encoding = response.headers.get("Content-Encoding", "")
    if any(name.strip().lower() not in KNOWN_ENCODINGS for name in encoding.split(",")):
        # Nobody asked for it. A proxy may have decoded it and left the header.
        response.raw.headers.pop("Content-Encoding")
    if response.status_code >= HTTPStatus.MULTIPLE_CHOICES:
        return _beginning(response, pieces)
    try:
        return _whole(response, pieces, most)
    except (TooLargeError, requests.RequestException):
        response.close()
        raise


def _whole(
    response: requests.Response, pieces: Callable[[int], Iterable[bytes]], most: int
) -> bytes:
    if _declared_length(response.headers) > most:
        raise TooLargeError
    with io.BytesIO() as body:  # which hands over what it holds without a copy
        for piece in pieces(PIECE):
            body.write(piece)
            if body.tell() > most:
                raise TooLargeError
        return body.getvalue()


def _beginning(response: requests.Response, pieces: Callable[[int], Iterable[bytes]]) -> bytes:
    body = b""
    with suppress(requests.RequestException):
        for piece in pieces(LONGEST_REFUSAL):
            body += piece
            if len(body) >= LONGEST_REFUSAL:
                break
        else:
            return body
    response.close()
    return body


def _declared_length(headers: Mapping[str, str]) -> int:
    """The size of the decoded body as the headers declare it; 0 if they do not."""
    length = headers.get("Content-Length", "")
    is_plain = not headers.get("Content-Encoding") and not headers.get("Transfer-Encoding")
    return int(length[:100]) if is_plain and length.isascii() and length.isdigit() else 0
