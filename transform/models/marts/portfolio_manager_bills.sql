select
  bill_period_key,
  meter_key,
  meter as meter_name,
  building as property_name,
  commodity,
  start_date,
  end_date,
  use as usage,
  unit as usage_unit,
  cost,
  currency,
  estimated as estimated_value
from {{ ref('energy_bill_periods') }}
where is_counted and use is not null
