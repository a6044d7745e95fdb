-- What months add up to is what the bills that count add up to, by meter.
with periods as (
  select
    meter_key,
    currency,
    unit,
    coalesce(sum(cost), 0) as cost,
    coalesce(sum(abs(cost)), 0) as cost_size,
    coalesce(sum(use), 0) as use,
    coalesce(sum(abs(use)), 0) as use_size
  from {{ ref('energy_bill_periods') }}
  where is_counted
  group by meter_key, currency, unit
),

months as (
  select meter_key, currency, unit, coalesce(sum(cost), 0) as cost, coalesce(sum(use), 0) as use
  from {{ ref('energy_monthly') }}
  group by meter_key, currency, unit
)

select periods.meter_key
from periods
left join months
  on months.meter_key = periods.meter_key
  and months.currency is not distinct from periods.currency
  and months.unit is not distinct from periods.unit
where
  months.meter_key is null
  or abs(months.cost - periods.cost) > 0.005 + periods.cost_size * 1e-9
  or abs(months.use - periods.use) > 0.005 + periods.use_size * 1e-9
