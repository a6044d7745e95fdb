-- Rows of bills, and whether the bill still has them.
select
  *,
  coalesce(
    extracted_at >= {{ hours_before(var('run_hours'), 'max(extracted_at) over (partition by bill_id)') }}, true
  ) as is_listed
from {{ ref('stg_energycap__bill_meters') }}
