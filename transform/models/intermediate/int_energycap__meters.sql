-- One row per meter: what the list of meters says, or else the meter's bills.
with of_bills as (
  select
    meter_id,
    max(meter_code) as meter_code,
    max(serial_number) as serial_number,
    max(vendor_commodity) as vendor_commodity,
    max(account) as account
  from {{ ref('stg_energycap__bill_meters') }}
  where meter_id is not null and meter_id not in (
    select meter_id from {{ ref('stg_energycap__meters') }} where vendor_commodity is not null and account is not null
  )
  group by meter_id
),

meters as (
  select
    coalesce(listed.meter_id, of_bills.meter_id) as meter_id,
    coalesce(listed.meter_code, of_bills.meter_code) as meter_code,
    listed.meter_info,
    coalesce(listed.serial_number, of_bills.serial_number) as serial_number,
    coalesce(listed.vendor_commodity, of_bills.vendor_commodity) as vendor_commodity,
    coalesce(listed.account, of_bills.account) as account,
    listed.place_id,
    listed.place_code,
    listed.place_info,
    coalesce(listed.meter_kind, 'standard') as meter_kind,
    coalesce(listed.is_active, true) as is_active
  from {{ ref('stg_energycap__meters') }} as listed
  full join of_bills on of_bills.meter_id = listed.meter_id
)

select
  meters.meter_id,
  meters.meter_code,
  meters.meter_info,
  meters.serial_number,
  meters.vendor_commodity,
  meters.account,
  meters.meter_kind,
  meters.is_active,
  coalesce(cast(meters.place_id as varchar(20)), 'unknown') as building_id,
  coalesce(
    {{ filled('places.place_info') }},
    {{ filled('places.place_code') }},
    {{ filled('meters.place_info') }},
    {{ filled('meters.place_code') }}
  ) as building,
  places.address,
  places.city,
  places.state,
  places.postal_code,
  places.country,
  places.area,
  places.area_unit,
  places.primary_use
from meters
left join {{ ref('stg_energycap__places') }} as places on places.place_id = meters.place_id
