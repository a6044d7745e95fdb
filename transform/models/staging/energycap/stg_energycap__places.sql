with places as (
  {{ raw('energycap_places', {
    'placeId': 'integer', 'placeCode': 'text', 'placeInfo': 'text', 'address': 'json', 'size': 'json',
    'primaryUse': 'json'
  }) }}
)

select
  place_id,
  place_code,
  place_info,
  {{ json_text('address', 'line1') }} as address,
  {{ json_text('address', 'city') }} as city,
  {{ json_text('address', 'state') }} as state,
  {{ json_text('address', 'postalCode') }} as postal_code,
  {{ json_text('address', 'country') }} as country,
  {{ json_number('size', 'value') }} as area,
  lower({{ json_text('size', 'unitCode') }}) as area_unit,
  {{ json_text('primary_use', 'primaryUseInfo') }} as primary_use
from places
