"""A temporary folder that takes nothing more: the file-size limit of the process stands for it."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

from sandbox import Sandbox
from tests.support import DIGESTS, RESULTS, SUMMARIES, Run, catalog, clean_environment

#: The tap, which keeps pages in files from 1 kB on, none of which may grow beyond 20 kB.
LIMITED = """
import resource
from tap_utility_energy import cli
from tap_utility_energy.core import shared_pages
shared_pages.IN_MEMORY = 1000
resource.setrlimit(resource.RLIMIT_FSIZE, (20_000, 20_000))
cli.main()
"""


def test_a_full_disk_fails_only_the_streams_that_need_it(tmp_path: Path) -> None:
    files = tmp_path / "config.json", tmp_path / "catalog.json"
    units = "energycap_units"
    with Sandbox(meters=40, billing_summaries=5) as box:
        config = box.tap_config(energycap_page_size=5, utilityapi_requests_per_minute=6000)
        chosen = catalog([SUMMARIES, DIGESTS, RESULTS, units])
        for file, content in zip(files, (config, chosen), strict=True):
            file.write_text(json.dumps(content))
        arguments = ("--config", str(files[0]), "--catalog", str(files[1]))
        ended = subprocess.run(
            [sys.executable, "-c", LIMITED, *arguments],
            capture_output=True,
            text=True,
            check=False,
            env=clean_environment(TMPDIR=str(tmp_path)),
            timeout=60,
        )
    run = Run(ended.returncode, ended.stdout, ended.stderr)

    assert run.exit == 1
    assert run.errors[-1] == (
        f"{RESULTS}: pages that another stream has read could not be kept in {tmp_path}: File too "
        "large. Make room there, or set TMPDIR to a folder that has it."
    )
    assert not run.records(RESULTS)
    assert len(run.records(DIGESTS)) == 40
    assert len(run.records(SUMMARIES)) == 5
    assert run.records(units)
    assert "Exception ignored" not in run.stderr
    assert "Traceback" not in run.stderr
