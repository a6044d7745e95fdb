with rows_of_bills as (
  {{ raw('energycap_bill_meters', {
    'billId': 'integer', 'accountId': 'integer', 'meterId': 'integer', 'position': 'integer',
    'beginDate': 'text', 'endDate': 'text', 'nativeUse': 'number', 'nativeUseUnit': 'json',
    'nativeActualDemand': 'number', 'nativeBilledDemand': 'number', 'nativeDemand': 'number',
    'nativeDemandUnit': 'json', 'nativeActualDemandUnit': 'json', 'directCost': 'number', 'proportionalCost': 'number', 'costUnit': 'json',
    'account': 'json', 'meter': 'json', 'estimated': 'boolean', 'void': 'boolean', 'accrual': 'boolean',
    '_sdc_extracted_at': 'timestamp'
  }) }}
)

select
  bill_id,
  account_id,
  meter_id,
  position as position_in_bill,
  {{ as_date('begin_date') }} as start_date,
  {{ as_date('end_date') }} as end_date,
  native_use as use,
  {{ json_text('native_use_unit', 'unitCode') }} as vendor_unit,
  coalesce(native_actual_demand, native_billed_demand, native_demand) as demand,
  coalesce(
    {{ json_text('native_actual_demand_unit', 'unitCode') }}, {{ json_text('native_demand_unit', 'unitCode') }}
  ) as vendor_demand_unit,
  coalesce(proportional_cost, direct_cost) as cost,
  {{ json_text('cost_unit', 'unitCode') }} as vendor_currency,
  {{ json_text('account', 'accountCode') }} as account,
  {{ json_text('meter', 'meterCode') }} as meter_code,
  {{ json_text('meter', 'serialNumber') }} as serial_number,
  {{ json_text('meter', 'commodity', 'commodityCode') }} as vendor_commodity,
  coalesce(estimated, false) as estimated,
  coalesce(void, false) as is_void,
  coalesce(accrual, false) as is_accrual,
  _sdc_extracted_at as extracted_at
from rows_of_bills
