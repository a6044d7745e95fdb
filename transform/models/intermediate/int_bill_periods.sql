-- The bills of both vendors, a row per bill and meter, with the status that each vendor gives it.
with periods as (
  select
    'utilityapi' as vendor,
    bills.bill_uid as bill_id,
    bills.bill_uid as source_id,
    bills.meter_uid as meter_id,
    bills.account,
    bills.start_date,
    bills.end_date,
    bills.use,
    bills.vendor_unit,
    bills.demand,
    bills.demand_unit,
    bills.cost,
    'USD' as currency,
    false as estimated,
    bills.extracted_at,
    case
      when coalesce(authorizations.is_revoked, false) then 'consent revoked'
      when not bills.is_listed or not meters.is_listed then 'no longer listed'
      else 'counted'
    end as status
  from {{ ref('int_utilityapi__bill_periods') }} as bills
  left join {{ ref('int_utilityapi__meters') }} as meters on meters.meter_uid = bills.meter_uid
  left join {{ ref('stg_utilityapi__authorizations') }} as authorizations
    on authorizations.authorization_uid = bills.authorization_uid

  union all

  select
    'energycap',
    cast(bill_id as varchar(20)),
    bill_id || '-' || account_id || '-' || meter_id || '-' || position_in_bill,
    cast(meter_id as varchar(20)),
    account,
    start_date,
    end_date,
    use,
    vendor_unit,
    demand,
    lower(vendor_demand_unit),
    cost,
    case when vendor_currency = 'USDOLLARS' then 'USD' else vendor_currency end,
    estimated,
    extracted_at,
    case
      when is_void then 'void'
      when is_accrual then 'accrual'
      when not is_listed then 'no longer listed'
      else 'counted'
    end
  from {{ ref('int_energycap__bill_periods') }}
)

select
  vendor || ':' || source_id as bill_period_key,
  vendor || ':' || coalesce(meter_id, 'unknown') as meter_key,
  vendor,
  bill_id,
  source_id,
  account,
  start_date,
  case when end_date = start_date then end_date + 1 else end_date end as end_date,
  use,
  lower({{ filled('vendor_unit') }}) as vendor_unit,
  demand,
  demand_unit,
  cost,
  currency,
  estimated,
  extracted_at,
  case
    when status = 'counted' and (start_date is null or end_date is null or end_date < start_date) then 'no period'
    else status
  end as status
from periods
