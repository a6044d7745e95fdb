-- Bills and statements, and the charges on them that should add up to them.
with items as (
  select
    bills.meter_key,
    bills.bill_id,
    bills.start_date,
    bills.end_date,
    bills.cost as expected,
    sum(items.cost) as found
  from {{ ref('energy_bill_periods') }} as bills
  inner join {{ ref('int_utilityapi__charges') }} as items on items.bill_uid = bills.bill_id
  where bills.vendor = 'utilityapi' and bills.is_counted and bills.cost is not null
  group by bills.bill_period_key, bills.meter_key, bills.bill_id, bills.start_date, bills.end_date, bills.cost
),

of_meters as (
  select
    bill_id,
    -- A bill with several meters names none of them.
    case when count(distinct meter_key) = 1 then max(meter_key) end as meter_key,
    min(start_date) as start_date,
    max(end_date) as end_date,
    sum(cost) as cost
  from {{ ref('energy_bill_periods') }}
  -- All that is on the bill, also of a meter whose bills count at the other vendor, or without a valid period.
  where vendor = 'energycap' and status in ('counted', 'other vendor preferred', 'no period')
  group by bill_id
),

lines as (
  select
    cast(bill_id as varchar(20)) as bill_id,
    sum(cost) as cost
  from {{ ref('int_energycap__bill_lines') }}
  group by bill_id
),

totals as (
  select
    cast(bill_id as varchar(20)) as bill_id,
    total_cost as cost
  from {{ ref('stg_energycap__bills') }}
)

select
  'charges differ from bill' as check_name,
  'utilityapi' as vendor,
  meter_key,
  bill_id,
  start_date,
  end_date,
  found,
  expected,
  'the charges do not add up to the bill' as explanation
from items

union all

select
  'charges differ from bill',
  'energycap',
  of_meters.meter_key,
  of_meters.bill_id,
  of_meters.start_date,
  of_meters.end_date,
  lines.cost,
  coalesce(totals.cost, of_meters.cost),
  'the lines do not add up to the bill'
from of_meters
inner join lines on lines.bill_id = of_meters.bill_id
left join totals on totals.bill_id = of_meters.bill_id

union all

select
  'meters differ from bill',
  'energycap',
  of_meters.meter_key,
  of_meters.bill_id,
  of_meters.start_date,
  of_meters.end_date,
  of_meters.cost,
  totals.cost,
  'the costs of the meters do not add up to the bill'
from of_meters
inner join totals on totals.bill_id = of_meters.bill_id

union all

select
  'charges differ from statement',
  'utilityapi',
  null,
  summary_uid,
  statement_date,
  null,
  charges,
  amount,
  'the new charges do not add up to the amount of the statement'
from {{ ref('int_utilityapi__statements') }}
