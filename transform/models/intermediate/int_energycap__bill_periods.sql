-- Rows of bills, and whether the bill still has them.
select
  *,
  coalesce({{ is_of_latest_read('bill_id') }}, true) as is_listed
from {{ ref('stg_energycap__bill_meters') }}
