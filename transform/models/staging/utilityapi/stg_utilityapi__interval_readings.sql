with readings as (
  {{ raw('utilityapi_interval_readings', {
    'meter_uid': 'text', 'start': 'text', 'duration_minutes': 'number', 'datapoints': 'list'
  }) }}
)

select
  meter_uid,
  start as start_text,
  duration_minutes as minutes,
  datapoints
from readings
