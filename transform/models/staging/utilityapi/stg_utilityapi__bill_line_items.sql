with items as (
  {{ raw('utilityapi_bill_line_items', {
    'bill_uid': 'text', 'name': 'text', 'kind': 'text', 'cost': 'number', 'updated': 'timestamp'
  }) }}
)

select
  bill_uid,
  name as charge,
  kind,
  cost,
  updated as updated_at
from items
