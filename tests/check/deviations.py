"""For every fact, a vendor that differs in it."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

from tap_utility_energy.check.utilityapi import NO_METER
from tests.check.proxy import Change, Deviation, Sent


def each(path: str, change: Any, **query: str) -> Change:
    """Change each record of the answers of a list."""

    def apply(sent: Sent) -> None:
        if sent.is_of(path, **query):
            for record in sent.records:
                change(record)

    return apply


def answers(path: str, change: Any, **query: str) -> Change:
    """Change the answers of a list."""

    def apply(sent: Sent) -> None:
        if sent.is_of(path, **query) and sent.status == 200:
            change(sent)

    return apply


def header(path: str, **headers: str) -> Change:
    """Add headers to the answers of a list."""
    named = {name.replace("_", "-"): value for name, value in headers.items()}
    return answers(path, lambda sent: sent.headers.update(named))


def shifted(record: dict[str, Any]) -> None:
    record["created"] = record["created"].replace("+00:00", "-05:00")


def without_offset(bill: dict[str, Any]) -> None:
    for name in ("bill_start_date", "bill_end_date"):
        if bill.get("base", {}).get(name):
            bill["base"][name] = bill["base"][name][:19]


def with_token(sent: Sent) -> None:
    if sent.document.get("next"):
        sent.document["next"] += "&access_token=abcdefgh"


def repeated(sent: Sent) -> None:
    if "after" in sent.query and sent.records:
        sent.records.insert(0, sent.records[0] | {"uid": sent.query["after"]})


def without(name: str) -> Any:
    def ask(path: str, query: dict[str, str]) -> None:
        if path.endswith("/bills"):
            query.pop(name, None)

    return ask


def reverse(sent: Sent) -> None:
    sent.records.reverse()


def reverse_readings(interval: dict[str, Any]) -> None:
    interval["readings"].reverse()


def one_more(meter: dict[str, Any]) -> None:
    meter["bill_count"] += bool(meter["bill_count"])


def two_intervals(meter: dict[str, Any]) -> None:
    meter["interval_count"] = 2 if meter["interval_count"] else 0


def unzoned_coverage(meter: dict[str, Any]) -> None:
    meter["bill_coverage"] = [[time[:19] for time in pair] for pair in meter["bill_coverage"]]


def one_reading_each(sent: Sent) -> None:
    from datetime import datetime  # noqa: PLC0415

    if not sent.records:
        return
    interval, meter = sent.records[0], sent.query["meters"]
    split, more = [], f"{sent.host}{sent.path}?after={interval['uid']}"
    for reading in interval["readings"][:3]:
        end, start = (int(datetime.fromisoformat(reading[n]).timestamp()) for n in ("end", "start"))
        split.append(interval | {"uid": f"{meter}-{end}-{start}", "readings": [reading]})
    sent.document["intervals"], sent.document["next"] = split, more


def without_the_first(sent: Sent) -> None:
    start = sent.query.get("start")
    sent.document["intervals"] = [r for r in sent.records if r["readings"][-1]["start"] != start]


def without_archived(sent: Sent) -> None:
    if "is_archived" not in sent.query:
        sent.document["meters"] = [m for m in sent.records if not m["is_archived"]]


def refused_with_400(sent: Sent) -> None:
    if sent.is_of("/bills", meters=NO_METER):
        sent.status, sent.document["error"] = 400, "invalid_param"


def unfiltered(sent: Sent) -> None:
    if sent.is_of("/bills") and "meters" not in sent.query:
        sent.status, sent.document = 200, {"bills": [], "next": None}


def html_refusal(sent: Sent) -> None:
    if sent.status == 400:
        sent.body = b"<html>Bad Request</html>"


def again(sent: Sent) -> None:
    sent.records.append(sent.records[-1])


#: The form of Retry-After that is not assumed.
RETRY_AFTER_DATE = {"Retry-After": "Wed, 01 Jul 2026 12:00:05 GMT"}

UTILITYAPI = {
    "platform_dates": Deviation(each("/meters", shifted)),
    "local_dates": Deviation(each("/bills", without_offset)),
    "next_link": Deviation(options={"next_style": "relative"}),
    "next_filters": Deviation(options={"next_style": "full"}),
    "next_cursor": Deviation(answers("/bills", with_token)),
    "distinct_pages": Deviation(answers("/bills", repeated)),
    "page_size": Deviation(options={"utilityapi_page_limit": 20}),
    "limit": Deviation(asks=without("limit")),
    "list_order": Deviation(answers("/meters", reverse)),
    "data_order": Deviation(answers("/bills", reverse)),
    "readings_order": Deviation(each("/intervals", reverse_readings)),
    "bill_start": Deviation(asks=without("start")),
    "bill_count": Deviation(each("/meters", one_more)),
    "interval_count": Deviation(each("/meters", two_intervals)),
    "coverage": Deviation(each("/meters", unzoned_coverage)),
    "interval_uid": Deviation(
        each("/intervals", lambda row: row.update(uid=row["uid"].replace("-", "_")))
    ),
    "interval_size": Deviation(answers("/intervals", one_reading_each)),
    "interval_start": Deviation(options={"start_cuts": True}),
    "interval_start_inclusive": Deviation(answers("/intervals", without_the_first)),
    "meter_changes": Deviation(answers("/meters", lambda sent: sent.records[0].pop("status_ts"))),
    "change_dates": Deviation(each("/bills", lambda bill: bill.update(updated=None))),
    "is_incomplete": Deviation(
        answers("/intervals", lambda sent: sent.document.pop("is_incomplete"))
    ),
    "archived_meters": Deviation(answers("/meters", without_archived)),
    "unknown_meter": Deviation(refused_with_400),
    "filter_required": Deviation(unfiltered),
    "error_object": Deviation(html_refusal),
    "accepted": Deviation(
        faults=[{"status": 202, "path": "/meters", "body": "x", "headers": {"Retry-After": "1"}}]
    ),
    "unknown_fields": Deviation(each("/meters", lambda row: row.update(brandNew=1))),
    "types": Deviation(each("/meters", lambda row: row.update(user_email=["x"]))),
    "keys": Deviation(each("/authorizations", lambda row: row.update(uid=int(row["uid"][:5])))),
    "distinct_keys": Deviation(answers("/authorizations", again)),
    "retry_after": Deviation(
        faults=[{"status": 202, "path": "/meters", "headers": RETRY_AFTER_DATE}]
    ),
    "rate_limit_headers": Deviation(header("/meters", X_RateLimit_Remaining="7")),
    "compression": Deviation(header("/meters", Content_Encoding="br")),
    "conditional_requests": Deviation(header("/meters", ETag='"abc"')),
}


def one_page_more(sent: Sent) -> None:
    sent.headers["TotalPages"] = str(int(sent.headers["TotalPages"]) + 1)


def smaller(_: str, query: dict[str, str]) -> None:
    if query.get("pageSize") == "5":
        query["pageSize"] = "3"


def as_large(sent: Sent) -> None:
    if sent.query.get("pageSize") == "1001":
        sent.headers["PageSize"] = "1001"


def never_empty(sent: Sent) -> None:
    if sent.document == []:
        sent.document = [{"meterId": 1}]


def reversed_when_large(sent: Sent) -> None:
    if sent.query.get("pageSize") == "50":
        sent.records.reverse()


def german_date(sent: Sent) -> None:
    sent.records[0]["modifiedDate"] = "31.12.2025"


def filtered(sent: Sent) -> None:
    if "modifiedDate" in sent.query.get("filter", ""):
        sent.status, sent.document = 200, []
        sent.headers |= {"PageNumber": "1", "PageSize": "1", "TotalPages": "0"}
        sent.headers |= {"TotalNumberOfRecords": "0", "Content-Type": "application/json"}


def no_content(sent: Sent) -> None:
    sent.status, sent.document = 204, None


def no_digests(sent: Sent) -> None:
    sent.document = []
    sent.headers |= {"TotalNumberOfRecords": "0", "TotalPages": "0"}


def old_periods(sent: Sent) -> None:
    results = sent.records[0]["results"]
    results += [results[0] | {"calendarYear": year} for year in range(1900, 1940)]


def fewer_digests(sent: Sent) -> None:
    del sent.records[-2:]
    sent.headers["TotalNumberOfRecords"] = str(int(sent.headers["TotalNumberOfRecords"]) - 2)


def percent(digest: dict[str, Any]) -> None:
    for result in digest.get("results") or ():
        if result.get("loadFactor"):
            result["loadFactor"] *= Decimal(100)


def forbidden(sent: Sent) -> None:
    sent.status, sent.document, sent.body = 403, None, b"Forbidden"


ACTUAL = "/meter/digest/actual/monthly"
ENERGYCAP = {
    "paging_headers": Deviation(options={"drop_header": "TotalPages"}),
    "header_case": Deviation(options={"header_case": "lower"}),
    "totals": Deviation(answers("/bill", one_page_more)),
    "page_size": Deviation(asks=smaller),
    "largest_page": Deviation(as_large),
    "past_end": Deviation(answers("/v3/meter", never_empty)),
    "distinct_pages": Deviation(options={"repeat_meter_across_pages": True}),
    "stable_order": Deviation(answers("/v3/meter", reversed_when_large)),
    "update_dates": Deviation(options={"date_oddities": True}),
    "modified_dates": Deviation(answers("/v3/vendor", german_date)),
    "modified_filter": Deviation(filtered),
    "empty_lists": Deviation(answers("/v3/vendor", no_content)),
    "empty_digests": Deviation(answers("/meter/digest/savings/monthly", no_digests)),
    "distinct_periods": Deviation(options={"duplicate_period": True}),
    "period_numbers": Deviation(options={"missing_period_key": True}),
    "periods_a_year": Deviation(options={"accounting_periods": 13}),
    "window": Deviation(answers(ACTUAL, old_periods)),
    "meters_in_digests": Deviation(answers(ACTUAL, fewer_digests)),
    "load_factor": Deviation(each(ACTUAL, percent)),
    "withdrawn": Deviation(header("/v3/vendor", ECI_Deprecated="v202701 GetVendorsV202701")),
    "missing_permission": Deviation(answers("/v3/bill", forbidden), exit=1),
    "unknown_fields": Deviation(each("/v3/vendor", lambda row: row.update(brandNew=1))),
    "types": Deviation(each("/v3/vendor", lambda row: row.update(vendorCode=["x"]))),
    "keys": Deviation(answers("/unit", lambda sent: sent.records[0].update(unitId=None))),
    "distinct_keys": Deviation(answers("/unit", again)),
    "retry_after": Deviation(
        faults=[{"status": 429, "path": "/vendor", "headers": RETRY_AFTER_DATE}]
    ),
    "rate_limit_headers": Deviation(header("/v3/vendor", RateLimit_Limit="7")),
    "compression": Deviation(header("/v3/vendor", Content_Encoding="br")),
    "conditional_requests": Deviation(header("/v3/vendor", Last_Modified="yesterday")),
}
