"""Build what a release publishes: ``python -m scripts.release v1.2.3``.

Into ``dist/``: a folder with the sdist and wheel of each distribution, and ``notes.md``, the
version's section of CHANGELOG.md.
"""

from __future__ import annotations

import argparse
import re
import shutil
import subprocess
import sys
from pathlib import Path

from scripts.project import ROOT

TAG = re.compile(r"v\d+\.\d+\.\d+", re.ASCII)
DISTRIBUTIONS = {"tap-utility-energy": ".", "target-duckdb-every-row": "loaders/duckdb"}


def main() -> int:
    """Build everything; return 1, with a line that says why, if the tag is not ready."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("tag", help="the tag to release, such as v1.2.3")
    tag = parser.parse_args().tag
    dist = ROOT / "dist"
    shutil.rmtree(dist, ignore_errors=True)
    try:
        check_tag(tag)
        notes = release_notes(tag, (ROOT / "CHANGELOG.md").read_text("utf-8"))
        for name, folder in DISTRIBUTIONS.items():
            build(ROOT / folder, dist / name)
        check_version(tag, dist / "tap-utility-energy")
    except ValueError as error:
        sys.stderr.write(f"{error}\n")
        return 1
    (dist / "notes.md").write_text(notes, "utf-8")
    return 0


def check_tag(tag: str) -> None:
    """Check the form of a tag, and that nothing but its commit would be built.

    Raises:
        ValueError: The workflow would not begin with it, or a file is changed, or new and not
            ignored: such a file would be in the sdist.
    """
    if not TAG.fullmatch(tag):
        raise ValueError(f"not the tag of a release, such as v1.2.3: {tag!r}")
    status = ["git", "status", "--porcelain"]
    changed = subprocess.run(status, cwd=ROOT, capture_output=True, text=True, check=True).stdout
    if changed:
        raise ValueError(f"the tree is not clean:\n{changed.rstrip()}")


def release_notes(tag: str, changelog: str) -> str:
    """The changelog's section of a tag's version.

    Raises:
        ValueError: There is none, or what is unreleased would not be in the release.
    """
    sections: dict[str, str] = dict(
        re.findall(r"^## \[([^\]]+)\][^\n]*\n(.*?)(?=^## |\Z)", changelog, re.MULTILINE | re.DOTALL)
    )
    version = tag.removeprefix("v")
    if not sections.get(version, "").strip():
        raise ValueError(f"CHANGELOG.md has no section [{version}]: rename [Unreleased]")
    if sections.get("Unreleased", "").strip():
        raise ValueError(f"CHANGELOG.md: move what is under [Unreleased] to [{version}]")
    return sections[version].strip() + "\n"


def build(source: Path, into: Path) -> None:
    """Build the sdist of a folder, and from that the wheel."""
    uv = Path(sys.executable).with_name("uv")
    subprocess.run([uv, "build", "--quiet", "--out-dir", into, source], check=True)
    (into / ".gitignore").unlink(missing_ok=True)


def check_version(tag: str, folder: Path) -> None:
    """Check that what was built has the tag's version.

    Raises:
        ValueError: It has another: HEAD is not the tagged commit.
    """
    version = tag.removeprefix("v")
    built = sorted(path.name for path in folder.iterdir())
    expected = [
        f"tap_utility_energy-{version}-py3-none-any.whl",
        f"tap_utility_energy-{version}.tar.gz",
    ]
    if built != expected:
        raise ValueError(f"HEAD is not {tag}: built {', '.join(built)}")


if __name__ == "__main__":
    sys.exit(main())
