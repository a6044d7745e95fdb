"""A command of `tests.warm` behaves as one that Python starts."""

from __future__ import annotations

import signal
import subprocess
import sys
import time
from collections.abc import Sequence
from pathlib import Path

import pytest

from tests.warm import warm_python

SCRIPT = """
import os
import signal
import sys
import time

print(sys.argv[1:], os.getcwd(), sorted(os.environ.items()), sys.stdin.read(), __name__)
print("to stderr", file=sys.stderr)
match sys.argv[1]:
    case "exit":
        sys.exit(int(sys.argv[2]))
    case "raise":
        raise KeyError("x")
    case "wait":
        signal.signal(signal.SIGTERM, lambda *_: sys.exit(7))
        print(os.getpid(), flush=True)
        time.sleep(60)
"""


@pytest.fixture
def pythons(shared: Path, tmp_path: Path) -> list[Sequence[str]]:
    """Two ways to run the script: Python's own, and the one that is tested."""
    environment = {"OF_THE_SERVER": "1"}
    warm = warm_python(shared, "test", Path(sys.executable), "json", environment=environment)
    (tmp_path / "script.py").write_text(SCRIPT, "utf-8")
    return [[*python, str(tmp_path / "script.py")] for python in ([sys.executable], warm.command)]


@pytest.mark.parametrize("arguments", [("exit", "0"), ("exit", "3"), ("raise",), ("none", "ü\n'")])
def test_a_command_is_given_all_that_it_was_started_with(
    pythons: list[Sequence[str]], tmp_path: Path, arguments: tuple[str, ...]
) -> None:
    environment = {"LC_CTYPE": "C.UTF-8", "ONE": "ü", "OTHER": "a\nb"}
    own, warm = (
        subprocess.run(
            [*python, *arguments],
            input="from stdin",
            capture_output=True,
            text=True,
            check=False,
            cwd=tmp_path,
            env=environment,
        )
        for python in pythons
    )

    assert "from stdin" in own.stdout
    assert (warm.returncode, warm.stdout) == (own.returncode, own.stdout)
    assert warm.stderr.splitlines()[0] == own.stderr.splitlines()[0] == "to stderr"
    assert warm.stderr.splitlines()[-1] == own.stderr.splitlines()[-1]


@pytest.mark.parametrize(
    ("number", "code"), [(signal.SIGTERM, 7), (signal.SIGHUP, -1), (signal.SIGKILL, -9)]
)
def test_a_signal_reaches_the_command(
    pythons: list[Sequence[str]], number: signal.Signals, code: int
) -> None:
    for python in pythons:
        with subprocess.Popen(
            [*python, "wait"], stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, text=True
        ) as process:
            assert process.stdout
            process.stdout.readline()
            pid = int(process.stdout.readline())
            process.send_signal(number)
            assert process.wait(60) == code
        assert_ended(pid)


def assert_ended(pid: int) -> None:
    """The process is gone, or will be as soon as the server gets to it."""
    deadline = time.monotonic() + 60
    while Path(f"/proc/{pid}").exists():
        assert time.monotonic() < deadline
        time.sleep(0.01)
