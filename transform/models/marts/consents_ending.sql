with meters as (
  select
    meters.authorization_uid,
    count(*) as meters,
    count(distinct meters.building_id) as buildings,
    max(periods.last_bill_end) as last_bill_end
  from {{ ref('int_utilityapi__meters') }} as meters
  left join (
    select
      meter_key,
      max(end_date) as last_bill_end
    from {{ ref('energy_bill_periods') }}
    where vendor = 'utilityapi'
    group by meter_key
  ) as periods on periods.meter_key = 'utilityapi:' || meters.meter_uid
  group by meters.authorization_uid
)

select
  authorizations.authorization_uid,
  authorizations.utility,
  authorizations.customer,
  case
    when authorizations.is_declined then 'declined'
    when authorizations.is_revoked then 'revoked'
    when authorizations.is_expired or authorizations.expires_on < {{ as_of() }} then 'ended'
    when authorizations.expires_on - {{ as_of() }} <= 90 then 'ending'
    else 'open'
  end as status,
  authorizations.expires_on as ends_at,
  authorizations.ends_text,
  authorizations.expires_on - {{ as_of() }} as days_left,
  coalesce(meters.meters, 0) as meters,
  coalesce(meters.buildings, 0) as buildings,
  meters.last_bill_end
from {{ ref('stg_utilityapi__authorizations') }} as authorizations
left join meters on meters.authorization_uid = authorizations.authorization_uid
