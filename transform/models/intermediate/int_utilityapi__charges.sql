-- The charges that a bill has now: those that it had before a correction have another `updated`.
select items.*
from {{ ref('stg_utilityapi__bill_line_items') }} as items
inner join {{ ref('stg_utilityapi__bills') }} as bills
  on bills.bill_uid = items.bill_uid and bills.updated_at is not distinct from items.updated_at
