with items as (
  {{ raw('utilityapi_bill_line_items', {
    'bill_uid': 'text', 'position': 'integer', 'name': 'text', 'kind': 'text', 'source': 'text', 'cost': 'number',
    'volume': 'number', 'unit': 'text', 'updated': 'timestamp'
  }) }}
)

select
  bill_uid,
  source,
  position as position_in_bill,
  name as charge,
  kind,
  cost,
  volume as use,
  unit as vendor_unit,
  updated as updated_at
from items
