with bills as (
  {{ raw('energycap_bills', {
    'billId': 'integer', 'totalCost': 'number', 'beginDate': 'text', 'endDate': 'text', 'void': 'boolean',
    'accrual': 'boolean', '_sdc_extracted_at': 'timestamp'
  }) }}
)

select
  bill_id,
  total_cost,
  {{ as_date('begin_date') }} as start_date,
  {{ as_date('end_date') }} as end_date,
  coalesce(void, false) as is_void,
  coalesce(accrual, false) as is_accrual,
  _sdc_extracted_at as extracted_at
from bills
