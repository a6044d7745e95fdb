{{ config(materialized='table') }}

-- The meters of both vendors. This is a table, because most marts join it and some meters are read from the bills' JSON.
with meters as (
  select
    'utilityapi' as vendor,
    meter_uid as meter_id,
    coalesce({{ filled('meter_number') }}, {{ filled('service_identifier') }}, meter_uid) as meter,
    meter_number as serial_number,
    account,
    building_id,
    {{ filled('address') }} as building,
    coalesce(street, address) as address,
    city,
    state,
    postal_code,
    cast(null as varchar(255)) as country,
    cast(null as float8) as area,
    cast(null as varchar(255)) as area_unit,
    cast(null as varchar(255)) as primary_use,
    vendor_commodity,
    'standard' as meter_kind,
    is_active,
    is_listed and not is_revoked as is_listed,
    is_revoked
  from {{ ref('int_utilityapi__meters') }}

  union all

  select
    'energycap',
    cast(meter_id as varchar(20)),
    coalesce({{ filled('meter_code') }}, {{ filled('meter_info') }}, cast(meter_id as varchar(20))),
    serial_number,
    account,
    building_id,
    building,
    address,
    city,
    state,
    postal_code,
    country,
    area,
    area_unit,
    primary_use,
    vendor_commodity,
    meter_kind,
    is_active,
    -- The tap reads changed meters only: a deleted meter looks like an unchanged one.
    true,
    false
  from {{ ref('int_energycap__meters') }}
)

select
  meters.vendor || ':' || meters.meter_id as meter_key,
  meters.vendor || ':' || meters.building_id as building_key,
  meters.vendor,
  meters.meter_id,
  meters.meter,
  meters.serial_number,
  meters.account,
  -- One name for each, however its meters' addresses are spelt.
  coalesce(max(meters.building) over (partition by meters.vendor, meters.building_id), '(no building)') as building,
  meters.address,
  meters.city,
  meters.state,
  meters.postal_code,
  meters.country,
  meters.area,
  meters.area_unit,
  meters.primary_use,
  case
    when commodities.commodity is not null then commodities.commodity
    when meters.vendor_commodity is null then 'unknown'
    else 'other'
  end as commodity,
  meters.meter_kind,
  meters.is_active,
  meters.is_listed,
  meters.is_revoked
from meters
left join {{ ref('commodities') }} as commodities on commodities.name = lower(meters.vendor_commodity)
