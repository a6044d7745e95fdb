"""What a release publishes, and that its texts and workflows say the same as the package."""

from __future__ import annotations

import json
import re
import subprocess
import sys
import tarfile
import tomllib
import zipfile
from pathlib import Path

import pytest
from ruamel.yaml import YAML

from scripts.project import METADATA, ROOT, URLS

TAG = "v41.2.3"
#: What the action that `release.yml` publishes with takes. An older one of 2026 refuses 2.5, which
#: hatchling writes.
PUBLISHED_METADATA = {f"Metadata-Version: 2.{minor}" for minor in range(1, 6)}


def tracked() -> list[str]:
    listed = run("git", "ls-files", at=ROOT)
    return listed.stdout.splitlines()


def run(*command: str | Path, at: Path, exit_code: int = 0) -> subprocess.CompletedProcess[str]:
    ended = subprocess.run(command, cwd=at, capture_output=True, text=True, check=False)
    assert ended.returncode == exit_code, ended.stdout + ended.stderr
    return ended


def git(at: Path, *arguments: str) -> None:
    run("git", "-c", "user.name=Test", "-c", "user.email=test@localhost", *arguments, at=at)


def ready(folder: Path, unreleased: str = "") -> Path:
    """A clone with a tagged commit that is to be released."""
    git(folder, "clone", "--quiet", "--no-local", str(ROOT), "clone")
    clone = folder / "clone"
    for path in (*(ROOT / "scripts").glob("*.py"), ROOT / "pyproject.toml"):  # of the working tree
        (clone / path.relative_to(ROOT)).write_bytes(path.read_bytes())
    heading = f"## [Unreleased]\n{unreleased}\n## [{TAG[1:]}] - 2026-11-27\n"
    text = (clone / "CHANGELOG.md").read_text("utf-8").replace("## [Unreleased]\n", heading)
    (clone / "CHANGELOG.md").write_text(text, "utf-8")
    git(clone, "add", "--all")
    git(clone, "commit", "--quiet", "--message=changelog: release")
    git(clone, "tag", TAG)
    return clone


def release(clone: Path, tag: str = TAG, exit_code: int = 0) -> str:
    """Run the script; return what it says."""
    return run(sys.executable, "-m", "scripts.release", tag, at=clone, exit_code=exit_code).stderr


@pytest.mark.end_to_end
def test_a_tag_becomes_two_distributions_and_notes(tmp_path: Path) -> None:
    clone = ready(tmp_path)
    release(clone)
    wheel, sdist = sorted((clone / "dist" / "tap-utility-energy").iterdir())
    notes = (clone / "dist" / "notes.md").read_text("utf-8")
    loader = [path.name for path in (clone / "dist" / "target-duckdb-every-row").iterdir()]
    with tarfile.open(sdist) as archive:
        names = {name.split("/", 1)[1] for name in archive.getnames()}

    assert notes.startswith("### ")
    assert "## [" not in notes
    assert sorted(name.rpartition(".")[2] for name in loader) == ["gz", "whl"]
    assert names - {"PKG-INFO"} == set(run("git", "ls-files", at=clone).stdout.splitlines())

    with zipfile.ZipFile(wheel) as archive:
        (metadata,) = (name for name in archive.namelist() if name.endswith("/METADATA"))
        assert archive.read(metadata).splitlines()[0].decode() in PUBLISHED_METADATA

    uv, python = Path(sys.executable).with_name("uv"), tmp_path / "empty" / "bin" / "python"
    run(uv, "venv", "--python", sys.executable, tmp_path / "empty", at=tmp_path)
    run(uv, "pip", "install", "--python", python, wheel, at=tmp_path)
    tap = python.with_name("tap-utility-energy")
    catalog = json.loads(run(tap, "--discover", at=tmp_path).stdout)
    snapshot = json.loads((ROOT / "tests" / "snapshots" / "catalog.json").read_text("utf-8"))
    assert f"{TAG}," in run(tap, "--version", at=tmp_path).stdout
    assert catalog == snapshot


@pytest.mark.end_to_end
def test_a_commit_that_is_not_the_tags_is_not_released(tmp_path: Path) -> None:
    clone = ready(tmp_path)
    git(clone, "commit", "--quiet", "--allow-empty", "--message=another")

    assert release(clone, exit_code=1).startswith(f"HEAD is not {TAG}: built ")


@pytest.mark.parametrize(
    "tag", ["v41.2", "41.2.3", "v41.2.3rc1", "v41.2.3\n", "", "vUnreleased", "../v41.2.3"]
)
def test_what_is_no_tag_of_a_release_is_refused(tmp_path: Path, tag: str) -> None:
    refused = release(ready(tmp_path), tag, exit_code=1)

    assert refused == f"not the tag of a release, such as v1.2.3: {tag!r}\n"


def test_a_file_that_is_not_committed_is_not_released(tmp_path: Path) -> None:
    clone = ready(tmp_path)
    (clone / "customers.json").write_text("[]", "utf-8")

    assert release(clone, exit_code=1) == "the tree is not clean:\n?? customers.json\n"


def test_a_tag_is_no_part_of_a_command(tmp_path: Path) -> None:
    clone = ready(tmp_path)
    (clone / "Makefile").write_bytes((ROOT / "Makefile").read_bytes())
    uv = clone / ".venv" / "bin" / "uv"
    uv.parent.mkdir(parents=True)
    uv.touch()
    uv.with_name("python").symlink_to(sys.executable)

    tag = "v1; touch made #"
    refused = run("make", "release-files", f"TAG={tag}", at=clone, exit_code=2).stderr

    assert f"such as v1.2.3: {tag!r}\n" in refused
    assert not (clone / "made").exists()


def test_a_version_without_a_changelog_is_not_released(tmp_path: Path) -> None:
    clone = ready(tmp_path)
    without = release(clone, "v41.2.4", exit_code=1)

    assert without == "CHANGELOG.md has no section [41.2.4]: rename [Unreleased]\n"


def test_what_is_unreleased_is_not_forgotten(tmp_path: Path) -> None:
    clone = ready(tmp_path, unreleased="\n- A change.\n")
    forgotten = release(clone, exit_code=1)

    assert forgotten == "CHANGELOG.md: move what is under [Unreleased] to [41.2.3]\n"


def test_the_pythons_that_are_named_are_the_pythons_that_are_tested() -> None:
    classifiers = "\n".join(METADATA["classifiers"])
    named = re.findall(r"^Programming Language :: Python :: (3\.\d+)$", classifiers, re.MULTILINE)
    workflow = YAML(typ="safe").load(ROOT / ".github" / "workflows" / "test.yml")

    assert named == workflow["jobs"]["quick"]["strategy"]["matrix"]["python"]
    assert METADATA["requires-python"] == f">={named[0]}"


def test_every_address_of_the_project_is_the_one_of_the_package() -> None:
    addresses = {
        (name, address)
        for name in tracked()
        if (ROOT / name).is_file() and Path(name).suffix in {".md", ".yml", ".toml", ".py", ".lock"}
        for address in re.findall(
            r"https://[\w.-]*github[\w.]*/(?:[\w.-]+/)?tap-utility-energy\b",
            (ROOT / name).read_text("utf-8"),
        )
    }
    repository, pages = URLS["Repository"], URLS["Documentation"]
    raw = repository.replace("//github.com/", "//raw.githubusercontent.com/")

    assert len(addresses) > 4
    for name, address in addresses:
        assert address in {repository, pages, raw}, name


def test_the_loader_tells_a_package_index_what_the_tap_does() -> None:
    """So that its page there has a text, a license and a way back."""
    folder = ROOT / "loaders" / "duckdb"
    project = tomllib.loads((folder / "pyproject.toml").read_text("utf-8"))["project"]

    assert {name: project[name] for name in ("readme", "license", "license-files")} == {
        name: METADATA[name] for name in ("readme", "license", "license-files")
    }
    assert project["urls"].items() <= URLS.items()
    assert (folder / "LICENSE").read_bytes() == (ROOT / "LICENSE").read_bytes()
    assert "](https://" in (folder / "README.md").read_text("utf-8")


def test_the_hooks_run_what_the_gate_runs() -> None:
    hooks = YAML(typ="safe").load(ROOT / ".pre-commit-config.yaml")["repos"][0]["hooks"]
    gate = (ROOT / ".ci" / "run").read_text("utf-8")

    assert {hook["entry"] for hook in hooks} > {"make lint", "make types"}
    assert all(hook["entry"] in gate for hook in hooks)
