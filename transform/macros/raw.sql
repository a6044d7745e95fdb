{#
  Read a table as the loader wrote it: `columns` maps each column that is needed to its kind.
  The result has snake_case names and plain types in every database. A table or column that is
  not there, because its stream or field is not selected, is null.
#}
{% macro raw(table, columns) %}
  {%- set relation = source('raw', table) -%}
  {%- set found = adapter.get_relation(relation.database, relation.schema, relation.identifier) if execute else none -%}
  {%- set present = {} -%}
  {%- for column in (adapter.get_columns_in_relation(found) if found else []) -%}
    {%- do present.update({column.name | lower: adapter.quote(column.name)}) -%}
  {%- endfor -%}
  {%- for name, kind in columns.items() if kind == 'json' and name | lower not in present -%}
    {%- for column in present if column.startswith(name | lower ~ '_') -%}
      {{- exceptions.raise_compiler_error(
        'Column ' ~ column ~ ' of ' ~ table ~ ' is part of the object ' ~ name ~ ', which these models need as a whole. '
        ~ 'Unset flattening_enabled of the tap, and load the table again.'
      ) -}}
    {%- endfor -%}
  {%- endfor -%}
  select
  {%- for name, kind in columns.items() %}
    {{ read_column(present.get(name | lower, 'null'), kind) }} as {{ snake_case(name) }}{{ ',' if not loop.last }}
  {%- endfor %}
  from {{ found or '(select 1 as nothing) as empty' }}
  {%- if not found %} where false {%- endif %}
{% endmacro %}

{# Fail if the loader has written none of the tables, which a mistake in a setting looks like. #}
{% macro require_a_table() %}
  {%- set found = [] -%}
  {%- for source in (graph.sources.values() if execute else []) if source.source_name == 'raw' and source.package_name == 'utility_energy' -%}
    {%- do found.append(adapter.get_relation(source.database, source.schema, source.identifier)) -%}
  {%- endfor -%}
  {%- if execute and not found | select | list -%}
    {%- set bills = source('raw', 'utilityapi_bills') -%}
    {{- exceptions.raise_compiler_error(
      'No table of the tap is in the schema ' ~ bills.schema ~ ' of the database ' ~ bills.database ~ '. '
      ~ 'Load first, or set path, database or raw_schema: they are DBT_UTILITY_ENERGY_PATH and so on.'
    ) -}}
  {%- endif -%}
{% endmacro %}

{# meterId → meter_id #}
{% macro snake_case(name) %}
  {{- return(modules.re.sub('([a-z0-9])([A-Z])', '\\1_\\2', name) | lower) -}}
{% endmacro %}

{% macro read_column(column, kind) %}
  {{- return(adapter.dispatch('read_column')(column, kind)) -}}
{% endmacro %}

{% macro default__read_column(column, kind) %}
  {%- set types = {'text': 'varchar', 'integer': 'bigint', 'number': 'float8', 'list': 'json'} -%}
  {{- 'cast(' ~ column ~ ' as ' ~ types.get(kind, kind) ~ ')' -}}
{% endmacro %}

{% macro postgres__read_column(column, kind) %}
  {%- if kind == 'list' and column != 'null' -%}
    {#- The loader's type is jsonb[]. -#}
    {{- 'to_jsonb(' ~ column ~ ')' -}}
  {%- else -%}
    {%- set types = {'integer': 'bigint', 'number': 'float8', 'json': 'jsonb', 'list': 'jsonb'} -%}
    {{- 'cast(' ~ column ~ ' as ' ~ types.get(kind, kind) ~ ')' -}}
  {%- endif -%}
{% endmacro %}
