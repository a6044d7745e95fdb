-- No cost and no bill is lost between what was loaded and the bill periods.
with loaded as (
  select 'utilityapi' as vendor, cost from {{ ref('stg_utilityapi__bills') }}
  union all
  select 'energycap', cost from {{ ref('stg_energycap__bill_meters') }}
),

sums as (
  select
    vendor,
    count(*) as bills,
    coalesce(sum(cost), 0) as cost,
    coalesce(sum(abs(cost)), 0) as size
  from loaded group by vendor
),

of_periods as (
  select vendor, count(*) as bills, coalesce(sum(cost), 0) as cost from {{ ref('energy_bill_periods') }} group by vendor
)

select *
from sums
full join of_periods on of_periods.vendor = sums.vendor
where
  sums.bills is distinct from of_periods.bills
  or abs(sums.cost - of_periods.cost) > 0.005 + sums.size * 1e-12
