-- Bills, and whether the vendor still has them.
with bills as (
  select
    *,
    max(extracted_at) over (partition by meter_uid) as meter_read_at
  from {{ ref('stg_utilityapi__bills') }}
),

-- A run with a later start_date leaves earlier bills out: they are not gone.
spans as (
  select
    *,
    extracted_at >= {{ hours_before(var('run_hours'), 'meter_read_at') }} as is_latest,
    min(case when extracted_at >= {{ hours_before(var('run_hours'), 'meter_read_at') }} then start_date end)
      over (partition by meter_uid) as read_from
  from bills
)

select
  bill_uid,
  meter_uid,
  authorization_uid,
  start_date,
  end_date,
  use,
  vendor_unit,
  demand,
  case when demand is not null then 'kw' end as demand_unit,
  cost,
  account,
  extracted_at,
  coalesce(is_latest or start_date < read_from, true) as is_listed
from spans
