-- Use and cost per day beside the lowest and highest of the twelve bills before.
with periods as (
  select
    *,
    use / days as use_per_day,
    cost / days as cost_per_day
  from {{ ref('energy_bill_periods') }}
  -- Periods much shorter or longer than a month are not comparable.
  where is_counted and days between 15 and 100
),

compared as (
  select
    *,
    min(use_per_day) over before as lowest_use,
    max(use_per_day) over before as highest_use,
    min(cost_per_day) over before as lowest_cost,
    max(cost_per_day) over before as highest_cost,
    count(*) over before as bills_before
  from periods
  window before as (
    partition by meter_key, unit, currency order by start_date, end_date, bill_period_key
    rows between 12 preceding and 1 preceding
  )
)

{%- for what in ['use', 'cost'] %}
{%- set found, lowest, highest = what ~ '_per_day', 'lowest_' ~ what, 'highest_' ~ what %}
{%- set expected = 'case when ' ~ found ~ ' > ' ~ highest ~ ' then ' ~ highest ~ ' else ' ~ lowest ~ ' end' %}
{{ 'union all' if not loop.first }}
select
  '{{ what }} jumps' as check_name,
  bill_period_key,
  vendor,
  meter_key,
  bill_id,
  start_date,
  end_date,
  {{ found }} as found,
  {{ expected }} as expected,
  cost,
  case
    when {{ found }} > {{ highest }}
      then '{{ what }} per day is more than {{ var('jump_factor') }} times the highest of the bills before'
    else '{{ what }} per day is less than 1/{{ var('jump_factor') }} of the lowest of the bills before'
  end as explanation
from compared
where
  bills_before >= 6
  and (
    ({{ found }} > {{ var('jump_factor') }} * {{ highest }} and {{ highest }} > 0)
    or ({{ found }} * {{ var('jump_factor') }} < {{ lowest }} and {{ lowest }} > 0)
  )
  {% if what == 'cost' -%}
  and abs({{ found }} - {{ expected }}) * days >= {{ var('jump_cost') }}
  {%- endif %}
{%- endfor %}
