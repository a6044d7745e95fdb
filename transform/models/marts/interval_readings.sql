{{ config(materialized='view') }}

with readings as (
  select
    *,
    (
      select sum({{ as_number("(item ->> 'value')") }}) from {{ items_of('datapoints') }} as points
      where (item ->> 'type') = 'net' and lower(item ->> 'unit') = 'kwh'
    ) as kwh
  from {{ ref('stg_utilityapi__interval_readings') }}
)

select
  'utilityapi:' || readings.meter_uid as meter_key,
  meters.meter,
  meters.building,
  meters.commodity,
  {{ as_local_time('readings.start_text') }} as start_at,
  readings.start_text,
  readings.minutes,
  readings.kwh,
  readings.kwh * 60 / nullif(readings.minutes, 0) as kw
from readings
left join {{ ref('int_meters') }} as meters on meters.meter_key = 'utilityapi:' || readings.meter_uid
