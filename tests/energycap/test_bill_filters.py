"""Filters for the rows of some bills: each wanted bill once, no other known bill."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from tap_utility_energy.energycap.bill_filters import LONGEST_LIST, LONGEST_RANGE, bill_filters

IDS = st.sets(st.integers(1, 3000) | st.integers(1, 2**31 - 1), max_size=900)


@given(IDS, st.data())
def test_each_wanted_bill_is_asked_for_once_and_no_other(
    known: set[int], data: st.DataObject
) -> None:
    subset = st.sets(st.sampled_from(sorted(known))) if known else st.just(known)
    wanted = data.draw(st.just(known) | subset)
    filters = list(bill_filters(sorted(wanted), sorted(known)))

    asked = [bill for each in filters for bill in each.bills]
    assert sorted(asked) == sorted(wanted)
    matched = [bill for bill in known if any(each.matches(bill) for each in filters)]
    assert sorted(matched) == sorted(wanted)
    for each in filters:
        assert 0 < len(each.bills) <= (LONGEST_RANGE if each.is_range else LONGEST_LIST)
        assert len(each.expression) < 1200


def test_all_bills_of_a_large_tenant_take_few_requests() -> None:
    known = range(1, 240_001)

    assert len(list(bill_filters(known, known))) == 120


def test_bills_between_unknown_ones_are_not_asked_for_by_a_range() -> None:
    filters = list(bill_filters(range(1, 1000, 7), None))

    assert [bill for each in filters for bill in each.bills] == list(range(1, 1000, 7))
    assert not any(each.is_range for each in filters)
