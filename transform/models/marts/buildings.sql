with months as (
  select
    building_key,
    min(month) as first_month,
    max(month) as last_month,
    -- Currencies are not added up.
    case when count(distinct currency) = 1 then sum(
      case when month >= date_trunc('month', {{ as_of() }}) - interval '12 months' and month < date_trunc('month', {{ as_of() }}) then cost end
    ) end as cost_last_12_months,
    case when count(distinct currency) = 1 then max(currency) end as currency
  from {{ ref('energy_monthly') }}
  group by building_key
),

buildings as (
  select
    building_key,
    vendor,
    max(building) as building,
    max(address) as address,
    max(city) as city,
    max(state) as state,
    max(country) as country,
    max(postal_code) as postal_code,
    max(area) as area,
    max(area_unit) as area_unit,
    max(primary_use) as primary_use,
    count(*) as meters,
    string_agg(distinct commodity, ', ' order by commodity) as commodities
  from {{ ref('int_meters') }}
  group by building_key, vendor
)

select
  buildings.*,
  months.first_month,
  months.last_month,
  months.cost_last_12_months,
  months.currency
from buildings
left join months on months.building_key = buildings.building_key
