"""Every fault looks on the wire as its name says."""

from __future__ import annotations

import time

import pytest
import requests

from sandbox import Sandbox

SMALL = {"billing_summaries": 5, "meters": 5}


def test_a_status_with_headers_then_normal(client):
    rule = {"vendor": "utilityapi", "at": 2, "times": 2, "status": 503, "body": "down"}
    with Sandbox(**SMALL, faults=[rule | {"headers": {"Retry-After": "7"}}]) as box:
        answers = [client.summaries(box) for _ in range(4)]
        assert client.digest(box).status_code == 200
        early = [entry["too_early"] for entry in box.requests()]
    assert [answer.status_code for answer in answers] == [200, 503, 503, 200]
    assert (answers[1].text, answers[1].headers["Retry-After"]) == ("down", "7")
    assert early == [False, False, True, True, False]


@pytest.mark.parametrize(
    ("rule", "error"),
    [
        ({"reset": True}, requests.ConnectionError),
        ({"cut": True}, requests.RequestException),
        ({"cut_chunked": True}, requests.exceptions.ChunkedEncodingError),
        ({"hang": 30}, requests.Timeout),
    ],
)
def test_broken_answers(client, rule, error):
    with Sandbox(**SMALL, faults=[rule]) as box:
        with pytest.raises(error):
            client.session.get(
                box.energycap_base_url + "/api/v3/meter/digest/actual/monthly",
                headers={"ECI-ApiKey": box.energycap_api_key, "Content-Type": "application/json"},
                timeout=0.3,
            )
        assert client.digest(box).status_code == 200
        entries = box.requests()
    assert [entry["fault"] for entry in entries] == [next(iter(rule)), None]
    assert entries[1]["in_flight"] == 1


def test_slow_answers(client):
    drip = {"drip": {"bytes": 20_000, "every": 0.05}}
    with Sandbox(**SMALL, faults=[drip, {"latency": 0.2, "at": 2}]) as box:
        for _ in range(2):
            started = time.monotonic()
            assert len(client.digest(box).json()) == 5
            assert time.monotonic() - started >= 0.05


def test_misleading_answers(client):
    rules = [{"redirect": "http://other.invalid/"}, {"garbage": "{", "path": "summaries", "at": 2}]
    with Sandbox(**SMALL, faults=rules) as box:
        response = client.summaries(box, allow_redirects=False)
        assert (response.status_code, response.headers["Location"]) == (302, rules[0]["redirect"])
        with pytest.raises(requests.exceptions.JSONDecodeError):
            client.summaries(box).json()


def test_a_wrong_script_is_refused_and_changes_nothing(client):
    with Sandbox(**SMALL, faults=[{"status": 500, "times": None}]) as box:
        for wrong in ([{"status": 500, "cut": True}], [{"sttus": 500}], {"status": 500}):
            answer = client.session.put(f"{box.url}/__faults", json=wrong, timeout=60)
            assert answer.status_code == 400
        assert client.summaries(box).status_code == 500
        left = client.session.get(f"{box.url}/__faults", timeout=60).json()
        assert (left[0]["status"], left[0]["seen"], left[0]["times"]) == (500, 1, None)
        box.set_faults([])
        assert client.summaries(box).status_code == 200
