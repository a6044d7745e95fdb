with lines as (
  {{ raw('energycap_bill_lines', {
    'billId': 'integer', 'caption': 'text', 'cost': 'number', 'observationType': 'json',
    '_sdc_extracted_at': 'timestamp'
  }) }}
)

select
  bill_id,
  caption as charge,
  cost,
  {{ json_text('observation_type', 'observationTypeCode') }} as kind,
  _sdc_extracted_at as extracted_at
from lines
