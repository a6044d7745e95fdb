with meters as (
  {{ raw('utilityapi_meters', {
    'uid': 'text', 'authorization_uid': 'text', 'base': 'json', 'is_activated': 'boolean',
    'is_archived': 'boolean', '_sdc_extracted_at': 'timestamp'
  }) }}
)

select
  uid as meter_uid,
  authorization_uid,
  {{ json_text('base', 'service_identifier') }} as service_identifier,
  {{ json_text('base', 'meter_numbers', 0) }} as meter_number,
  {{ json_text('base', 'service_address') }} as address,
  {{ json_text('base', 'billing_account') }} as account,
  {{ part_of(json_text('base', 'service_class'), '([^-]*)$') }} as vendor_commodity,
  is_activated,
  coalesce(is_archived, false) as is_archived,
  _sdc_extracted_at as extracted_at
from meters
