"""The places where a user's secrets can be. They are registered before anything is logged."""

from __future__ import annotations

import os
import re
import sys
from base64 import b64encode
from typing import TYPE_CHECKING
from urllib.parse import unquote
from urllib.request import getproxies

from tap_utility_energy import environment
from tap_utility_energy.settings import CREDENTIALS, SCHEMA

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

#: Matches the names of settings that hold a secret, misspelt ones included.
_NAME = r"token|key|secret|password"
_VARIABLE = re.compile(rf"(utility_?api|energy_?cap)\w*({_NAME})|_?proxy$", re.IGNORECASE)
#: The setting with what stream maps compute with, such as the seed of a hash.
MAP_VALUES = "stream_map_config"
_ARGUMENT = re.compile(rf"(?:{_NAME})[\"']?(?:\s*[=:]\s*|\s+)[\"']?([^\"'\s,}}]+)", re.IGNORECASE)


def in_config(config: Mapping[str, object]) -> Iterator[str]:
    """The secrets among the settings, of any type."""
    no_secrets = SCHEMA["properties"].keys() - CREDENTIALS
    for name, value in config.items():
        if name == MAP_VALUES or (name not in no_secrets and _is_secret(name)):
            yield from _texts(value)
    yield from _named_secrets(config.get("batch_config"))


def _is_secret(name: str) -> bool:
    return re.search(_NAME, name, re.IGNORECASE) is not None


def _named_secrets(value: object) -> Iterator[str]:
    """The texts in an object whose names are those of secrets, such as a storage's password."""
    for name, inner in value.items() if isinstance(value, dict) else ():
        yield from _texts(inner) if _is_secret(name) else _named_secrets(inner)


def in_environment() -> Iterator[str]:
    """The secrets of the environment, of the `.env`, of proxies and of the command line."""
    variables = environment.from_dotenv() | dict(os.environ)
    for name, text in variables.items():
        if name.lower() != "no_proxy" and _VARIABLE.search(name):
            yield from _in_proxy(text) if name.lower().endswith("proxy") else [text, text.strip()]
    for scheme, proxy in getproxies().items():  # those of the system as well
        if scheme != "no":
            yield from _in_proxy(proxy)
    yield from _ARGUMENT.findall(" ".join(sys.argv[1:]))


def _texts(value: object) -> Iterator[str]:
    if isinstance(value, dict | list):
        for inner in value.values() if isinstance(value, dict) else value:
            yield from _texts(inner)
    elif value is not None:
        yield str(value)


def _in_proxy(proxy: str) -> Iterator[str]:
    """User and password of a proxy's URL, even if it is malformed."""
    address = proxy.split("://", 1)[-1]
    ends = [found.start() for found in re.finditer("@", address)]
    for end in ends:
        user, _, password = address[:end].partition(":")
        login = unquote(address[:end])
        yield from (address[:end], login, password or user, unquote(password or user))
        yield from re.split(r"[/?#]", password)  # where a URL's parser may take it for the host
        yield b64encode(login.encode("utf-8", "replace")).decode()
    if not ends and not re.fullmatch(r"(\[[^\]]*\]|[\w.-]*)(:[0-9]*)?(/.*)?", address):
        yield from (address, address.rpartition(":")[2])  # it is no URL, and so may be a password
