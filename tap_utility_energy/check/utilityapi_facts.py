"""What this tap assumes of UtilityAPI, fact by fact."""

from __future__ import annotations

from typing import TYPE_CHECKING

from tap_utility_energy.check import utilityapi_data as data
from tap_utility_energy.check import utilityapi_lists as lists
from tap_utility_energy.check.evidence import COMMON
from tap_utility_energy.check.facts import Fact

if TYPE_CHECKING:
    from tap_utility_energy.check.utilityapi import UtilityAPIEvidence

DOCS = "https://utilityapi.com/docs"
LISTS = "the first page of each list"
NO_EFFECT = "No effect on your data: this tap handles both."

FACTS: tuple[Fact[UtilityAPIEvidence], ...] = (
    Fact(
        "platform_dates",
        assumed="created, updated and status_ts have the offset +00:00.",
        source=f"{DOCS}/formats",
        observed_by=LISTS,
        otherwise="With another offset: no effect. Without any, the value becomes null and is "
        "kept in the column extra.",
        observe=lists.platform_dates,
    ),
    Fact(
        "local_dates",
        assumed="Dates of bills and readings have an offset.",
        source=f"{DOCS}/formats",
        observed_by="bills of ten meters, intervals of one",
        otherwise="Such a date arrives as sent. Readings without an offset cannot be compared: "
        "their meter is read whole whenever it changes.",
        observe=lists.local_dates,
    ),
    Fact(
        "next_link",
        assumed="next is an absolute URL of the same host.",
        source=f"{DOCS}/api/accounting/billing-summaries/list",
        observed_by="lists of several pages",
        otherwise="A relative link has no effect. One to another host is not followed, because "
        "the token would go with it: the stream fails.",
        observe=lists.next_is_absolute,
    ),
    Fact(
        "next_filters",
        assumed="next does not repeat the filters, and the tap adds them.",
        source="unknown: the vendor's examples have no filter",
        observed_by="two bills of a meter, and the next two",
        otherwise=NO_EFFECT,
        observe=lists.next_filters,
    ),
    Fact(
        "next_cursor",
        assumed="next has the cursor after, and no access_token.",
        source=f"{DOCS}/api/events/list; that it has no token is inferred",
        observed_by="lists of several pages",
        otherwise="No effect: any cursor is sent back as it is, a token never.",
        observe=lists.next_cursor,
    ),
    Fact(
        "distinct_pages",
        assumed="A page does not repeat records of the page before it.",
        source="inferred: after means that the records after this one come",
        observed_by="lists of several pages",
        otherwise="A record comes twice, and the loader keeps the last. If records are left out "
        "as well, rows would be missing: send us the report.",
        observe=lists.pages_are_disjoint,
    ),
    Fact(
        "page_size",
        assumed="A page of a list has 1,000 records.",
        source=f"{DOCS}/api/meters/list",
        observed_by=LISTS,
        otherwise="A sync takes more requests, or fewer, than estimated below.",
        observe=lists.page_size,
    ),
    Fact(
        "limit",
        assumed="limit is the most bills of a page.",
        source=f"{DOCS}/api/bills/list",
        observed_by="two bills of a meter",
        otherwise="No effect on a sync, which sends no limit. What this check says of bills is "
        "less certain.",
        observe=lists.limit,
    ),
    Fact(
        "list_order",
        assumed="Meters and authorizations come newest first.",
        source=f"{DOCS}/api/meters/list",
        observed_by=LISTS,
        otherwise="No effect: the lists are read whole.",
        observe=lists.newest_first,
    ),
    Fact(
        "data_order",
        assumed="Bills and intervals come latest first.",
        source=f"{DOCS}/api/bills/list",
        observed_by="all bills of a meter, three intervals of a meter",
        otherwise="No effect: the lists are read whole.",
        observe=data.bills_latest_first,
    ),
    Fact(
        "readings_order",
        assumed="The readings of an interval come latest first.",
        source=f"{DOCS}/api/intervals",
        observed_by="three intervals of a meter",
        otherwise="No effect, but reading takes longer if they are in no order at all.",
        observe=data.readings_latest_first,
    ),
    Fact(
        "bill_start",
        assumed="start brings the bills that begin on that day or later, and no others.",
        source=f"{DOCS}/api/bills/list",
        observed_by="bills of a meter from a day on, and from the day after on",
        otherwise="start_date is sent two months early, so that no bill is lost. Bills that "
        "began before may come too.",
        observe=data.bill_start,
    ),
    Fact(
        "bill_count",
        assumed="bill_count of a meter is the number of its bills.",
        source=f"{DOCS}/api/meters",
        observed_by="all bills of a meter",
        otherwise="A warning names such meters, and they are read twice before that is accepted.",
        observe=data.bill_count,
    ),
    Fact(
        "interval_count",
        assumed="interval_count of a meter is the number of its readings.",
        source=f"{DOCS}/api/meters, by its example",
        observed_by="three intervals of a meter, and its coverage",
        otherwise="Meters with new readings are read whole, not only their latest readings, and "
        "the estimate below is wrong.",
        observe=data.interval_count,
    ),
    Fact(
        "coverage",
        assumed="bill_coverage and interval_coverage are pairs of times with an offset.",
        source=f"{DOCS}/api/meters",
        observed_by="the list of meters",
        otherwise="Meters are read whole whenever they change.",
        observe=lists.coverage,
    ),
    Fact(
        "interval_uid",
        assumed="The uid of an interval is its meter's, and the epochs of its end and start.",
        source="inferred from one real answer",
        observed_by="three intervals of a meter",
        otherwise="In utilityapi_intervals, an interval that grew may stay beside its newer "
        "version: use utilityapi_interval_readings, whose key is the reading's own period.",
        observe=data.interval_uids,
    ),
    Fact(
        "interval_size",
        assumed="An interval holds many readings.",
        source=f"{DOCS}/api/intervals",
        observed_by="three intervals of a meter",
        otherwise="A sync of intervals takes more requests than estimated below.",
        observe=data.interval_size,
    ),
    Fact(
        "interval_start",
        assumed="start leaves out the whole of an interval that began before.",
        source=f"{DOCS}/api/intervals/list does not say whether it is cut",
        observed_by="intervals of a meter from the middle of its latest one on",
        otherwise=NO_EFFECT,
        observe=data.interval_start,
    ),
    Fact(
        "interval_start_inclusive",
        assumed="start brings an interval that begins just then.",
        source=f"{DOCS}/api/intervals/list",
        observed_by="intervals of a meter from the start of its latest one on",
        otherwise="The latest readings of a meter do not prove that nothing earlier changed: "
        "it is read whole more often.",
        observe=data.interval_start_inclusive,
    ),
    Fact(
        "meter_changes",
        assumed="Every meter has the fields by which its changes are noticed.",
        source=f"{DOCS}/api/meters",
        observed_by="the list of meters",
        otherwise="New bills or readings of such a meter may go unnoticed: read all again from "
        "time to time (--full-refresh).",
        observe=lists.fingerprints,
    ),
    Fact(
        "change_dates",
        assumed="Bills and intervals have updated.",
        source=f"{DOCS}/api/bills, {DOCS}/api/intervals",
        observed_by="bills of ten meters, intervals of one",
        otherwise="Of a reading that two intervals list, the later version may not be kept.",
        observe=data.change_dates,
    ),
    Fact(
        "is_incomplete",
        assumed="Lists of intervals say whether they are incomplete.",
        source="unknown: it was seen in a client, and is on no page",
        observed_by="three intervals of a meter",
        otherwise="The log does not tell when intervals are still being collected.",
        observe=data.incomplete,
    ),
    Fact(
        "archived_meters",
        assumed="The list of meters has the archived ones too.",
        source="inferred from a client that leaves them out itself",
        observed_by="the list of meters, and one of archived meters",
        otherwise="Archived meters, and their bills, are missing.",
        observe=lists.archived,
    ),
    Fact(
        "unknown_meter",
        assumed="Bills of meters that are not there are answered with 404 or not_found.",
        source="inferred from the error not_found",
        observed_by="bills of a meter that is not there",
        otherwise="When a consent ends during a run, the stream may fail. The next run goes on.",
        observe=lists.unknown_meter,
    ),
    Fact(
        "filter_required",
        assumed="Bills without a filter are refused with 400.",
        source=f"{DOCS}/api/bills/list",
        observed_by="bills without a filter",
        otherwise="No effect. A later version could do with fewer requests.",
        observe=lists.filter_required,
    ),
    Fact(
        "error_object",
        assumed="A refusal is an object with error and error_description.",
        source=f"{DOCS}/formats",
        observed_by="the refusals",
        otherwise="Messages tell the status alone, and an ended consent may not be recognized.",
        observe=lists.error_object,
    ),
    Fact(
        "accepted",
        assumed="An answer with 202 has no body: the list is being prepared.",
        source=f"{DOCS}/api/accounting/billing-summaries/list",
        observed_by="any answer with 202",
        otherwise="No effect: the request is repeated.",
        observe=lists.accepted,
    ),
    *COMMON,
)
