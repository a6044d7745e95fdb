"""The command ``tap-utility-energy check``."""

from __future__ import annotations

import sys
from contextlib import nullcontext
from typing import TYPE_CHECKING, Any

import click

from tap_utility_energy.check.report import ReportFile, document
from tap_utility_energy.check.table import marks_for, table
from tap_utility_energy.check.vendors import check, lines_of
from tap_utility_energy.core.report import SyncFailedError
from tap_utility_energy.tap import TapUtilityEnergy

if TYPE_CHECKING:
    from collections.abc import Sequence

NAME = "check"
HELP = """Compare the vendors with what this tap assumes of them.

Sends at most 60 GET requests in all, none of which costs money, to the vendors that have a
credential. Exits with 1 if a vendor refuses a list or does not answer.
"""


def commands() -> click.Group:
    """The commands of the tap that are no Singer commands."""
    return click.Group(TapUtilityEnergy.name, commands=[_check()])


def _check() -> click.Command:
    return click.Command(
        NAME,
        callback=run,
        help=HELP,
        params=[
            click.Option(
                ["--config"],
                multiple=True,
                default=(),
                callback=TapUtilityEnergy.cb_config,
                help="Configuration file location or 'ENV' to use environment variables.",
            ),
            click.Option(
                ["--report"],
                metavar="FILE",
                help="Write a JSON report for an issue, without any value of your data.",
            ),
        ],
    )


def run(config: Any, report: str | None) -> None:
    """Check, print the table, and write the report.

    Raises:
        ConfigValidationError: A setting is wrong or missing.
        SyncFailedError: A vendor refuses something, or does not answer.
        UserInputError: The report cannot be written.
    """
    tap = TapUtilityEnergy(config=config.config, parse_env_config=config.parse_env)
    with nullcontext() if report is None else ReportFile(report) as file:
        checked = check(tap)
        _print(list(table(checked, marks_for(getattr(sys.__stdout__, "encoding", None)))))
        if file:
            file.write(document(checked, tap.plugin_version))
    if lines := list(lines_of(checked)):
        raise SyncFailedError(lines)


def _print(lines: Sequence[str]) -> None:
    sys.stdout.write("\n".join(lines) + "\n")
    sys.stdout.flush()
