"""A page of energy: one HTML file made of the tables of the dbt project in a DuckDB file."""
