with periods as (
  select
    meter_key,
    vendor,
    account,
    start_date,
    end_date,
    days,
    use,
    unit,
    use_kwh,
    use_mmbtu,
    cost,
    currency,
    estimated,
    -- Days that an earlier bill of the meter covers too are covered once.
    greatest(
      start_date,
      coalesce(
        max(end_date) over (
          partition by meter_key order by start_date, end_date, bill_period_key
          rows between unbounded preceding and 1 preceding
        ),
        start_date
      )
    ) as covers_from
  from {{ ref('energy_bill_periods') }}
  where is_counted
),

months as (
  select
    periods.*,
    months.month,
    cast(months.month + interval '1 month' as date) as next_month
  from periods
  cross join lateral {{ months_between('periods.start_date', 'periods.end_date - 1') }} as months
),

shares as (
  select
    *,
    cast(least(end_date, next_month) - greatest(start_date, month) as float8) / days as share,
    greatest(least(end_date, next_month) - greatest(covers_from, month), 0) as covered_days,
    next_month - month as days_in_month
  from months
),

sums as (
  select
    month,
    vendor,
    meter_key,
    max(account) as account,
    sum(use * share) as use,
    unit,
    sum(use_kwh * share) as use_kwh,
    sum(use_mmbtu * share) as use_mmbtu,
    sum(cost * share) as cost,
    currency,
    sum(covered_days) as days,
    max(days_in_month) as days_in_month,
    bool_or(estimated) as is_estimated,
    count(*) as bills
  from shares
  group by month, vendor, meter_key, unit, currency
),

-- Joined last: of millions of months, texts would take most of the memory.
meters as (
  select
    meter_key,
    max(meter) as meter,
    max(building_key) as building_key,
    max(building) as building,
    max(commodity) as commodity
  from {{ ref('energy_bill_periods') }}
  group by meter_key
)

select
  sums.month,
  sums.vendor,
  sums.meter_key,
  meters.meter,
  sums.account,
  meters.building_key,
  meters.building,
  meters.commodity,
  sums.use,
  sums.unit,
  sums.use_kwh,
  sums.use_mmbtu,
  sums.cost,
  sums.currency,
  sums.days,
  sums.days_in_month,
  sums.is_estimated,
  -- Of all rows of the meter: it may have changed its unit within the month.
  sum(sums.days) over (partition by sums.month, sums.meter_key) < sums.days_in_month - {{ var('gap_days') - 1 }} as is_partial,
  sums.bills
from sums
inner join meters on meters.meter_key = sums.meter_key
