"""CONTRIBUTING.md adds a stream: its steps, done in a copy of the repository as they stand."""

from __future__ import annotations

import json
import re
import shlex
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parent.parent
STEP = re.compile(
    r"[Ii]n (?:`(?P<path>[^`]+)`|the same file), "
    r"(?P<where>at the end|above (?:the last )?`(?P<above>[^`]+)`|below `(?P<below>[^`]+)`):\n\n"
    r"   ```(?P<language>\w+)\n(?P<text>.*?)   ```\n",
    re.DOTALL,
)
TESTS = (
    "tests/test_catalog_snapshot.py",
    "tests/test_changelog.py",
    "tests/energycap/test_vendors_own_client.py",
    "tests/energycap/test_entities.py",
    "tests/test_generated.py",
    "tests/test_streams_page.py",
    "tests/test_standard.py",
)
NEXT = "---- next ----"
COLLECT = f"""
import json, sys, pytest
for number, options in enumerate(json.loads(sys.argv[1])):
    if number:
        print({NEXT!r})
    if pytest.main(options):
        sys.exit(1)
"""


def run(copy: Path, *command: str) -> str:
    done = subprocess.run(
        command, cwd=copy, capture_output=True, text=True, timeout=1200, check=False
    )
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout


@pytest.fixture(scope="module")
def copy(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A copy of the repository in which the steps were done."""
    folder = tmp_path_factory.mktemp("repository") / "copy"
    listed = run(ROOT, "git", "ls-files", "-z", "--cached", "--others", "--exclude-standard")
    for name in filter(None, listed.split("\0")):
        if (ROOT / name).is_file():
            (folder / name).parent.mkdir(parents=True, exist_ok=True)
            shutil.copy2(ROOT / name, folder / name)
    run(folder, "git", "init", "--quiet")
    run(folder, "git", "add", "--all", "--force")
    commit = ("-c", "user.name=test", "-c", "user.email=test@localhost", "commit", "--quiet")
    run(folder, "git", *commit, "--no-verify", "--message", "tests: begin")
    path = None
    for step in STEP.finditer((ROOT / "CONTRIBUTING.md").read_text("utf-8")):
        path = folder / step["path"] if step["path"] else path
        assert path is not None
        path.write_text(edited(path.read_text("utf-8"), step), "utf-8")
    return folder


def edited(content: str, step: re.Match[str]) -> str:
    """The content of a file after a step."""
    lines = content.splitlines(keepends=True)
    # The block without the indentation of its list.
    new = "".join(line.removeprefix("   ") for line in step["text"].splitlines(keepends=True))
    if step["above"]:
        place = max(i for i, line in enumerate(lines) if line.startswith(step["above"]))
        new += "\n\n" if step["language"] == "python" else ""
    elif step["below"]:  # and below the blank line under it
        place = 2 + min(i for i, line in enumerate(lines) if line.startswith(step["below"]))
    else:
        place, new = len(lines), f"\n{new}"
    return "".join([*lines[:place], new, *lines[place:]])


def test_the_commands_do_something() -> None:
    page = (ROOT / "CONTRIBUTING.md").read_text("utf-8")
    block = re.search(r"```sh\n(.*?)```", page, re.DOTALL)
    assert block
    commands = [shlex.split(line, comments=True) for line in block[1].splitlines()]
    assert len(commands) > 5
    chosen = [
        ["--collect-only", "-q", "-n", "0", *shlex.split(word.removeprefix("ARGS="))]
        for words in commands
        for word in words
        if word.startswith("ARGS=")
    ]
    assert len(chosen) > 3
    # In one process, which imports the tests once.
    said = run(ROOT, sys.executable, "-c", COLLECT, json.dumps(chosen)).split(NEXT)
    assert len(said) == len(chosen)
    assert all("::" in tests for tests in said), said
    for name, *words in commands:
        if name == "make":
            run(ROOT, "make", "--dry-run", *words)
        else:
            assert (ROOT / words[0]).is_file()


@pytest.mark.end_to_end
def test_a_stream_is_added_as_it_is_described(copy: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    changed = run(copy, "git", "diff", "--numstat").splitlines()
    lines = sum(int(line.split("\t")[0]) for line in changed)

    assert len(changed) <= 4, changed
    assert lines <= 60, changed
    monkeypatch.setenv("PYTHONPATH", str(copy))  # before the installed tap, which is the original
    run(copy, sys.executable, "-m", "scripts.generate")
    wanted = "energycap_customers or generated or catalog or changelog or streams_page"
    run(copy, sys.executable, "-m", "pytest", "-n", "0", "-q", "-k", wanted, *TESTS)
    found = json.loads(run(copy, sys.executable, "-m", "tap_utility_energy", "--discover"))
    assert "energycap_customers" in {entry["tap_stream_id"] for entry in found["streams"]}
