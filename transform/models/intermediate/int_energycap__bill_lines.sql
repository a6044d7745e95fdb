-- The lines that a bill has now: those that it had before a correction were read earlier.
with lines as (
  select
    *,
    coalesce({{ is_of_latest_read('bill_id') }}, true) as is_listed
  from {{ ref('stg_energycap__bill_lines') }}
)

select *
from lines
where is_listed
