"""The questions that the page answers, in SQL. All figures of cost and use are of `energy_monthly`.

``$first`` and ``$last`` are months, ``$limit`` is the most rows to show.
"""

#: The day that dbt made the tables for, worked out from the rows that count days until then.
AS_OF = """
SELECT max(day) AS day FROM (
    SELECT ends_at - days_left::INTEGER AS day FROM consents_ending
    UNION ALL
    SELECT start_date + days::INTEGER FROM energy_gaps WHERE kind = 'late'
)"""

#: How many days of meters bills cover, by month.
BILLED_DAYS = """
SELECT month, sum(days) AS days
FROM energy_monthly
GROUP BY month"""

LATEST_BILLS = """
SELECT vendor, max(end_date) - 1 AS bill_end
FROM energy_bill_periods WHERE is_counted AND end_date <= $as_of::DATE + 1
GROUP BY vendor"""

COST_BY_VENDOR = """
SELECT vendor, coalesce(currency, 'unknown') AS currency, fsum(cost) AS cost
FROM energy_monthly WHERE month BETWEEN $first AND $last
GROUP BY ALL HAVING fsum(cost) IS NOT NULL"""

ENERGY_BY_VENDOR = """
SELECT vendor, fsum(use_mmbtu) AS mmbtu,
    fsum(use_kwh) FILTER (commodity = 'electricity') AS electricity_kwh,
    count(DISTINCT meter_key) AS meters, count(DISTINCT building_key) AS buildings
FROM energy_monthly WHERE month BETWEEN $first AND $last
GROUP BY vendor ORDER BY vendor"""

COST_BY_MONTH = """
SELECT coalesce(currency, 'unknown') AS currency, month, commodity, fsum(cost) AS cost
FROM energy_monthly WHERE month BETWEEN $first AND $last
GROUP BY ALL HAVING fsum(cost) IS NOT NULL ORDER BY ALL"""

BY_COMMODITY = """
SELECT commodity, unit, coalesce(currency, 'unknown') AS currency, fsum(use) AS use,
    fsum(use_mmbtu) AS mmbtu, fsum(cost) AS cost, count(DISTINCT meter_key) AS meters
FROM energy_monthly WHERE month BETWEEN $first AND $last
GROUP BY ALL ORDER BY currency, cost DESC NULLS LAST, commodity, unit"""

BY_BUILDING = """
SELECT coalesce(any_value(m.building), m.building_key) AS building,
    any_value(b.city) AS city, any_value(b.state) AS state, m.vendor,
    coalesce(m.currency, 'unknown') AS currency,
    fsum(m.cost) FILTER (m.month >= $first) AS cost,
    fsum(m.cost) FILTER (m.month < $first) AS cost_before,
    fsum(m.use_kwh) FILTER (m.month >= $first AND m.commodity = 'electricity') AS electricity_kwh,
    fsum(m.use_mmbtu) FILTER (m.month >= $first) AS mmbtu,
    count(DISTINCT m.meter_key) FILTER (m.month >= $first) AS meters,
    sum(m.days) FILTER (m.month >= $first) AS days,
    sum(m.days) FILTER (m.month < $first) AS days_before
FROM energy_monthly m LEFT JOIN buildings b USING (building_key)
WHERE m.month BETWEEN $before AND $last
GROUP BY m.building_key, m.vendor, m.currency HAVING meters > 0
ORDER BY cost DESC NULLS LAST, building LIMIT $limit"""

#: How many rows `BY_BUILDING` has without its limit.
BUILDING_COUNT = """
SELECT count(*) AS rows, count(DISTINCT building_key) AS buildings
FROM (
    SELECT DISTINCT building_key, vendor, currency
    FROM energy_monthly WHERE month BETWEEN $first AND $last
)"""

USE_BY_BUILDING = """
WITH used AS (
    SELECT building_key, coalesce(any_value(building), building_key) AS building,
        any_value(vendor) AS vendor, commodity, fsum(use_mmbtu) AS mmbtu
    FROM energy_monthly WHERE month BETWEEN $first AND $last
    GROUP BY building_key, commodity HAVING mmbtu <> 0
), ranked AS (
    SELECT building_key, fsum(mmbtu) AS total FROM used
    GROUP BY building_key ORDER BY total DESC, building_key LIMIT $limit
)
SELECT building_key, building, vendor, commodity, mmbtu
FROM used JOIN ranked USING (building_key)
ORDER BY total DESC, building_key, mmbtu DESC"""

USE_COUNT = """
SELECT count(*) AS buildings, fsum(mmbtu) AS mmbtu
FROM (
    SELECT building_key, fsum(use_mmbtu) AS mmbtu
    FROM energy_monthly WHERE month BETWEEN $first AND $last
    GROUP BY building_key HAVING count(*) FILTER (use_mmbtu <> 0) > 0
)"""

#: For each building and month the meters that bills are expected of, and what is there. A meter
#: is expected from its first month with a bill to its last, or to now if it is late. Its first
#: month counts as whole even if bills cover only a part of it, and so does its last one unless
#: bills of that month may still come.
CELLS = """
WITH billed AS (
    SELECT meter_key, month, sum(days) AS days, bool_and(is_partial) AS is_partial,
        bool_or(is_estimated) AS is_estimated
    FROM energy_monthly WHERE month BETWEEN $first AND $last GROUP BY meter_key, month
), late AS (
    SELECT DISTINCT meter_key FROM energy_gaps WHERE kind = 'late'
), spans AS (
    SELECT meter_key, any_value(building_key) AS building_key,
        min(month) AS first_month, max(month) AS last_month,
        greatest(min(month), $first::DATE) AS since,
        least(if(bool_or(late.meter_key IS NOT NULL), $last_ended::DATE, max(month)), $last::DATE)
            AS until
    FROM energy_monthly LEFT JOIN late USING (meter_key) GROUP BY meter_key
), expected AS (
    SELECT meter_key, building_key, first_month, last_month,
        unnest(generate_series(since, until, INTERVAL 1 MONTH))::DATE AS month
    FROM spans WHERE since <= until
), days AS (
    SELECT expected.building_key, month, billed.month IS NULL AS is_missing, is_estimated,
        coalesce(days, 0) AS days, date_diff('day', month, month + INTERVAL 1 MONTH) AS in_month,
        is_partial AND month <> first_month AND (month <> last_month OR month > $last_full)
            AS is_partial
    FROM expected LEFT JOIN billed USING (meter_key, month)
)
SELECT building_key, month, count(*) AS meters, count(*) FILTER (is_missing) AS missing,
    count(*) FILTER (is_partial) AS partial, count(*) FILTER (is_estimated) AS estimated,
    sum(days) AS days, sum(if(is_missing OR is_partial, in_month, days)) AS of_days
FROM days GROUP BY building_key, month"""

#: The buildings with most days without a bill first, of months whose bills have come.
CELLS_BY_BUILDING = """
WITH ranked AS (
    SELECT building_key, sum(if(month > $last_full, 0, of_days - days)) AS lacking FROM cells
    GROUP BY building_key ORDER BY lacking DESC, building_key LIMIT $limit
), names AS (
    SELECT building_key, any_value(building) AS building, any_value(vendor) AS vendor
    FROM energy_monthly JOIN ranked USING (building_key) GROUP BY building_key
)
SELECT coalesce(building, building_key) AS building, vendor, building_key,
    month, meters, missing, partial, estimated, days, of_days
FROM cells JOIN ranked USING (building_key) JOIN names USING (building_key)
ORDER BY lacking DESC, building_key, month"""

CELLS_OF_ALL = """
SELECT month, sum(meters)::BIGINT AS meters, sum(missing)::BIGINT AS missing,
    sum(partial)::BIGINT AS partial, sum(estimated)::BIGINT AS estimated,
    sum(days)::DOUBLE AS days, sum(of_days)::DOUBLE AS of_days
FROM cells GROUP BY month ORDER BY month"""

BUILDINGS_WITH_CELLS = "SELECT count(DISTINCT building_key) AS buildings FROM cells"

GAP_KINDS = """
SELECT kind, count(*) AS count, count(DISTINCT meter_key) AS meters, sum(days)::BIGINT AS days
FROM energy_gaps GROUP BY kind ORDER BY kind = 'overlap', kind"""

GAPS = """
SELECT kind, vendor, meter, building, commodity, start_date, end_date, days
FROM energy_gaps ORDER BY days DESC NULLS LAST, gap_key LIMIT $limit"""

CHECK_NAMES = """
SELECT check_name, count(*) AS count, count(DISTINCT meter_key) AS meters
FROM energy_checks GROUP BY check_name ORDER BY count DESC, check_name"""

#: The most expensive of each kind, so that a frequent kind does not hide the others.
CHECKS = """
SELECT check_name, vendor, meter, building, commodity, bill_id, start_date, end_date, cost,
    found, expected, explanation
FROM (
    SELECT *, row_number() OVER (
        PARTITION BY check_name ORDER BY abs(cost) DESC NULLS LAST, check_key
    ) AS rank
    FROM energy_checks
)
ORDER BY rank, check_name LIMIT $limit"""

CONSENTS = """
SELECT utility, customer, ends_at, ends_text, days_left, meters, buildings, last_bill_end
FROM consents_ending WHERE days_left BETWEEN 0 AND 90 AND status IN ('ending', 'open')
ORDER BY days_left, authorization_uid LIMIT $limit"""

CONSENT_COUNTS = """
SELECT count(*) FILTER (days_left BETWEEN 0 AND 90 AND status IN ('ending', 'open')) AS ending,
    count(*) FILTER (status = 'ended') AS ended, count(*) FILTER (status = 'revoked') AS revoked,
    count(*) FILTER (status = 'declined') AS declined, count(*) AS count
FROM consents_ending"""

MATCHES = """
SELECT utilityapi_meter, energycap_meter, commodity, reason, confidence, is_decided,
    utilityapi_meter_uid, energycap_meter_id
FROM suggested_meter_matches
ORDER BY is_decided, confidence DESC, utilityapi_meter_uid, energycap_meter_id LIMIT $limit"""

MATCH_COUNT = """
SELECT count(*) AS count, count(*) FILTER (NOT is_decided) AS open FROM suggested_meter_matches"""

STATUSES = """
SELECT status, vendor, coalesce(currency, 'unknown') AS currency, count(*) AS periods,
    fsum(cost) AS cost, min(start_date) AS first_start, max(end_date) AS last_end
FROM energy_bill_periods GROUP BY status, vendor, currency
ORDER BY status <> 'counted', status, vendor, currency"""

#: What the months add up to, to compare with the bills that count.
MONTHLY_TOTALS = """
SELECT coalesce(currency, 'unknown') AS currency, fsum(cost) AS cost
FROM energy_monthly GROUP BY ALL"""

LATER_MONTHS = """
SELECT count(DISTINCT month) AS months FROM energy_monthly WHERE month > $last"""
