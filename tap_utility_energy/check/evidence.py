"""What a check has found out about one vendor, and facts that both vendors have."""

from __future__ import annotations

from collections import Counter, defaultdict
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from tap_utility_energy.check.facts import Fact, Verdict, counted, not_seen, verdict

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable, Mapping, Sequence

    from tap_utility_energy.check.asking import Asker, Source

#: Where fields go that the schema does not name, for the meaning of facts.
UNDER_EXTRA = "It is kept in the column extra, or inside its block. Nothing is lost"


@dataclass
class Evidence:
    """What the requests to one vendor have brought.

    Args:
        config: The settings.
        asker: What sends the requests.
        sources: The vendor's lists, by their paths.
        keys: The field that identifies a record of each list, and its type.
        repeated_keys: The paths of lists in which several records may have the same key.
    """

    config: Mapping[str, Any]
    asker: Asker
    sources: Mapping[str, Source]
    keys: Mapping[str, tuple[str, type]] = field(default_factory=dict)
    repeated_keys: Collection[str] = ()

    @property
    def read(self) -> list[Source]:
        """The lists of which there are records."""
        return [source for source in self.sources.values() if source.shape.records]

    def forms(self, *fields: str) -> Counter[str]:
        """The kinds of values that the lists have in some fields."""
        return sum((source.shape.forms(*fields) for source in self.read), Counter[str]())


def _unknown_fields(evidence: Evidence) -> Verdict:
    if not evidence.read:
        return not_seen("no list has a record")
    lists = defaultdict[str, list[str]](list)
    for source in evidence.read:
        for name in source.shape.names:
            lists[name].append(source.names[0])
    parts = [f"{name} ({_where(found)})" for name, found in sorted(lists.items())]
    if unnamed := sum(source.shape.unnamed for source in evidence.read):
        parts.append(f"{unnamed:,} that are not named here")
    return verdict(", ".join(parts) or "none", is_as_assumed=not parts)


def _where(lists: Sequence[str]) -> str:
    return lists[0] if len(lists) == 1 else f"{len(lists)} lists"


def _types(evidence: Evidence) -> Verdict:
    if not evidence.read:
        return not_seen("no list has a record")
    parts = [
        f"{source.names[0]}: {', '.join(_off_types(source))}"
        for source in evidence.read
        if source.shape.off_type
    ]
    return verdict("; ".join(parts) or "all as declared", is_as_assumed=not parts)


def _off_types(source: Source) -> Iterable[str]:
    for path, kinds in sorted(source.shape.off_type.items()):
        yield f"{path} ({counted(kinds.items())})"


def _keys(evidence: Evidence) -> Verdict:
    if not evidence.read:
        return not_seen("no list has a record")
    wrong = []
    for source in evidence.read:
        name, kind = evidence.keys[source.path]
        kinds = Counter(_key_kind(record.get(name)) for record in source.records)
        kinds.pop("text" if kind is str else "integer", None)
        if kinds:
            wrong.append(f"{source.names[0]}: {counted(kinds.items())}")
    records = sum(source.shape.records for source in evidence.read)
    return verdict("; ".join(wrong) or f"{records:,} records", is_as_assumed=not wrong)


def _key_kind(value: object) -> str:
    match value:
        case None:
            return "null or absent"
        case bool():
            return "boolean"
        case int():
            return "integer"
        case "":
            return "empty text"
        case str():
            return "text"
    return "of another type"


def _distinct(evidence: Evidence) -> Verdict:
    if not evidence.read:
        return not_seen("no list has a record")
    twice = []
    for source in evidence.read:
        if source.path in evidence.repeated_keys:
            continue
        name, _ = evidence.keys[source.path]
        keys = [str(record[name]) for record in source.records if record.get(name) is not None]
        if more := len(keys) - len(set(keys)):
            twice.append(f"{source.names[0]}: {more}")
    return verdict("; ".join(twice) or "none", is_as_assumed=not twice)


def _retry_after(evidence: Evidence) -> Verdict:
    forms = evidence.asker.watch.seen.retry_after
    if not forms:
        return not_seen("no answer asked to wait")
    return verdict(counted(forms.items()), is_as_assumed=set(forms) == {"seconds"})


def _rate_limits(evidence: Evidence) -> Verdict:
    seen = evidence.asker.watch.seen
    if not seen.statuses:
        return not_seen("there was no answer")
    return verdict(
        ", ".join(sorted(seen.rate_limits)) or "none", is_as_assumed=not seen.rate_limits
    )


def _encoding(evidence: Evidence) -> Verdict:
    encodings = evidence.asker.watch.seen.encodings
    if not encodings:
        return not_seen("there was no answer")
    return verdict(counted(encodings.items()), is_as_assumed="another one" not in encodings)


def _conditional(evidence: Evidence) -> Verdict:
    seen = evidence.asker.watch.seen
    if not seen.statuses:
        return not_seen("there was no answer")
    names = ", ".join(sorted(seen.conditional))
    return verdict(names or "no ETag, no Last-Modified", is_as_assumed=not names)


#: Facts of both vendors.
COMMON: tuple[Fact[Evidence], ...] = (
    Fact(
        "unknown_fields",
        assumed="The schemas name every field and block.",
        source="the vendor's pages on each object",
        observed_by="the first page of each list",
        otherwise=f"{UNDER_EXTRA}. Send us the report: a later version can name it.",
        observe=_unknown_fields,
    ),
    Fact(
        "types",
        assumed="Values have the types that the schemas declare.",
        source="the vendor's pages on each object",
        observed_by="the first page of each list",
        otherwise="Such a value becomes null in its column and is kept in the column extra.",
        observe=_types,
    ),
    Fact(
        "keys",
        assumed="Every record has its key: text at UtilityAPI, an integer at EnergyCAP.",
        source="the vendor's pages on each object; that it is never null is inferred",
        observed_by="the first page of each list",
        otherwise="A record without its key is left out, and the run ends with exit code 1 "
        "(fail_on_bad_records). A key of another type is converted if it can be.",
        observe=_keys,
    ),
    Fact(
        "distinct_keys",
        assumed="A page has no record twice.",
        source="inferred",
        observed_by="the first page of each list",
        otherwise="A loader keeps the last of several records with one key.",
        observe=_distinct,
    ),
    Fact(
        "retry_after",
        assumed="Retry-After is a number of seconds.",
        source="inferred: no page says it",
        observed_by="any answer that asks to wait",
        otherwise="Dates are understood as well. For any other form, the tap chooses the wait.",
        observe=_retry_after,
    ),
    Fact(
        "rate_limit_headers",
        assumed="No header tells of a rate limit.",
        source="inferred: no page names one",
        observed_by="all answers",
        otherwise="No effect. A later version could go by it.",
        observe=_rate_limits,
    ),
    Fact(
        "compression",
        assumed="Answers are encoded with gzip, with deflate or not at all.",
        source="inferred: the tap asks for these",
        observed_by="all answers",
        otherwise="An answer in another encoding can be read only if a proxy has decoded it.",
        observe=_encoding,
    ),
    Fact(
        "conditional_requests",
        assumed="No answer can be asked for only if it has changed.",
        source="inferred: no page tells of ETag or Last-Modified",
        observed_by="all answers",
        otherwise="No effect. A later version could read less.",
        observe=_conditional,
    ),
)


def dates_verdict(forms: Counter[str], good: Iterable[str], what: str) -> Verdict:
    """The verdict about forms of dates.

    Args:
        forms: The forms that were seen.
        good: The forms that are assumed.
        what: What has no date if there is none.
    """
    if not forms:
        return not_seen(f"no {what} has a date")
    return verdict(counted(forms.items()), is_as_assumed=set(forms) <= set(good))
