with periods as (
  select
    *,
    start_date + cast(floor((end_date - start_date) / 2.0) as integer) as middle_date
  from {{ ref('int_bill_periods') }}
),

-- A meter that both vendors have, by the user's own list, and the vendor whose bills count.
matches as (
  select
    'utilityapi:' || utilityapi_meter_uid as meter_key,
    'energycap:' || energycap_meter_id as preferred_meter_key
  from {{ ref('meter_matches') }}
  where source_to_use = 'energycap'
  union
  select
    'energycap:' || energycap_meter_id,
    'utilityapi:' || utilityapi_meter_uid
  from {{ ref('meter_matches') }}
  where source_to_use = 'utilityapi'
),

-- A bill gives way if the other vendor has a bill for its middle day.
replaced as (
  select distinct periods.bill_period_key
  from periods
  inner join matches on matches.meter_key = periods.meter_key
  inner join periods as preferred on preferred.meter_key = matches.preferred_meter_key
  where
    periods.status = 'counted' and preferred.status = 'counted'
    and preferred.start_date <= periods.middle_date and preferred.end_date > periods.middle_date
),

described as (
  select
    periods.bill_period_key,
    periods.vendor,
    periods.bill_id,
    periods.meter_key,
    coalesce(meters.meter, periods.meter_key) as meter,
    coalesce(periods.account, meters.account) as account,
    coalesce(meters.building_key, periods.vendor || ':unknown') as building_key,
    coalesce(meters.building, '(no building)') as building,
    meters.address,
    meters.city,
    meters.state,
    coalesce(meters.commodity, 'unknown') as commodity,
    periods.start_date,
    periods.end_date,
    periods.end_date - periods.start_date as days,
    periods.use,
    periods.vendor_unit,
    periods.demand,
    periods.demand_unit,
    periods.cost,
    periods.currency,
    periods.estimated,
    periods.source_id,
    periods.extracted_at,
    case when replaced.bill_period_key is null then periods.status else 'other vendor preferred' end as status
  from periods
  left join replaced on replaced.bill_period_key = periods.bill_period_key
  left join {{ ref('int_meters') }} as meters on meters.meter_key = periods.meter_key
)

select
  described.bill_period_key,
  described.vendor,
  described.bill_id,
  described.meter_key,
  described.meter,
  described.account,
  described.building_key,
  described.building,
  described.address,
  described.city,
  described.state,
  described.commodity,
  described.start_date,
  described.end_date,
  described.days,
  described.use,
  coalesce(units.unit, any_commodity.unit, described.vendor_unit) as unit,
  described.use * coalesce(units.kbtu, any_commodity.kbtu) / {{ kbtu_per_kwh() }} as use_kwh,
  described.use * coalesce(units.kbtu, any_commodity.kbtu) / 1000 as use_mmbtu,
  described.demand,
  described.demand_unit,
  described.cost,
  described.currency,
  described.estimated,
  described.source_id,
  described.extracted_at,
  described.status,
  described.status = 'counted' as is_counted
from described
left join {{ ref('units') }} as units
  on units.name = described.vendor_unit and units.commodity = described.commodity
left join {{ ref('units') }} as any_commodity
  on any_commodity.name = described.vendor_unit and any_commodity.commodity = 'any'
