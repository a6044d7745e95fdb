-- Shorter numbers are equal by chance.
{% set shortest = 4 %}
{% set grades = [
  (12, 'account and meter number', 0.95), (8, 'meter number', 0.8), (4, 'account number', 0.5), (0, 'address', 0.3)
] %}

with meters as (
  select
    vendor,
    meter_id,
    meter,
    commodity,
    {{ normalized('serial_number') }} as serial_number,
    {{ normalized('meter') }} as code,
    {{ normalized('account') }} as account,
    {{ normalized('address') }} as address,
    {{ normalized('postal_code') }} as postal_code
  from {{ ref('int_meters') }}
  where is_listed
),

utilityapi as (
  select * from meters where vendor = 'utilityapi'
),

energycap as (
  select * from meters where vendor = 'energycap'
),

pairs as (
  {% for mine, theirs, points in [
    ('serial_number', 'serial_number', 8), ('serial_number', 'code', 8), ('account', 'account', 4), ('address', 'address', 2)
  ] %}
  {{ 'union' if not loop.first }}
  select
    utilityapi.meter_id as utilityapi_meter_uid,
    energycap.meter_id as energycap_meter_id,
    utilityapi.meter as utilityapi_meter,
    energycap.meter as energycap_meter,
    utilityapi.commodity,
    {{ points }} as points
  from utilityapi
  inner join energycap
    on energycap.{{ theirs }} = utilityapi.{{ mine }} and energycap.commodity = utilityapi.commodity
  where length(utilityapi.{{ mine }}) >= {{ shortest }}
  {% if mine == 'address' %}
    and coalesce(utilityapi.postal_code = energycap.postal_code, true)
  {% endif %}
  {% endfor %}
),

scored as (
  select
    utilityapi_meter_uid,
    energycap_meter_id,
    utilityapi_meter,
    energycap_meter,
    commodity,
    sum(points) as points
  from pairs
  group by utilityapi_meter_uid, energycap_meter_id, utilityapi_meter, energycap_meter, commodity
)

select
  scored.utilityapi_meter_uid,
  scored.energycap_meter_id,
  case {% for least, reason, _ in grades %}when scored.points >= {{ least }} then '{{ reason }}' {% endfor %}end as reason,
  cast(case {% for least, _, confidence in grades %}when scored.points >= {{ least }} then {{ confidence }} {% endfor %}end as float8)
    as confidence,
  scored.utilityapi_meter,
  scored.energycap_meter,
  scored.commodity,
  decided.utilityapi_meter_uid is not null as is_decided
from scored
left join {{ ref('meter_matches') }} as decided
  on decided.utilityapi_meter_uid = scored.utilityapi_meter_uid
  and decided.energycap_meter_id = scored.energycap_meter_id
