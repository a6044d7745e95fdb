"""Whether an answer to one of docs/loaders.md's sample queries is right."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from decimal import Decimal
from typing import Any

from tests.end_to_end.truth import Table, cost_by_charge, monthly_cost

#: The PostgreSQL loader's schema, which queries of its tables have to name.
SCHEMA = "utility_energy"


def assert_right(rows: Sequence[tuple[Any, ...]], tables: Mapping[str, Table]) -> str:
    """Compare an answer to the cent, and tell which of the two questions it is an answer to."""
    assert rows, "the query finds nothing"
    costs = {tuple(row[:-1]): Decimal(row[-1]) for row in rows}
    if len(rows[0]) == 3:
        what, expected = "monthly cost", {row[:2]: row[2] for row in monthly_cost(tables)}
        assert list(costs) == sorted(costs), "the months are out of order"
    else:
        what, expected = "charges", {(name,): cost for name, cost in cost_by_charge(tables).items()}
        assert list(costs.values()) == sorted(costs.values(), reverse=True), "not largest first"
    assert costs.keys() == expected.keys()
    cent = Decimal("0.01")
    wrong = {key: cost for key, cost in costs.items() if abs(cost - expected[key]) > cent}
    assert not wrong, f"{what}: {wrong}"
    return what
