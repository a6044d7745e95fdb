"""A PostgreSQL cluster of one's own, on loopback, for as long as the tests run."""

from __future__ import annotations

import os
import secrets
import shutil
import signal
import socket
import subprocess
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from tests.end_to_end.project import absent, needed_module

HOST, USER = "127.0.0.1", "loader"
#: Seconds until a server accepts connections, or has stopped.
TIMEOUT = 60


@dataclass(frozen=True)
class Cluster:
    """A running server and the only user that it has."""

    port: int
    password: str
    pid: int

    def connect(self, database: str = "postgres") -> Any:
        """Open a connection of psycopg."""
        return needed_module("psycopg").connect(
            host=HOST,
            port=self.port,
            user=USER,
            password=self.password,
            dbname=database,
            autocommit=True,
            connect_timeout=5,
        )

    def create_database(self, name: str) -> dict[str, object]:
        """Make an empty database and return target-postgres' settings for it."""
        with self.connect() as connection:
            connection.execute(f"CREATE DATABASE {name}")
        return {
            "host": HOST,
            "port": self.port,
            "user": USER,
            "password": self.password,
            "database": name,
        }


@contextmanager
def running_cluster() -> Iterator[Cluster]:
    """Initialise a cluster, start it, and leave nothing of it behind."""
    programs = _programs()
    # Not below pytest's own folders, which the server's user may not enter.
    folder = Path(tempfile.mkdtemp(prefix="cluster-"))
    try:
        password = secrets.token_hex(16)
        password_file = folder / "password"
        password_file.write_text(password, "utf-8")
        if owner := _owner():
            for path in (folder, password_file):
                shutil.chown(path, owner["user"], owner["group"])
        data = folder / "data"
        initialise = [
            f"{programs}/initdb",
            f"--pgdata={data}",
            f"--username={USER}",
            f"--pwfile={password_file}",
            "--auth=scram-sha-256",
            "--encoding=UTF8",
            "--locale=C",
            "--no-sync",
        ]
        made = subprocess.run(
            initialise, cwd=folder, capture_output=True, text=True, check=False, **owner
        )
        assert made.returncode == 0, made.stdout + made.stderr
        with _server(programs, folder, owner) as (process, port):
            cluster = Cluster(port, password, process.pid)
            _wait_until_it_answers(cluster, process, folder / "log")
            yield cluster
    finally:
        shutil.rmtree(folder)


def _programs() -> Path:
    """The folder with initdb and postgres, of the newest version that is installed."""
    asked: list[Path] = []
    if config := shutil.which("pg_config"):
        answer = subprocess.run([config, "--bindir"], capture_output=True, text=True, check=True)
        asked.append(Path(answer.stdout.strip()))
    debian = Path("/usr/lib/postgresql").glob("*/bin")
    newest_first = sorted(debian, key=lambda path: float(path.parent.name), reverse=True)
    for folder in (*newest_first, *asked):
        if (folder / "initdb").exists() and (folder / "postgres").exists():
            return folder
    raise absent("PostgreSQL's server is not installed: Debian's package is called postgresql")


def _owner() -> dict[str, Any]:
    """Arguments for subprocess: PostgreSQL refuses to run as root, so root hands over."""
    if os.getuid() != 0:
        return {}
    return {"user": "postgres", "group": "postgres", "extra_groups": []}


@contextmanager
def _server(
    programs: Path, folder: Path, owner: dict[str, Any]
) -> Iterator[tuple[subprocess.Popen[bytes], int]]:
    with socket.create_server((HOST, 0)) as free:
        port = free.getsockname()[1]
    settings = {
        "listen_addresses": HOST,
        "port": port,
        "unix_socket_directories": "",
        "fsync": "off",
    }
    command = [f"{programs}/postgres", "-D", f"{folder}/data"]
    command += [f"--{name}={value}" for name, value in settings.items()]
    with (
        (folder / "log").open("wb") as log,
        subprocess.Popen(
            command, cwd=folder, stdin=subprocess.DEVNULL, stdout=log, stderr=log, **owner
        ) as process,
    ):
        try:
            yield process, port
        finally:
            process.send_signal(signal.SIGINT)  # a shutdown that ends open sessions
            try:
                process.wait(TIMEOUT)
            finally:
                process.kill()


def _wait_until_it_answers(cluster: Cluster, process: subprocess.Popen[bytes], log: Path) -> None:
    psycopg = needed_module("psycopg")
    deadline = time.monotonic() + TIMEOUT
    while True:
        try:
            cluster.connect().close()
        except psycopg.OperationalError:
            said = log.read_text("utf-8", errors="replace")
            assert process.poll() is None, f"PostgreSQL did not start: {said}"
            assert time.monotonic() < deadline, f"PostgreSQL does not answer: {said}"
            time.sleep(0.05)
        else:
            return
