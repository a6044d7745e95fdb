with meters as (
  {{ raw('energycap_meters', {
    'meterId': 'integer', 'meterCode': 'text', 'meterInfo': 'text', 'serialNumber': 'text', 'commodity': 'json',
    'place': 'json', 'accounts': 'list', 'active': 'boolean', 'isCalculatedMeter': 'boolean',
    'isSplitParentMeter': 'boolean', 'isSplitChildMeter': 'boolean'
  }) }}
)

select
  meter_id,
  meter_code,
  meter_info,
  serial_number,
  {{ json_text('commodity', 'commodityCode') }} as vendor_commodity,
  cast({{ json_number('place', 'placeId') }} as bigint) as place_id,
  {{ json_text('place', 'placeCode') }} as place_code,
  {{ json_text('place', 'placeInfo') }} as place_info,
  {{ json_text('accounts', 0, 'accountCode') }} as account,
  case
    when is_calculated_meter then 'calculated'
    when is_split_parent_meter then 'split parent'
    when is_split_child_meter then 'split child'
    else 'standard'
  end as meter_kind,
  active as is_active
from meters
