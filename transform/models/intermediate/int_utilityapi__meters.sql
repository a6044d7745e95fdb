-- One row per meter: what the list of meters says, or else the meter's latest bills.
with meters_of_consents as (
  select
    meters.*,
    coalesce(authorizations.is_revoked, false) as is_revoked
  from {{ ref('stg_utilityapi__meters') }} as meters
  left join {{ ref('stg_utilityapi__authorizations') }} as authorizations
    on authorizations.authorization_uid = meters.authorization_uid
),

listed as (
  select
    *,
    coalesce(extracted_at >= {{ last_listed('meters_of_consents where not is_revoked') }}, true) as is_listed
  from meters_of_consents
),

of_bills as (
  select
    bills.meter_uid,
    max(bills.authorization_uid) as authorization_uid,
    max(bills.service_identifier) as service_identifier,
    max(bills.meter_number) as meter_number,
    max(bills.address) as address,
    max(bills.account) as account,
    max(bills.vendor_commodity) as vendor_commodity
  from {{ ref('stg_utilityapi__bills') }} as bills
  where bills.meter_uid not in (
    select meter_uid from listed where address is not null and vendor_commodity is not null and account is not null
  )
  group by bills.meter_uid
),

meters as (
  select
    coalesce(listed.meter_uid, of_bills.meter_uid) as meter_uid,
    coalesce(listed.authorization_uid, of_bills.authorization_uid) as authorization_uid,
    coalesce(listed.service_identifier, of_bills.service_identifier) as service_identifier,
    coalesce(listed.meter_number, of_bills.meter_number) as meter_number,
    coalesce(listed.address, of_bills.address) as address,
    coalesce(listed.account, of_bills.account) as account,
    coalesce(listed.vendor_commodity, of_bills.vendor_commodity) as vendor_commodity,
    coalesce(listed.is_listed, listed.meter_uid is null and not exists (select 1 from listed)) as is_listed,
    coalesce(listed.is_activated, true) and not coalesce(listed.is_archived, false) as is_active
  from listed
  full join of_bills on of_bills.meter_uid = listed.meter_uid
)

select
  meters.*,
  {{ part_of('meters.address', '^(.*), [^,]+, [A-Z][A-Z],? [0-9-]+$') }} as street,
  {{ part_of('meters.address', ', ([^,]+), [A-Z][A-Z],? [0-9-]+$') }} as city,
  {{ part_of('meters.address', ', ([A-Z][A-Z]),? [0-9-]+$') }} as state,
  {{ part_of('meters.address', ', [A-Z][A-Z],? ([0-9-]+)$') }} as postal_code,
  case
    when {{ normalized('meters.address') }} is null then 'unknown'
    else md5({{ normalized('meters.address') }})
  end as building_id,
  coalesce(authorizations.is_revoked, false) as is_revoked
from meters
left join {{ ref('stg_utilityapi__authorizations') }} as authorizations
  on authorizations.authorization_uid = meters.authorization_uid
