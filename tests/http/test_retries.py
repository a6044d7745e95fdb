"""Every way in which a vendor can fail to answer: requests made, time waited, exit, last line."""

from __future__ import annotations

from typing import Any

import pytest

from sandbox import Sandbox
from tests.support import DIGESTS, SUMMARIES, TapRunner

VENDORS = {"utilityapi": (SUMMARIES, "UtilityAPI"), "energycap": (DIGESTS, "EnergyCAP")}
BODIES = {
    "empty": {"body": ""},
    "json": {
        "body": '{"error": "some_slug", "error_description": "Some text.", "url": null}',
        "content_type": "application/json",
    },
    "html": {"body": "<html><body>Bad <b>day</b></body></html>"},
}
RETRIED = {
    202: "is still preparing the answer (202)",
    429: "asks to slow down (429)",
    500: "has an internal error (500)",
    502: "cannot be reached behind its gateway (502)",
    503: "is down for maintenance or overloaded (503)",
    504: "took too long to build the answer (504)",
}
REFUSED = {
    "utilityapi": {
        400: "Check the uids in the utilityapi_… settings.",
        401: "Check utilityapi_token:",
        402: "Collecting data needs a positive prepaid balance:",
        403: "Check that utilityapi_token belongs to the account",
        404: "Check utilityapi_base_url,",
        418: "Report it to the vendor if it persists.",
    },
    "energycap": {
        400: "Check energycap_number_of_years, energycap_page_size and energycap_filters.",
        401: "The key is wrong or deleted, or its owner lacks the permission Meters (View):",
        402: "Report it to the vendor if it persists.",
        403: "The owner of the key may lack the permission Meters (View):",
        404: "Check energycap_base_url:",
        418: "Report it to the vendor if it persists.",
    },
}


def sync(
    tap: TapRunner, vendor: str, rules: list[dict[str, Any]], **settings: Any
) -> tuple[Any, list[dict[str, Any]]]:
    """A run of one vendor's stream under a fault script, and the requests that it made."""
    options = {"billing_summaries": 5, "meters": 5, "cache_seconds": 0}
    with Sandbox(**options, faults=rules) as box:
        config = box.tap_config(utilityapi_requests_per_minute=100_000, **settings)
        run = tap(config, streams=[VENDORS[vendor][0]])
        return run, box.requests()


@pytest.mark.parametrize("vendor", VENDORS)
@pytest.mark.parametrize("status", RETRIED)
@pytest.mark.parametrize("body", BODIES)
@pytest.mark.parametrize("header", [None, "7"])
def test_a_passing_fault_is_waited_out(
    tap: TapRunner, vendor: str, status: int, body: str, header: str | None
) -> None:
    stream, name = VENDORS[vendor]
    rule = {"vendor": vendor, "status": status, "times": 3, **BODIES[body]}
    if header:
        rule["headers"] = {"Retry-After": header}

    run, requests = sync(tap, vendor, [rule])

    assert run.exit == 0, run.stderr
    assert len(run.records(stream)) == 5
    assert len(requests) == 4
    waits = [wait for wait in tap.clock.slept if wait > 0.1]
    least = [7, 7, 7] if header else [1, 2, 4]
    assert [low <= wait <= low + 1 for low, wait in zip(least, waits, strict=True)] == [True] * 3
    lines = run.stderr.count(f"{stream}: {name} {RETRIED[status]}; retrying in")
    assert lines == (1 if status == 202 else 3), "what is usual is told once"
    assert "12:00:0" in run.stderr, "it says when"


@pytest.mark.parametrize("vendor", VENDORS)
@pytest.mark.parametrize("status", RETRIED)
@pytest.mark.parametrize("body", BODIES)
def test_a_fault_that_stays_is_given_up_on_in_time(
    tap: TapRunner, vendor: str, status: int, body: str
) -> None:
    stream, name = VENDORS[vendor]

    run, requests = sync(
        tap,
        vendor,
        [{"vendor": vendor, "status": status, "times": None, **BODIES[body]}],
        max_wait_seconds=100,
    )

    assert run.exit == 1
    assert sum(tap.clock.slept) == pytest.approx(100)
    assert 5 <= len(requests) <= 9
    assert run.last_line.startswith(f"{stream}: {name} {RETRIED[status]}; ")
    assert run.last_line.endswith("Try again later, or raise max_wait_seconds.")
    assert "Traceback" not in run.stderr
    assert not run.records(stream)


@pytest.mark.parametrize("vendor", VENDORS)
@pytest.mark.parametrize("status", [501, 520, 599])
def test_every_status_of_a_failing_server_is_waited_out(
    tap: TapRunner, vendor: str, status: int
) -> None:
    stream, name = VENDORS[vendor]

    run, requests = sync(tap, vendor, [{"vendor": vendor, "status": status, "times": 6}])

    assert run.exit == 0, run.stderr
    assert len(requests) == 7
    assert run.stderr.count(f"{stream}: {name} answered {status}; retrying") == 6


@pytest.mark.parametrize("status", [203, 206, 304])
def test_an_answer_of_another_status_is_not_quoted(tap: TapRunner, status: int) -> None:
    body = '[{"meterId": 1, "address": "12 Elm Street"}]' if status < 300 else ""

    run, _ = sync(tap, "energycap", [{"status": status, "body": body}])

    assert (
        run.last_line
        == f"{DIGESTS}: EnergyCAP answered {status}. Report it to the vendor if it persists."
    )
    assert "Elm" not in run.stderr


@pytest.mark.parametrize(
    ("header", "waited"),
    [
        ("Wed, 01 Jul 2026 12:00:40 GMT", 40),
        ("Wednesday, 01-Jul-26 12:00:40 GMT", 40),
        ("0.5", 1),  # not a form that HTTP knows
        ("0", 1),
        ("-5", 1),
        ("soon", 1),
        ("Wed, 01 Jul 2020 12:00:00 GMT", 1),
        ("Wed, 99 Jul 2020 12:00:00 GMT", 1),
        (f"Wed, 01 Jul {'9' * 20} 12:00:00 GMT", 1),
        ("١٢", 1),
    ],
)
def test_every_form_of_retry_after_is_understood(tap: TapRunner, header: str, waited: int) -> None:
    rule = {"vendor": "energycap", "status": 503, "headers": {"Retry-After": header}}

    run, _ = sync(tap, "energycap", [rule])

    assert run.exit == 0
    assert waited <= sum(tap.clock.slept) <= waited + 1


@pytest.mark.parametrize("header", ["101", "Wed, 01 Jul 2026 13:00:00 GMT", "9" * 400])
def test_a_retry_after_beyond_what_is_left_fails_at_once(tap: TapRunner, header: str) -> None:
    rule = {"status": 429, "headers": {"Retry-After": header}, "times": None}

    run, requests = sync(tap, "utilityapi", [rule], max_wait_seconds=100)

    assert run.exit == 1
    assert len(requests) == 1
    assert not tap.clock.slept
    assert "it asks to wait" in run.last_line
    assert "inf" not in run.last_line
    assert "max_wait_seconds is 100" in run.last_line


@pytest.mark.parametrize(("headers", "left"), [({"Retry-After": "100"}, 100), ({}, 1)])
def test_a_wait_for_just_what_is_left_is_made(
    tap: TapRunner, headers: dict[str, str], left: int
) -> None:
    run, _ = sync(tap, "energycap", [{"status": 503, "headers": headers}], max_wait_seconds=left)

    assert run.exit == 0, run.stderr
    assert sum(tap.clock.slept) == left


def test_no_waiting_at_all_can_be_asked_for(tap: TapRunner) -> None:
    run, requests = sync(tap, "energycap", [{"status": 503, "times": None}], max_wait_seconds=0)

    assert run.exit == 1
    assert len(requests) == 1
    assert not tap.clock.slept


@pytest.mark.parametrize("vendor", VENDORS)
@pytest.mark.parametrize("body", BODIES)
@pytest.mark.parametrize("status", [400, 401, 402, 403, 404, 418])
def test_a_refusal_is_not_repeated_and_says_what_to_do(
    tap: TapRunner, vendor: str, status: int, body: str
) -> None:
    stream, name = VENDORS[vendor]
    rule = {"vendor": vendor, "status": status, "times": None, **BODIES[body]}

    run, requests = sync(tap, vendor, [rule | {"headers": {"Retry-After": "1"}}])

    assert run.exit == 1
    assert len(requests) == 1
    assert not [wait for wait in tap.clock.slept if wait > 0.1]
    said = ": some_slug, Some text." if body == "json" else "."
    start = f"{stream}: {name} answered {status}{said} {REFUSED[vendor][status]}"
    assert run.last_line.startswith(start)
    assert run.errors[-1] == run.last_line
    assert "<html>" not in run.stderr
    assert "Traceback" not in run.stderr


@pytest.mark.parametrize(
    ("slug", "advice"),
    [
        ("expired_or_revoked", "The customers' consent has expired or was revoked"),
        ("required_param_missing", "This looks like a bug in this tap"),
        ("invalid_param", "Check the uids in the utilityapi_… settings"),
        ("something_new", "Check the uids in the utilityapi_… settings"),
    ],
)
def test_known_slugs_have_an_advice_of_their_own(tap: TapRunner, slug: str, advice: str) -> None:
    body = f'{{"error": "{slug}", "error_description": "Why.", "url": null, "status_code": 400}}'

    run, _ = sync(tap, "utilityapi", [{"status": 400, "body": body}])

    assert f"answered 400: {slug}, Why. {advice}" in run.last_line


@pytest.mark.parametrize("vendor", VENDORS)
@pytest.mark.parametrize("fault", [{"cut": True}, {"cut_chunked": True}, {"reset": True}])
def test_a_broken_answer_is_asked_for_again(
    tap: TapRunner, vendor: str, fault: dict[str, Any]
) -> None:
    stream, name = VENDORS[vendor]

    run, requests = sync(tap, vendor, [fault | {"times": 6}])

    assert run.exit == 0, run.stderr
    assert len(requests) == 7
    assert len(run.records(stream)) == 5
    assert run.stderr.count(f"{name} broke off its answer; retrying") == 6


@pytest.mark.parametrize("vendor", VENDORS)
@pytest.mark.parametrize(
    "fault",
    [
        {"garbage": "this is not JSON"},
        {"garbage": ""},
        {"garbage": "[NaN]"},
        {"garbage": "[" * 100_000},
        {"garbage": '{"billing_summaries": {}}'},
        {"garbage": "[1]"},
        {"garbage": "7"},
        {"status": 200, "body": "<html>login</html>"},
    ],
)
def test_an_answer_of_another_form_gets_a_few_tries(
    tap: TapRunner, vendor: str, fault: dict[str, Any]
) -> None:
    stream, name = VENDORS[vendor]

    run, requests = sync(tap, vendor, [fault | {"times": None}])

    assert run.exit == 1
    assert len(requests) == 4
    assert run.last_line.startswith(
        f"{stream}: {name} sent an answer that does not match its documentation ("
    )
    assert "4 tries were made" in run.last_line
    assert "<html>" not in run.stderr


@pytest.mark.parametrize("vendor", VENDORS)
def test_a_redirect_is_not_followed(tap: TapRunner, vendor: str) -> None:
    stream, name = VENDORS[vendor]
    with Sandbox() as elsewhere:
        run, requests = sync(tap, vendor, [{"redirect": f"{elsewhere.url}/x", "times": None}])

        assert run.exit == 1
        assert len(requests) == 1
        assert not elsewhere.requests()
    assert run.last_line.startswith(f"{stream}: {name} answered 302 with a redirect")


@pytest.mark.parametrize("vendor", VENDORS)
def test_a_server_that_hangs_is_given_up_on(
    tap: TapRunner, vendor: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    stream, name = VENDORS[vendor]
    monkeypatch.setattr("tap_utility_energy.http.client.SHORTEST_TRY", 0.1)

    run, requests = sync(
        tap,
        vendor,
        [{"hang": 30, "times": None}],
        request_timeout=1,
        max_wait_seconds=4,
    )

    assert run.exit == 1
    assert 2 <= len(requests) <= 3
    assert run.last_line.startswith(f"{stream}: {name} did not answer within ")


def test_waits_for_the_request_budget_do_not_count(tap: TapRunner) -> None:
    rule = {"status": 503, "headers": {"Retry-After": "1"}, "times": 2}
    with Sandbox(billing_summaries=3, cache_seconds=0, faults=[rule]) as box:
        run = tap(
            box.tap_config(utilityapi_requests_per_minute=6, max_wait_seconds=8),
            streams=[SUMMARIES],
        )

    assert run.exit == 0, run.stderr


@pytest.mark.parametrize(
    "rule",
    [
        {"status": 204, "body": ""},
        {"status": 400, "body": "x", "content_type": "text/plain; charset=undefined"},
        {"status": 400, "body": "[" * 100_000},
        {"redirect": "http://["},
    ],
)
def test_whatever_a_vendor_sends_is_told_in_its_words(tap: TapRunner, rule: dict[str, Any]) -> None:
    run, _ = sync(tap, "utilityapi", [rule | {"times": None}])

    assert run.exit == 1
    assert run.last_line.startswith(f"{SUMMARIES}: UtilityAPI ")
    assert "unexpected" not in run.stderr


def test_a_server_that_sends_byte_by_byte_is_given_up_on(tap: TapRunner) -> None:
    run, _ = sync(
        tap,
        "energycap",
        [{"drip": {"bytes": 1, "every": 0.05}, "times": None}],
        request_timeout=1,
        max_wait_seconds=0,
    )

    assert run.exit == 1
    assert "EnergyCAP did not answer within 1 s" in run.last_line


@pytest.mark.parametrize(
    ("slug", "advice"),
    [
        ("expired_or_revoked", "has expired or was revoked: ask them for a new authorization."),
        ("something_new", "4 tries were made. Report it to the vendor if it persists."),
    ],
)
def test_an_error_that_is_answered_with_200_has_the_same_advice(
    tap: TapRunner, slug: str, advice: str
) -> None:
    body = f'{{"error": "{slug}", "error_description": "Why."}}'
    run, requests = sync(tap, "utilityapi", [{"status": 200, "body": body, "times": None}])

    assert f"{SUMMARIES}: UtilityAPI answered 200 with an error: {slug}, Why; " in run.last_line
    assert run.last_line.endswith(advice)
    assert len(requests) == 4


def test_a_fault_in_the_middle_of_a_walk_loses_and_repeats_nothing(tap: TapRunner) -> None:
    faults = [
        {"status": 429, "at": 2, "body": "<html>slow</html>"},
        {"status": 503, "at": 4},
        {"cut": True, "at": 6},
        {"reset": True, "at": 8},
        {"cut_chunked": True, "at": 10},
    ]
    with Sandbox(
        billing_summaries=40, utilityapi_page_limit=5, meters=40, cache_seconds=0, faults=faults
    ) as box:
        run = tap(box.tap_config(energycap_page_size=5, utilityapi_requests_per_minute=100_000))

    assert run.exit == 0, run.stderr
    for stream, key in ((SUMMARIES, "uid"), (DIGESTS, "meterId")):
        keys = [row[key] for row in run.records(stream)]
        assert len(keys) == len(set(keys)) == 40
