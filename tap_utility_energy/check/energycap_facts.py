"""What this tap assumes of EnergyCAP, fact by fact."""

from __future__ import annotations

from typing import TYPE_CHECKING

from tap_utility_energy.check import energycap_digests as digests
from tap_utility_energy.check import energycap_lists as lists
from tap_utility_energy.check.evidence import COMMON
from tap_utility_energy.check.facts import Fact

if TYPE_CHECKING:
    from tap_utility_energy.check.energycap import EnergyCAPEvidence

GUIDE = "https://developer.energycap.com/api-getting-started"
PAGES = "https://developer.energycap.com/api-reference"
LISTS = "the first page of each list"
DIGESTS = "the first page of each digest"
SMALL = "two small pages of a list"

FACTS: tuple[Fact[EnergyCAPEvidence], ...] = (
    Fact(
        "paging_headers",
        assumed="Lists come with four paging headers, which are whole numbers.",
        source=f"{GUIDE}/paging/",
        observed_by=LISTS,
        otherwise="The stream fails, because pages could be missed. A proxy may strip headers.",
        observe=lists.paging_headers,
    ),
    Fact(
        "header_case",
        assumed="The paging headers are written as printed, such as TotalPages.",
        source=f"{GUIDE}/paging/",
        observed_by=LISTS,
        otherwise="No effect: names are read in any case.",
        observe=lists.header_case,
    ),
    Fact(
        "totals",
        assumed="Total, pages, page size and the records sent agree.",
        source=f"{GUIDE}/paging/",
        observed_by=LISTS,
        otherwise="The stream fails if the headers contradict each other. If only the records "
        "differ, a warning says so, and all are emitted again on the next run.",
        observe=lists.totals,
    ),
    Fact(
        "page_size",
        assumed="A page has as many records as were asked for.",
        source=f"{GUIDE}/paging/",
        observed_by=SMALL,
        otherwise="A sync takes more requests than estimated below.",
        observe=lists.page_size,
    ),
    Fact(
        "largest_page",
        assumed="A page size above 1,000 becomes 1,000.",
        source=f"{GUIDE}/paging/",
        observed_by="a page of 1,001 records of a small list",
        otherwise="No effect: energycap_page_size goes up to 1,000.",
        observe=lists.largest_page,
    ),
    Fact(
        "past_end",
        assumed="A page after the last one is empty.",
        source="inferred: no page says it",
        observed_by="a page far after the last one",
        otherwise="If records are removed during a sync, the stream may fail or read some twice.",
        observe=lists.past_end,
    ),
    Fact(
        "distinct_pages",
        assumed="A page does not repeat records of the page before it.",
        source="inferred: no page says it",
        observed_by=SMALL,
        otherwise="Each record is written once all the same. If others are left out, a warning "
        "compares the number with the total.",
        observe=lists.distinct_pages,
    ),
    Fact(
        "stable_order",
        assumed="Two reads of a list bring the same order.",
        source="inferred: no page tells an order",
        observed_by=f"{SMALL}, and a large one",
        otherwise="Records can be missed between pages: set energycap_page_size to 1000, and "
        "heed warnings that compare the number with the total.",
        observe=lists.stable_order,
    ),
    Fact(
        "update_dates",
        assumed="updated of a digest has the form YYYY-MM-DDThh:mm:ss, with or without more.",
        source="inferred: the pages print the day they were made",
        observed_by=DIGESTS,
        otherwise="No effect: the tap passes it on as text, whatever it is.",
        observe=lists.update_dates,
    ),
    Fact(
        "modified_dates",
        assumed="modifiedDate and createdDate are ISO 8601 dates.",
        source=f"{PAGES}/meter/getmetersv3",
        observed_by=LISTS,
        otherwise="A record with a date of another form is emitted on every run.",
        observe=lists.modified_dates,
    ),
    Fact(
        "modified_filter",
        assumed="Lists cannot be filtered by modifiedDate.",
        source="inferred: the known parts of the pages name no such filter",
        observed_by="meters and bills with such a filter",
        otherwise="No effect. A later version could read what has changed alone: send us the "
        "report.",
        observe=lists.modified_filter,
    ),
    Fact(
        "empty_lists",
        assumed="A list without records is [].",
        source="inferred from clients",
        observed_by=LISTS,
        otherwise="No effect: 204 and null count as empty too.",
        observe=lists.empty_lists,
    ),
    Fact(
        "empty_digests",
        assumed="Digests without records are answered with 204.",
        source=f"{PAGES}/meterdigest/getmeteractualmonthlylistv3",
        observed_by=DIGESTS,
        otherwise="No effect: [] and null count as empty too.",
        observe=lists.empty_digests,
    ),
    Fact(
        "distinct_periods",
        assumed="A digest has each period once.",
        source="inferred: no page says it",
        observed_by=DIGESTS,
        otherwise="Of a period that comes twice, the row is written once, and the run ends with "
        "exit code 1 (fail_on_bad_records).",
        observe=digests.distinct_periods,
    ),
    Fact(
        "period_numbers",
        assumed="Each period has calendarYear and calendarPeriod.",
        source="inferred: no page says it",
        observed_by=DIGESTS,
        otherwise="A period without them is left out of the flat rows, and the run ends with exit "
        "code 1 (fail_on_bad_records). The nested digest has it.",
        observe=digests.period_numbers,
    ),
    Fact(
        "periods_a_year",
        assumed="A year has 12 periods.",
        source="https://helpcenter.energycap.com: it can be 13",
        observed_by=DIGESTS,
        otherwise="No effect on the tap. Make no date of calendarPeriod or fiscalPeriod.",
        observe=digests.periods_a_year,
    ),
    Fact(
        "window",
        assumed="By default digests have 24 months, and yearly ones four years.",
        source=f"{PAGES}/meterdigest/getmeteractualmonthlylistv3",
        observed_by=DIGESTS,
        otherwise="A sync reads other periods than the docs say.",
        observe=digests.window,
    ),
    Fact(
        "meters_in_digests",
        assumed="Digests list every meter.",
        source="unknown: no page says whether meters without bills are listed",
        observed_by="the totals of meters and of their digests",
        otherwise="Join from energycap_meters, so that meters without a digest are not lost.",
        observe=digests.meters_in_digests,
    ),
    Fact(
        "load_factor",
        assumed="loadFactor is a fraction, not percent.",
        source="unknown: no page tells its scale",
        observed_by=DIGESTS,
        otherwise="The tap passes it on as it is: divide by 100 where you need a fraction.",
        observe=digests.load_factor,
    ),
    Fact(
        "withdrawn",
        assumed="No endpoint that the tap uses is about to be withdrawn.",
        source=f"{GUIDE}/versioning/",
        observed_by=LISTS,
        otherwise="It still answers for some months. Look for a newer version of this tap.",
        observe=lists.withdrawn,
    ),
    Fact(
        "missing_permission",
        assumed="A missing permission is answered with 401.",
        source=f"{GUIDE}/authentication/",
        observed_by=LISTS,
        otherwise="No effect: the message names the permission in both cases.",
        observe=lists.missing_permission,
    ),
    *COMMON,
)
