"""The tap: its settings, its streams, and the loop that syncs them."""

from __future__ import annotations

from copy import deepcopy
from typing import IO, TYPE_CHECKING, Any, ClassVar, cast

from click import BadParameter
from singer_sdk.exceptions import ConfigValidationError
from singer_sdk.helpers.capabilities import PluginCapabilities, TapCapabilities
from singer_sdk.mapper import PluginMapper
from singer_sdk.tap_base import CliTestOptionValue
from typing_extensions import override

from tap_utility_energy import energycap, secret_sources, settings, signals, utilityapi
from tap_utility_energy.clock import Clock
from tap_utility_energy.config import read as read_config
from tap_utility_energy.core import stream_maps
from tap_utility_energy.core.catalog import unknown_streams
from tap_utility_energy.core.messages import MessageWriter
from tap_utility_energy.core.report import Report, SyncFailedError
from tap_utility_energy.core.sdk_hooks import ACTIVATE_VERSION, SDKTap
from tap_utility_energy.core.state import unwrapped, valid_bookmark
from tap_utility_energy.errors import UserInputError
from tap_utility_energy.files import as_file, read_catalog, read_object, read_state
from tap_utility_energy.http.redaction import register_secrets
from tap_utility_energy.utilityapi.bill_files import SETTING as BILL_FILES_DIRECTORY
from tap_utility_energy.utilityapi.estimate import log_estimate

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    import click
    from singer_sdk.helpers.capabilities import CapabilitiesEnum

    from tap_utility_energy.core.stream import VendorStream
    from tap_utility_energy.utilityapi.historical_collection import HistoricalCollectionsStream
    from tap_utility_energy.utilityapi.streams import BillFilesStream, MetersStream


class TapUtilityEnergy(SDKTap):
    """Utility bills from UtilityAPI and meter data from EnergyCAP."""

    name = "tap-utility-energy"
    config_jsonschema = deepcopy(settings.SCHEMA)  # the SDK adds its own settings in place
    capabilities: ClassVar[list[CapabilitiesEnum]] = [
        TapCapabilities.CATALOG,
        TapCapabilities.STATE,
        TapCapabilities.DISCOVER,
        ACTIVATE_VERSION,
        TapCapabilities.TEST,
        PluginCapabilities.ABOUT,
        PluginCapabilities.STREAM_MAPS,
        PluginCapabilities.FLATTENING,
        PluginCapabilities.BATCH,
        PluginCapabilities.STRUCTURED_LOGGING,
    ]
    message_writer_class = MessageWriter
    #: The clock of rate limits and retries.
    clock = Clock()

    def __init__(
        self,
        *,
        config: Mapping[str, Any] | None = None,
        parse_env_config: bool = False,
        validate_config: bool = True,
        **kwargs: Any,
    ) -> None:
        """Read the settings; one exception lists all problems with them.

        Raises:
            ConfigValidationError: A setting is wrong or missing. Discovery does not mind.
        """
        register_secrets([
            *secret_sources.in_environment(),
            *secret_sources.in_config(config or {}),
        ])
        schema = self.config_jsonschema
        self.append_builtin_config(schema)
        names = [stream.name for stream in (*utilityapi.STREAMS, *energycap.STREAMS)]
        values, problems = read_config(
            config or {}, schema, names, from_environment=parse_env_config
        )
        register_secrets(secret_sources.in_config(values))  # those of variables as well
        if problems and validate_config:
            raise ConfigValidationError("Config validation failed", errors=problems, schema=schema)
        if problems:
            values = {}  # discovery needs none, and wrong ones would fail where they are used
        super().__init__(config=values, validate_config=validate_config, **kwargs)

    @classmethod
    @override
    def cb_config(cls, ctx: click.Context, param: click.Option, value: tuple[str, ...]) -> Any:
        """Read the config files.

        Raises:
            UserInputError: One is not there or holds no JSON object.
        """
        found = super().cb_config(ctx, param, tuple(path for path in value if path == "ENV"))
        for path in value:
            if path != "ENV":
                found.config.update(read_object("--config", path))
        return found

    @classmethod
    @override
    def invoke(
        cls,
        *,
        state: IO[str] | None = None,
        catalog: IO[str] | None = None,
        **kwargs: Any,
    ) -> None:
        """Run a sync from the command line.

        Raises:
            SyncFailedError: A setting is wrong, or a stream failed.
            UserInputError: The state or the catalog is none.
        """
        try:
            super().invoke(
                state=state and as_file(read_state(state)),
                catalog=catalog and as_file(read_catalog(catalog)),
                **kwargs,
            )
        except ConfigValidationError as wrong:  # the SDK would end with a line of its own
            raise SyncFailedError(list(wrong.errors)) from wrong

    @classmethod
    @override
    def get_singer_command(cls) -> click.Command:
        """The command, with ``--state`` evaluated before all other options."""
        command = super().get_singer_command()
        for option in command.params:
            option.is_eager |= option.name == "state"
        return command

    @classmethod
    @override
    def cb_test(cls, ctx: click.Context, param: click.Option, value: str) -> None:
        """Test the tap. The requests in a state count for the plan of a collection.

        Raises:
            BadParameter: There is no such test.
            UserInputError: The state is none.
        """
        known = [each.value for each in CliTestOptionValue]
        if value not in known:
            raise BadParameter(f"{value!r} is not one of {', '.join(known)}.", ctx, param)
        if value == CliTestOptionValue.All.value and (state := ctx.params.get("state")):
            bookmarks = read_state(state).get("bookmarks", {})
            collections = "historical_collections"
            tap = cls(
                config=ctx.params["config"].config,
                parse_env_config=ctx.params["config"].parse_env,
                state={"bookmarks": {collections: bookmarks.get(collections, {})}},
            )
            tap.run_connection_test()
            ctx.exit()
        super().cb_test(ctx, param, value)

    @override
    def setup_mapper(self) -> None:
        """Set up the maps of the selected streams, and check the catalog.

        Raises:
            ConfigValidationError: A map or a catalog's entry does not fit its stream.
        """
        streams = cast("dict[str, VendorStream]", self.streams)
        config = deepcopy(dict(self.config))  # the SDK's mapper takes options out of the maps
        maps = config["stream_maps"] = stream_maps.in_order(config.get("stream_maps", {}), streams)
        self.mapper = PluginMapper(plugin_config=config, logger=self.logger)
        selected = [stream for stream in streams.values() if stream.selected]
        problems = [problem for stream in selected for problem in stream.catalog_problems]
        for stream in selected:
            for note in stream.catalog_notes:
                stream.stats.log.warning("%s", note)
        idle = [name for name in self.config if name.startswith("flattening_")]
        if idle and "flattening_enabled" not in self.config:
            self.logger.warning("%s: no effect without flattening_enabled", ", ".join(idle))
        if maps or self.config.get("flattening_enabled"):
            problems += self._map_problems(maps, streams)
        if self.input_catalog is not None:
            problems += unknown_streams(self.input_catalog, streams)
        if problems:
            raise ConfigValidationError("Config validation failed", errors=problems)

    def _map_problems(
        self, maps: Mapping[str, Any], streams: Mapping[str, VendorStream]
    ) -> Iterator[str]:
        """Register the selected streams with the mapper; a line for each map that does not fit."""
        fields = {name: each.effective_schema["properties"] for name, each in streams.items()}
        yield from stream_maps.unknown_removed_fields(maps, fields)
        for stream in streams.values():
            if not stream.selected:
                continue
            if patterns := stream_maps.overridden(maps, stream.name):
                stream.stats.log.warning(
                    "its own stream map overrides that for %s", ", ".join(patterns)
                )
            try:
                stream.register_maps()
            except UserInputError as wrong:
                yield str(wrong)
        yield from stream_maps.unknown_names(maps, fields, self.mapper)
        yield from stream_maps.same_names(self.mapper)

    @override
    def load_state(self, state: dict[str, Any]) -> None:
        """Load the state, without invalid values of bookmarks.

        Raises:
            UserInputError: It is none.
        """
        state = unwrapped(state)
        bookmarks = state.get("bookmarks", {})
        super().load_state({
            "bookmarks": {
                name: valid_bookmark(name, bookmark) for name, bookmark in bookmarks.items()
            }
        })

    @override
    def discover_streams(self) -> Sequence[VendorStream]:
        return [
            *utilityapi.make_streams(self, self.clock),
            *energycap.make_streams(self, self.clock),
        ]

    @override  # type: ignore[misc]
    def run_connection_test(self) -> bool:
        """Read one record of each stream whose vendor has a credential, for ``--test``.

        The SDK's own, which it marks as final, would ask both vendors.

        Raises:
            SyncFailedError: At least one stream failed. All others were read.
        """
        streams = cast("list[VendorStream]", list(self.streams.values()))
        for stream in streams:
            stream.selected = True
        self._prepare_files()
        report = Report(streams, self.clock)
        try:
            for stream in report.begin(streams, self.plugin_version):
                if not report.skips(stream):
                    with report.reading(stream):
                        self.run_sync_dry_run(1, [stream])
            self._preview_collection(report)
        finally:
            report.summarize()
        report.close()
        return True

    @override  # type: ignore[misc]
    def sync_all(self) -> None:
        """Sync the selected streams of the vendors that have a credential.

        The SDK's own loop, which it marks as final, would end at the first failure.

        Raises:
            SyncFailedError: At least one stream failed. All others were synced.
        """
        self.reset_progress_markers()
        if self.state:
            self.state_writer.write_state(self.state)
        streams = cast("list[VendorStream]", list(self.streams.values()))
        selected = [stream for stream in streams if stream.selected and stream.is_enabled]
        self._prepare_files()
        report = Report(streams, self.clock)
        try:
            extracted = report.begin(selected, self.plugin_version)
            self._collect_first(report)
            meters = cast("MetersStream", self.streams["utilityapi_meters"])
            log_estimate(extracted, meters.list, self.state)
            for stream in extracted:
                if not report.skips(stream):
                    with report.reading(stream), stream.bad_records_reported():
                        stream.sync()
                        stream.finalize_state_progress_markers()
                    signals.check()
        except signals.Stopped:
            self.state_writer.write_state(self.state)
            raise
        else:
            self.state_writer.write_state(self.state)  # with the progress of a failed stream
        finally:
            report.summarize()
        report.close()

    def _prepare_files(self) -> None:
        """Make the directory for the files of bills, if the user wants them.

        Raises:
            SyncFailedError: No file can be written there.
        """
        stream = cast("BillFilesStream", self.streams["utilityapi_bill_files"])
        if not (stream.is_enabled and stream.client.credential):
            return
        if not stream.selected:
            self.logger.warning(
                "%s: no effect, because %s is not selected", BILL_FILES_DIRECTORY, stream.name
            )
        elif problem := stream.files.prepare():
            raise SyncFailedError([problem])

    def _collect_first(self, report: Report) -> None:
        """Request historical collections, if the user has enabled them. This costs money.

        Only `sync_all` calls this: `--test`, discovery and test suites never do.
        """
        stream = cast("HistoricalCollectionsStream", self.streams["historical_collections"])
        is_wanted = stream.is_enabled and any(
            other.selected and other.client is stream.client
            for other in cast("dict[str, VendorStream]", self.streams).values()
        )
        if is_wanted and stream.client.credential:
            with report.failures_of(stream, last=True):
                stream.collect(lambda: self.state_writer.write_state(self.state))

    def _preview_collection(self, report: Report) -> None:
        """Log the collections that a sync would request, if the user has enabled them."""
        stream = cast("HistoricalCollectionsStream", self.streams["historical_collections"])
        if stream.is_enabled and stream.client.credential and not report.skips(stream):
            with report.failures_of(stream, last=True):
                stream.preview()

    @override
    def handle_signals(self) -> None:
        signals.install()
