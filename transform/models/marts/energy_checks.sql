with checks as (
  select
    check_name,
    check_name || ':' || bill_period_key as check_key,
    vendor,
    meter_key,
    bill_id,
    start_date,
    end_date,
    found,
    expected,
    cost,
    explanation
  from {{ ref('int_jumps') }}

  union all

  select
    check_name,
    check_name || ':' || vendor || ':' || bill_id || ':' || coalesce(meter_key, ''),
    vendor,
    meter_key,
    bill_id,
    start_date,
    end_date,
    found,
    expected,
    found - expected,
    explanation
  from {{ ref('int_charges') }}
  where abs(found - expected) > 0.011

  union all

  select
    'duplicate period',
    'duplicate period:' || meter_key || ':' || start_date || ':' || end_date,
    vendor,
    meter_key,
    max(bill_id),
    start_date,
    end_date,
    count(distinct bill_id),
    1,
    sum(cost),
    'several bills have the same meter and period'
  from {{ ref('energy_bill_periods') }}
  where is_counted
  group by vendor, meter_key, start_date, end_date
  having count(distinct bill_id) > 1

  union all

  select
    'no period',
    'no period:' || bill_period_key,
    vendor,
    meter_key,
    bill_id,
    start_date,
    end_date,
    null,
    null,
    cost,
    'the bill has no valid start and end, so it is in no month'
  from {{ ref('energy_bill_periods') }}
  where status = 'no period'

  union all

  select
    'unknown unit',
    'unknown unit:' || meter_key || ':' || coalesce(unit, ''),
    vendor,
    meter_key,
    null,
    min(start_date),
    max(end_date),
    count(*),
    0,
    sum(cost),
    'use in ' || coalesce(unit, 'no unit') || ' cannot be converted into kWh'
  from {{ ref('energy_bill_periods') }}
  where
    is_counted and use is not null and use_kwh is null
    and commodity not in ('water', 'sewer', 'storm_drain', 'waste', 'other')
  group by vendor, meter_key, unit

  union all

  select
    'meter at both vendors',
    'meter at both vendors:' || utilityapi_meter_uid || ':' || energycap_meter_id,
    'utilityapi',
    'utilityapi:' || utilityapi_meter_uid,
    null,
    null,
    null,
    confidence,
    null,
    null,
    'may be the same as meter ' || energycap_meter || ' of EnergyCAP (same ' || reason || '), in which case its cost counts twice'
  from {{ ref('suggested_meter_matches') }}
  where not is_decided and confidence >= 0.8
)

select
  checks.check_key,
  checks.check_name,
  checks.vendor,
  checks.meter_key,
  meters.meter,
  meters.building,
  meters.commodity,
  checks.bill_id,
  checks.start_date,
  checks.end_date,
  checks.found,
  checks.expected,
  checks.cost,
  checks.explanation
from checks
left join {{ ref('int_meters') }} as meters on meters.meter_key = checks.meter_key
