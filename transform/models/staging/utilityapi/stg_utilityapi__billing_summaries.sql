with summaries as (
  {{ raw('billing_summaries', {
    'uid': 'text', 'authorization_uid': 'text', 'base': 'json',
    'new_charges': 'list', '_sdc_extracted_at': 'timestamp'
  }) }}
)

select
  uid as summary_uid,
  authorization_uid,
  {{ as_date(json_text('base', 'statement_date')) }} as statement_date,
  {{ json_number('base', 'new_charges_amount') }} as amount,
  (
    select sum({{ as_number("(item ->> 'cost')") }}) from {{ items_of('new_charges') }} as charges
  ) as charges,
  _sdc_extracted_at as extracted_at
from summaries
