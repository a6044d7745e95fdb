-- The lines that a bill has now: those that it had before a correction were read earlier.
with lines as (
  select
    *,
    max(extracted_at) over (partition by bill_id) as bill_read_at
  from {{ ref('stg_energycap__bill_lines') }}
)

select *
from lines
where coalesce(extracted_at >= {{ hours_before(var('run_hours'), 'bill_read_at') }}, true)
