-- OpenDSM takes use by the start of each period, and a last row without use at the end.
with periods as (
  select
    meter_key,
    commodity = 'electricity' as is_electricity,
    start_date,
    max(end_date) as end_date,
    sum(case when commodity = 'electricity' then use_kwh else use end) as value,
    case when commodity = 'electricity' then 'kwh' else max(unit) end as unit
  from {{ ref('energy_bill_periods') }}
  where is_counted and use_kwh is not null
  group by meter_key, commodity, start_date
),

in_order as (
  select
    *,
    lead(start_date) over (partition by meter_key, is_electricity order by start_date) as next_start
  from periods
),

rows_of_meters as (
  select meter_key, is_electricity, start_date as start_day, value, unit
  from in_order

  union all

  -- A row without a value ends the last period, and each period before a gap.
  select meter_key, is_electricity, end_date, null, unit
  from in_order
  where next_start is null or next_start > end_date
)

select
  meter_key,
  is_electricity,
  cast(start_day as timestamp) at time zone 'UTC' as start_at,
  value,
  unit
from rows_of_meters
