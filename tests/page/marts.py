"""The tables that the page is made of, with the columns of the dbt project and data made up."""

from __future__ import annotations

from pathlib import Path

import duckdb

COLUMNS = """
CREATE TABLE energy.energy_bill_periods (bill_period_key VARCHAR, vendor VARCHAR, bill_id VARCHAR,
    meter_key VARCHAR, meter VARCHAR, account VARCHAR, building_key VARCHAR, building VARCHAR,
    address VARCHAR, city VARCHAR, state VARCHAR, commodity VARCHAR, start_date DATE, end_date DATE,
    days INTEGER, use DOUBLE, unit VARCHAR, use_kwh DOUBLE, use_mmbtu DOUBLE, demand DOUBLE,
    demand_unit VARCHAR, cost DOUBLE, currency VARCHAR, estimated BOOLEAN, source_id VARCHAR,
    extracted_at TIMESTAMP, status VARCHAR, is_counted BOOLEAN);
CREATE TABLE energy.energy_monthly (month DATE, vendor VARCHAR, meter_key VARCHAR, meter VARCHAR,
    account VARCHAR, building_key VARCHAR, building VARCHAR, commodity VARCHAR, use DOUBLE,
    unit VARCHAR, use_kwh DOUBLE, use_mmbtu DOUBLE, cost DOUBLE, currency VARCHAR, days INTEGER,
    days_in_month INTEGER, is_estimated BOOLEAN, is_partial BOOLEAN, bills BIGINT);
CREATE TABLE energy.energy_gaps (gap_key VARCHAR, kind VARCHAR, vendor VARCHAR, meter_key VARCHAR,
    meter VARCHAR, building VARCHAR, commodity VARCHAR, start_date DATE, end_date DATE,
    days INTEGER);
CREATE TABLE energy.energy_checks (check_key VARCHAR, check_name VARCHAR, vendor VARCHAR,
    meter_key VARCHAR, meter VARCHAR, building VARCHAR, commodity VARCHAR, bill_id VARCHAR,
    start_date DATE, end_date DATE, found DOUBLE, expected DOUBLE, cost DOUBLE,
    explanation VARCHAR);
CREATE TABLE energy.consents_ending (authorization_uid VARCHAR, utility VARCHAR, customer VARCHAR,
    status VARCHAR, ends_at DATE, ends_text VARCHAR, days_left INTEGER, meters BIGINT,
    buildings BIGINT, last_bill_end DATE);
CREATE TABLE energy.buildings (building_key VARCHAR, vendor VARCHAR, building VARCHAR,
    address VARCHAR, city VARCHAR, state VARCHAR, country VARCHAR, postal_code VARCHAR, area DOUBLE,
    area_unit VARCHAR, primary_use VARCHAR, meters BIGINT, commodities VARCHAR, first_month DATE,
    last_month DATE, cost_last_12_months DOUBLE, currency VARCHAR);
CREATE TABLE energy.suggested_meter_matches (utilityapi_meter_uid VARCHAR,
    energycap_meter_id VARCHAR, reason VARCHAR, confidence DOUBLE, utilityapi_meter VARCHAR,
    energycap_meter VARCHAR, commodity VARCHAR, is_decided BOOLEAN);
"""

#: Each vendor has four buildings with three meters. Bills are of calendar months, June 2023 to May
#: 2026; a meter lacks one of them, and one in nine has had none since March 2026.
BILLS = """
INSERT INTO energy.energy_bill_periods
WITH meters AS (
    SELECT vendor, place, kind, vendor || ':' || (100 * place + kind) AS meter_key
    FROM (SELECT unnest($vendors::VARCHAR[]) AS vendor), range(1, $buildings + 1) p(place),
        range(1, 4) k(kind)
), bills AS (
    SELECT meters.*, month::DATE AS month, (month + INTERVAL 1 MONTH)::DATE AS next,
        hash(meter_key) % 23 AS lack, datediff('month', DATE '2023-06-01', month) AS age
    FROM meters, generate_series(DATE '2023-06-01', DATE '2026-05-01', INTERVAL 1 MONTH) m(month)
)
SELECT meter_key || ':' || month, vendor, vendor || '-bill-' || age || '-' || (100 * place + kind),
    meter_key, 'M-' || (100 * place + kind), 'A-' || place, vendor || ':' || place,
    [$name, 'Library', 'Town Hall', 'Depot'][1 + (place - 1) % 4]
        || if(place > 4, ' ' || place, ''),
    place || ' Main Street', 'Springfield', 'CA', ['electricity', 'natural_gas', 'water'][kind],
    month, next, datediff('day', month, next), round(use, 2), ['kwh', 'therm', 'kgal'][kind],
    if(kind = 1, round(use, 2), NULL),
    CASE kind WHEN 1 THEN round(use, 2) * 0.003412 WHEN 2 THEN round(use, 2) * 0.1 END,
    NULL, NULL, round(use * [0.19, 1.4, 6.5][kind], 2),
    $currencies[1 + place % len($currencies)], (age + place) % 17 = 0, meter_key, next::TIMESTAMP,
    if((age * 7 + place) % 41 = 0, 'void', 'counted'), (age * 7 + place) % 41 <> 0
FROM (
    SELECT *, [9000, 700, 60][kind] * place * (1 + 0.35 * cos(age * pi() / 6 + kind))
        * (1 + (hash(meter_key, age) % 100) / 900) AS use
    FROM bills
)
WHERE age <> lack + 8 AND NOT (age > 33 AND (place + kind) % 9 = 3);

INSERT INTO energy.energy_monthly
SELECT start_date, vendor, meter_key, any_value(meter), any_value(account), any_value(building_key),
    any_value(building), any_value(commodity), sum(use), unit, sum(use_kwh), sum(use_mmbtu),
    sum(cost), currency, any_value(days), any_value(days), bool_or(estimated), false, count(*)
FROM energy.energy_bill_periods WHERE is_counted GROUP BY start_date, vendor, meter_key, unit,
    currency;
UPDATE energy.energy_monthly SET days = 17, is_partial = true
WHERE month = '2026-05-01' AND building LIKE 'Depot%';

INSERT INTO energy.buildings
SELECT building_key, any_value(vendor), any_value(building), any_value(address), any_value(city),
    any_value(state), 'US', NULL, NULL, NULL, NULL, count(DISTINCT meter_key),
    string_agg(DISTINCT commodity, ', '), min(start_date), max(start_date), NULL, NULL
FROM energy.energy_bill_periods GROUP BY building_key;

INSERT INTO energy.energy_gaps
SELECT meter_key || '-' || end_date, kind, vendor, meter_key, meter, building, commodity,
    end_date, if(kind = 'late', NULL, next), datediff('day', end_date, next)
FROM (
    SELECT *, coalesce(following, DATE '2026-05-31') AS next,
        if(following IS NULL, 'late', 'missing') AS kind
    FROM (
        SELECT *, lead(start_date) OVER (PARTITION BY meter_key ORDER BY start_date) AS following
        FROM energy.energy_bill_periods WHERE is_counted
    )
) WHERE next > end_date;
"""
FINDINGS = """
INSERT INTO energy.energy_checks
SELECT bill_period_key, ['use jumps', 'charges differ from bill', 'cost jumps'][1 + age % 3],
    vendor, meter_key, meter, building, commodity, bill_id, start_date, end_date, cost, cost / 2,
    if(age % 100 = 0, -cost, cost), 'Twice what the months before lead one to expect.'
FROM (
    SELECT *, row_number() OVER (ORDER BY bill_period_key) AS age FROM energy.energy_bill_periods
) WHERE age % 50 = 0;
INSERT INTO energy.consents_ending VALUES
    ('1', 'PG&E', 'ann@example.com', 'ending', '2026-06-20', '2026-06-20', 20, 3, 1, '2026-05-12'),
    ('2', 'SCE', NULL, 'ending', '2026-08-09', '2026-08-09', 70, 9, 4, '2026-05-02'),
    ('3', 'SCE', 'bob@example.com', 'open', NULL, NULL, NULL, 2, 1, '2026-05-02'),
    ('4', 'SDG&E', 'cy@example.com', 'revoked', NULL, NULL, NULL, 1, 1, '2025-05-02'),
    ('5', 'SDG&E', 'di@example.com', 'ended', '2026-04-30', '2026-04-30', -31, 1, 1, '2026-04-02');
INSERT INTO energy.suggested_meter_matches VALUES
    ('101', '202', 'meter number', 0.9, 'M-101', 'M-202', 'electricity', false),
    ('103', '302', 'address', 0.4, 'M-103', 'M-302', 'water', true);
"""


def make_marts(
    file: Path,
    *,
    vendors: tuple[str, ...] = ("utilityapi", "energycap"),
    currencies: tuple[str, ...] = ("USD",),
    name: str = "Main Office",
    buildings: int = 4,
    more: str = "",
) -> Path:
    """Write the tables into a DuckDB file.

    Args:
        file: The file.
        vendors: Those that have data; none makes empty tables.
        currencies: What buildings are billed in.
        name: The first building of each vendor.
        buildings: How many a vendor has.
        more: SQL to run at last.
    """
    values = {
        "vendors": list(vendors),
        "currencies": list(currencies),
        "name": name,
        "buildings": buildings,
    }
    with duckdb.connect(file) as database:
        database.execute("CREATE SCHEMA energy")
        database.execute(COLUMNS)
        for statement in filter(str.strip, BILLS.split(";\n")):
            used = {key: value for key, value in values.items() if f"${key}" in statement}
            database.execute(statement, used)
        database.execute(FINDINGS if vendors else "")
        database.execute(more)
    return file
