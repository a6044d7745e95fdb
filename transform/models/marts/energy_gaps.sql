with bills as (
  -- A bill can have several rows of one meter.
  select
    vendor,
    meter_key,
    bill_id,
    min(start_date) as start_date,
    max(end_date) as end_date
  from {{ ref('energy_bill_periods') }}
  -- Bills without a meter may be of several.
  where is_counted and meter_key in (select meter_key from {{ ref('int_meters') }})
  group by vendor, meter_key, bill_id
),

in_order as (
  select
    *,
    max(end_date) over (
      partition by meter_key order by start_date, end_date, bill_id
      rows between unbounded preceding and 1 preceding
    ) as covered_until
  from bills
),

gaps as (
  select
    'missing' as kind,
    vendor,
    meter_key,
    covered_until as start_date,
    start_date as end_date,
    start_date - covered_until as days,
    bill_id
  from in_order
  where start_date - covered_until >= {{ var('gap_days') }}

  union all

  select
    'overlap',
    vendor,
    meter_key,
    start_date,
    least(end_date, covered_until),
    least(end_date, covered_until) - start_date,
    bill_id
  from in_order
  -- least() ignores null.
  where covered_until is not null and least(end_date, covered_until) - start_date >= {{ var('gap_days') }}

  union all

  select
    'late',
    bills.vendor,
    bills.meter_key,
    max(bills.end_date),
    null,
    {{ as_of() }} - max(bills.end_date),
    ''
  from bills
  inner join {{ ref('int_meters') }} as meters on meters.meter_key = bills.meter_key
  where meters.is_active and meters.is_listed
  group by bills.vendor, bills.meter_key
  having {{ as_of() }} - max(bills.end_date) > {{ var('late_after_days') }}
)

select
  gaps.kind || ':' || gaps.meter_key || ':' || gaps.start_date || ':' || gaps.bill_id as gap_key,
  gaps.kind,
  gaps.vendor,
  gaps.meter_key,
  meters.meter,
  meters.building,
  meters.commodity,
  gaps.start_date,
  gaps.end_date,
  gaps.days
from gaps
left join {{ ref('int_meters') }} as meters on meters.meter_key = gaps.meter_key
