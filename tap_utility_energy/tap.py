"""The tap: settings in, streams out."""

from __future__ import annotations

from copy import deepcopy
from typing import TYPE_CHECKING, Any, ClassVar, TypeVar, cast

import click
from simplejson import JSONDecodeError
from singer_sdk import Tap
from singer_sdk.exceptions import ConfigValidationError
from singer_sdk.helpers.capabilities import PluginCapabilities, TapCapabilities
from typing_extensions import override

from tap_utility_energy import energycap, settings, signals, utilityapi
from tap_utility_energy.clock import Clock
from tap_utility_energy.http.redaction import strike
from tap_utility_energy.report import Report, SyncFailed

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    from singer_sdk.helpers.capabilities import CapabilitiesEnum

    from tap_utility_energy.http.client import Client
    from tap_utility_energy.stream import VendorStream

ClientT = TypeVar("ClientT", bound="Client")


class TapUtilityEnergy(Tap):
    """Utility bills from UtilityAPI and meter data from EnergyCAP."""

    name = "tap-utility-energy"
    config_jsonschema = deepcopy(settings.SCHEMA)  # the SDK adds its own settings in place
    capabilities: ClassVar[list[CapabilitiesEnum]] = [
        TapCapabilities.CATALOG,
        TapCapabilities.STATE,
        TapCapabilities.DISCOVER,
        TapCapabilities.ACTIVATE_VERSION,
        TapCapabilities.TEST,
        PluginCapabilities.ABOUT,
        PluginCapabilities.STREAM_MAPS,
        PluginCapabilities.FLATTENING,
        PluginCapabilities.BATCH,
        PluginCapabilities.STRUCTURED_LOGGING,
    ]
    #: The time that requests are spaced and retried by.
    clock = Clock()

    def __init__(
        self,
        *,
        config: Mapping[str, Any] | None = None,
        parse_env_config: bool = False,
        validate_config: bool = True,
        **kwargs: Any,
    ) -> None:
        """Read the settings; all that is wrong with them comes in one exception.

        Raises:
            ConfigValidationError: A setting is wrong or missing. Discovery does not mind.
        """
        schema = self.config_jsonschema
        self.append_builtin_config(schema)
        values, problems = settings.read(config or {}, schema, environment=parse_env_config)
        strike(str(values[name]) for name in settings.CREDENTIALS if name in values)
        if problems and validate_config:
            raise ConfigValidationError("Config validation failed", errors=problems, schema=schema)
        self._clients: dict[type[Client], Client] = {}
        super().__init__(config=values, validate_config=validate_config, **kwargs)

    @classmethod
    @override
    def cb_config(cls, ctx: click.Context, param: click.Option, value: tuple[str, ...]) -> Any:
        """Read the config files.

        Raises:
            click.ClickException: One is not there or holds no JSON object.
        """
        for path in value:
            if path != "ENV" and (problem := settings.file_problem(path)):
                raise click.ClickException(f"--config {path}: {problem}")
        return super().cb_config(ctx, param, value)

    @classmethod
    @override
    def invoke(cls, **kwargs: Any) -> None:
        """Run a sync from the command line.

        Raises:
            SyncFailed: A setting is wrong, or a stream failed.
        """
        try:
            super().invoke(**kwargs)
        except ConfigValidationError as wrong:  # the SDK would end with a line of its own
            raise SyncFailed(list(wrong.errors)) from wrong
        except JSONDecodeError as wrong:
            raise SyncFailed([f"--catalog or --state: not JSON: {wrong}"]) from wrong

    def client(self, kind: type[ClientT]) -> ClientT:
        """The vendor's client, one for all its streams."""
        if kind not in self._clients:
            self._clients[kind] = kind(self.config, self.clock)
        return cast("ClientT", self._clients[kind])

    @override
    def discover_streams(self) -> Sequence[VendorStream]:
        return [stream(self) for stream in (*utilityapi.STREAMS, *energycap.STREAMS)]

    @override  # type: ignore[misc]
    def sync_all(self) -> None:
        """Sync the selected streams of the vendors that have a credential.

        The SDK's own loop, which it marks as final, would end at the first failure.

        Raises:
            SyncFailed: At least one stream failed. All others were synced.
        """
        # As the SDK's own loop does; pinned by tests/test_sdk_seams.py.
        self._reset_state_progress_markers()
        if self.state:
            self.state_writer.write_state(self.state)
        report = Report()
        try:
            for stream in cast("Iterable[VendorStream]", self.streams.values()):
                if stream.selected and not report.skips(stream):
                    with report.failures_of(stream):
                        stream.sync()
                        stream.finalize_state_progress_markers()
        except signals.Stopped:
            self.state_writer.write_state(self.state)
            raise
        report.close()

    @override
    def _setup_signal_handlers(self) -> None:
        # Private in the SDK, whose handlers write STATE inside the handler and exit with 0.
        signals.install()
