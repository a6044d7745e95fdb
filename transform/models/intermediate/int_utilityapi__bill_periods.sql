-- Bills, and whether the vendor still has them.
with bills as (
  select
    *,
    {{ is_of_latest_read('meter_uid') }} as is_latest
  from {{ ref('stg_utilityapi__bills') }}
),

-- A run with a later start_date leaves earlier bills out: they are not gone.
spans as (
  select
    *,
    min(case when is_latest then start_date end) over (partition by meter_uid) as read_from
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
