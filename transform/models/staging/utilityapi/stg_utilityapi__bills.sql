{{ require_a_table() }}

with bills as (
  {{ raw('utilityapi_bills', {
    'uid': 'text', 'meter_uid': 'text', 'authorization_uid': 'text', 'base': 'json',
    'demand': 'list', 'updated': 'timestamp', '_sdc_extracted_at': 'timestamp'
  }) }}
)

select
  uid as bill_uid,
  meter_uid,
  authorization_uid,
  {{ as_date(json_text('base', 'bill_start_date')) }} as start_date,
  {{ as_date(json_text('base', 'bill_end_date')) }} as end_date,
  coalesce({{ json_number('base', 'bill_total_volume') }}, {{ json_number('base', 'bill_total_kwh') }}) as use,
  case
    when {{ json_text('base', 'bill_total_volume') }} is not null then {{ json_text('base', 'bill_total_unit') }}
    when {{ json_text('base', 'bill_total_kwh') }} is not null then 'kwh'
    else {{ json_text('base', 'bill_total_unit') }}
  end as vendor_unit,
  {{ json_number('base', 'bill_total_cost') }} as cost,
  {{ largest('demand', 'demand') }} as demand,
  {{ json_text('base', 'service_identifier') }} as service_identifier,
  {{ json_text('base', 'meter_numbers', 0) }} as meter_number,
  {{ json_text('base', 'service_address') }} as address,
  {{ json_text('base', 'billing_account') }} as account,
  {{ part_of(json_text('base', 'service_class'), '([^-]*)$') }} as vendor_commodity,
  updated as updated_at,
  _sdc_extracted_at as extracted_at
from bills
