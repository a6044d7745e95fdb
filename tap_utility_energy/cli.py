"""The command line: runs the SDK's command and turns every outcome into an exit code.

The SDK reads files, checks settings, tests and discovers in different places. This module wraps
all of them, so that it sees each failure.
"""

from __future__ import annotations

import gc
import io
import logging
import os
import sys
from contextlib import suppress
from typing import TYPE_CHECKING, NoReturn

from tap_utility_energy import signals

if TYPE_CHECKING:
    import click


def main() -> NoReturn:
    """Run ``tap-utility-energy`` and exit.

    The exit code is 0 if all went well, 1 after a failure, 2 for a wrong command line, and 128
    and the signal's number after a signal. The last lines on stderr say why.
    """
    signals.install()  # before the imports below, which take a while
    if sys.stdout is None:
        sys.exit("tap-utility-energy: stdout is closed")
    import tap_utility_energy.tap  # noqa: F401, PLC0415
    from tap_utility_energy.clock import HEARTBEAT  # noqa: PLC0415
    from tap_utility_energy.stdout import open_stdout  # noqa: PLC0415

    with suppress(AttributeError, OSError):  # there may be none
        os.set_blocking(sys.stderr.fileno(), True)  # it may be the same file as stdout
    # With PYTHONUNBUFFERED, a write that a signal interrupts would be truncated.
    sys.stdout = open_stdout(sys.stdout.fileno(), HEARTBEAT)

    gc.freeze()  # what the imports made stays, and need not be looked through again
    code = _run()
    signals.ignore()
    sys.exit(code)


def _run() -> int:
    import click  # noqa: PLC0415
    from singer_sdk.exceptions import ConfigValidationError  # noqa: PLC0415

    from tap_utility_energy.core.report import SyncFailedError, error_message  # noqa: PLC0415
    from tap_utility_energy.errors import UserInputError  # noqa: PLC0415
    from tap_utility_energy.http.redaction import redact_logs, register_secrets  # noqa: PLC0415
    from tap_utility_energy.logs import quiet_sdk  # noqa: PLC0415
    from tap_utility_energy.secret_sources import in_environment  # noqa: PLC0415
    from tap_utility_energy.tap import TapUtilityEnergy  # noqa: PLC0415

    register_secrets(in_environment())
    logger = logging.getLogger(TapUtilityEnergy.name)
    try:
        command = _command()
        quiet_sdk()
        redact_logs()
        result = command.main(standalone_mode=False)
    except (SyncFailedError, ConfigValidationError) as failed:
        lines = list(failed.lines if isinstance(failed, SyncFailedError) else failed.errors)
    except UserInputError as wrong:
        lines = [error_message(wrong)]
    except click.ClickException as wrong:
        _show(wrong)
        return wrong.exit_code
    except signals.Stopped as stopped:
        logger.warning("stopped by %s", stopped.name)
        return _flushed(stopped.exit_code)
    except SystemExit as ended:  # of --about, and of click when its output is closed
        return _flushed(int(ended.code or 0))
    except Exception as error:
        logger.debug("failed", exc_info=True)
        lines = _unwritten_because_of(error) or [error_message(error)]
    else:
        return _flushed(result or 0)
    for line in dict.fromkeys([*lines, *(_unwritten() or [])]):
        logger.error(line)
    return 1


def _show(wrong: click.ClickException) -> None:
    """Write a usage error, without the JSON that a user may have passed instead of a file."""
    import click  # noqa: PLC0415

    from tap_utility_energy.http.redaction import redact  # noqa: PLC0415

    text = io.StringIO()
    wrong.show(text)
    usage, _, json_text = text.getvalue().rstrip().partition("{")
    click.echo(redact(f"{usage}{{…}}" if json_text else usage), err=True)


def _command() -> click.Command:
    """The SDK's command or, if that is the first argument, ``check``; with logging set up.

    Raises:
        UserInputError: The user's log level or log config cannot be used.
    """
    from tap_utility_energy import environment  # noqa: PLC0415
    from tap_utility_energy.errors import UserInputError  # noqa: PLC0415
    from tap_utility_energy.logs import check_stdout, set_up_anew  # noqa: PLC0415
    from tap_utility_energy.tap import TapUtilityEnergy  # noqa: PLC0415

    problem = environment.log_level_problem()
    if not os.environ.get("SINGER_SDK_LOG_CONFIG", "").strip():
        os.environ.pop("SINGER_SDK_LOG_CONFIG", None)  # the SDK takes '' for a path
    try:
        command = TapUtilityEnergy.cli
        check_stdout()
    except Exception as error:
        set_up_anew()
        why = error.__cause__ or error  # logging.config wraps what is wrong
        raise UserInputError(f"SINGER_SDK_LOG_CONFIG: it cannot be used: {why}") from error
    if problem:
        raise UserInputError(problem)
    if sys.argv[1:2] == ["check"]:
        from tap_utility_energy.check.command import commands  # noqa: PLC0415

        return commands()
    return command


def _flushed(code: int) -> int:
    """The exit code after flushing stdout: 1 if stdout is closed."""
    unwritten = _unwritten()
    for line in unwritten or []:
        logging.getLogger("tap-utility-energy").error(line)
    return code if unwritten is None else code or 1


def _unwritten_because_of(error: Exception) -> list[str]:
    """The error message of an error of writing to stdout; empty for any other."""
    is_of_stdout = isinstance(error, OSError) and error.filename is None
    return [f"what was read cannot be written: {error}"] if is_of_stdout else []


def _unwritten() -> list[str] | None:
    """Flush stdout; the error message if that fails, else None."""
    try:
        sys.stdout.flush()
    except OSError as error:
        # Otherwise Python would flush again at exit and print an error.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        is_told = isinstance(error, BrokenPipeError)
        return [] if is_told else _unwritten_because_of(error)
    return None
