with periods as (
  select
    meter_key,
    min(start_date) as first_period,
    max(end_date) as last_period,
    count(*) as periods,
    avg(case when estimated then 1.0 else 0.0 end) as estimated_share,
    max(unit) as unit
  from {{ ref('energy_bill_periods') }}
  where is_counted
  group by meter_key
)

select
  meters.meter_key,
  meters.vendor,
  meters.meter_id,
  meters.meter,
  meters.serial_number,
  meters.account,
  meters.building_key,
  meters.building,
  meters.address,
  meters.commodity,
  periods.unit,
  meters.meter_kind,
  meters.is_active,
  meters.is_listed,
  periods.first_period,
  periods.last_period,
  coalesce(periods.periods, 0) as periods,
  cast(periods.estimated_share as float8) as estimated_share
from {{ ref('int_meters') }} as meters
left join periods on periods.meter_key = meters.meter_key
