{# The text at a path of keys in a JSON column, or null. #}
{% macro json_text(column) %}
  {{- '(' ~ column ~ json_path(varargs) ~ ')' -}}
{% endmacro %}

{# The number at a path of keys in a JSON column; null if there is none. #}
{% macro json_number(column) %}
  {{- as_number('(' ~ column ~ json_path(varargs) ~ ')') -}}
{% endmacro %}

{% macro json_path(keys) %}
  {%- for key in keys %} {{ '->>' if loop.last else '->' }} {{ key if key is number else "'" ~ key ~ "'" }} {%- endfor -%}
{% endmacro %}

{# The number that a text is; null if it is none. #}
{% macro as_number(text) %}{{ return(adapter.dispatch('as_number')(text)) }}{% endmacro %}
{% macro default__as_number(text) %}
  {#- NaN and infinity would spoil every sum. -#}
  {{- return('(case when isfinite(try_cast(' ~ text ~ ' as float8)) then try_cast(' ~ text ~ ' as float8) end)') -}}
{% endmacro %}
{% macro postgres__as_number(text) %}
  {#- Up to 308 digits fit into float8, but a repeat count of a pattern is at most 255. -#}
  {{- return("(case when " ~ text ~ " ~ '^-?[0-9]{1,255}[0-9]{0,53}(\\.[0-9]+)?([eE][-+]?[0-9]{1,2})?$' then cast(" ~ text ~ " as float8) end)") -}}
{% endmacro %}

{# The date that a text begins with, as in 2026-03-01T00:00:00-08:00: the local day. Null if there is none. #}
{% macro as_date(text) %}{{ return(adapter.dispatch('as_date')(text)) }}{% endmacro %}
{% macro default__as_date(text) %}
  {{- return("(case when " ~ matches(text, '^[12][0-9]{3}-[0-9]{2}-[0-9]{2}') ~ " then try_cast(left(" ~ text ~ ", 10) as date) end)") -}}
{% endmacro %}
{% macro postgres__as_date(text) %}
  {#- PostgreSQL 15 has no cast that gives null: the last day of the month is computed. -#}
  {%- set first = "cast(left(" ~ text ~ ", 8) || '01' as date)" -%}
  {{- return(
    "(case when " ~ matches(text, '^[12][0-9]{3}-(0[1-9]|1[0-2])-(0[1-9]|[12][0-9]|3[01])') ~ " then"
    ~ " (case when cast(substr(" ~ text ~ ", 9, 2) as integer) <= extract(day from " ~ first ~ " + interval '1 month' - interval '1 day')"
    ~ " then cast(left(" ~ text ~ ", 10) as date) end) end)"
  ) -}}
{% endmacro %}

{# The elements of a JSON list as rows of one column `item`, to be joined laterally. #}
{% macro items_of(list) %}{{ return(adapter.dispatch('items_of')(list)) }}{% endmacro %}
{% macro default__items_of(list) %}
  {{- return("(select unnest(try_cast(" ~ list ~ " as json[])) as item)") -}}
{% endmacro %}
{% macro postgres__items_of(list) %}
  {{- return("(select item from jsonb_array_elements(case when jsonb_typeof(" ~ list ~ ") = 'array' then " ~ list ~ " else '[]' end) as items (item))") -}}
{% endmacro %}

{# The largest number of a field in a JSON list of objects. #}
{% macro largest(list, field) %}{{ return(adapter.dispatch('largest')(list, field)) }}{% endmacro %}
{% macro default__largest(list, field) %}
  {{- return("list_max([" ~ as_number("(item ->> '" ~ field ~ "')") ~ " for item in try_cast(" ~ list ~ " as json[])])") -}}
{% endmacro %}
{% macro postgres__largest(list, field) %}
  {{- return("(select max(" ~ as_number("(item ->> '" ~ field ~ "')") ~ ") from " ~ items_of(list) ~ " as numbers)") -}}
{% endmacro %}

{# The first part of a text that a pattern has in parentheses, or null. #}
{% macro part_of(text, pattern) %}{{ return(adapter.dispatch('part_of')(text, pattern)) }}{% endmacro %}
{% macro default__part_of(text, pattern) %}
  {{- return("nullif(regexp_extract(" ~ text ~ ", '" ~ pattern ~ "', 1), '')") -}}
{% endmacro %}
{% macro postgres__part_of(text, pattern) %}
  {{- return("nullif(substring(" ~ text ~ " from '" ~ pattern ~ "'), '')") -}}
{% endmacro %}

{# The first days of the months from one date to another, as rows of one column `month`. #}
{% macro months_between(first, last) %}{{ return(adapter.dispatch('months_between')(first, last)) }}{% endmacro %}
{% macro default__months_between(first, last) %}
  {{- return("(select cast(unnest(generate_series(date_trunc('month', " ~ first ~ "), " ~ last ~ ", interval '1 month')) as date) as month)") -}}
{% endmacro %}
{% macro postgres__months_between(first, last) %}
  {{- return("(select cast(month as date) as month from generate_series(date_trunc('month', " ~ first ~ "), " ~ last ~ ", interval '1 month') as months (month))") -}}
{% endmacro %}

{# A text in lower case without spaces and punctuation, to compare numbers and addresses. #}
{% macro normalized(text) %}{{ return("nullif(regexp_replace(lower(" ~ text ~ "), '[^[:alnum:]]', '', 'g'), '')") }}{% endmacro %}

{# A text that says something, or null. #}
{% macro filled(text) %}{{ return("nullif(trim(" ~ text ~ "), '')") }}{% endmacro %}

{# The day that reports are made for: today, or DBT_UTILITY_ENERGY_AS_OF. #}
{% macro as_of() %}
  {%- set day = env_var('DBT_UTILITY_ENERGY_AS_OF', '') -%}
  {%- if day and not modules.re.fullmatch('[0-9]{4}-(0[1-9]|1[0-2])-(0[1-9]|[12][0-9]|3[01])', day) -%}
    {{- exceptions.raise_compiler_error("as_of, which is DBT_UTILITY_ENERGY_AS_OF, is not a day such as 2026-06-30: " ~ day) -}}
  {%- endif -%}
  {{- return("cast('" ~ day ~ "' as date)" if day else 'current_date') -}}
{% endmacro %}

{# The timestamp that a text begins with, without its offset: local time. Null if there is none. #}
{% macro as_local_time(text) %}
  {{- return(
    "(case when " ~ matches(text, '^.{10}T([01][0-9]|2[0-3]):[0-5][0-9]:[0-5][0-9]') ~ " then "
    ~ as_date(text) ~ " + cast(substr(" ~ text ~ ", 12, 8) as time) end)"
  ) -}}
{% endmacro %}

{% macro matches(text, pattern) %}{{ return(adapter.dispatch('matches')(text, pattern)) }}{% endmacro %}
{% macro default__matches(text, pattern) %}{{ return("regexp_matches(" ~ text ~ ", '" ~ pattern ~ "')") }}{% endmacro %}
{% macro postgres__matches(text, pattern) %}{{ return("(" ~ text ~ " ~ '" ~ pattern ~ "')") }}{% endmacro %}

{# A time so many hours before another. #}
{% macro hours_before(hours, timestamp) %}
  {{- return('(' ~ timestamp ~ " - interval '" ~ hours ~ " hours')") -}}
{% endmacro %}

{# Whether a row was read by the latest run that read any of the rows with the same key. Null if its time is not known. #}
{% macro is_of_latest_read(key) %}
  {{- return(
    '(extracted_at >= ' ~ hours_before(var('run_hours'), 'max(extracted_at) over (partition by ' ~ key ~ ')') ~ ')'
  ) -}}
{% endmacro %}

{#
  A record that was read before this time is no longer in the vendor's list. The median time counts as
  that of the latest read of the whole list, because the latest time can be of a run that read a few records.
#}
{% macro last_listed(relation) %}
  {{- return(
    '(select ' ~ hours_before(var('gone_after_hours'), 'percentile_disc(0.5) within group (order by extracted_at)')
    ~ ' from ' ~ relation ~ ')'
  ) -}}
{% endmacro %}

{# The schema of the profile for marts and seeds, and one beside it for what they are made of. #}
{% macro generate_schema_name(custom_schema_name, node) %}
  {{- target.schema ~ ('_' ~ custom_schema_name if custom_schema_name else '') -}}
{% endmacro %}

{# As in the seed `units`. #}
{% macro kbtu_per_kwh() %}3.412{% endmacro %}
