with bills as (
  {{ raw('energycap_bills', {
    'billId': 'integer', 'totalCost': 'number'
  }) }}
)

select
  bill_id,
  total_cost
from bills
