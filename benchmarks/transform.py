"""Time and memory of `dbt build` on many bills in DuckDB: `python -m benchmarks.transform`."""

from __future__ import annotations

import argparse
import json
import math
from pathlib import Path
from tempfile import TemporaryDirectory

import duckdb

from benchmarks.runs import Took, took
from tests.end_to_end.project import DBT, ROOT, Project, clean_environment

#: Ten years of bills a meter.
MONTHS = 120
#: How many of the slowest models and tests are printed.
SHOWN_STEPS = 15
#: The share of bills that are missing.
MISSING = 0.005
LAST_MONTH = "2026-05-01"
#: The columns of the loader's tables that models read, and the nested fields as the vendors send
#: them. Meters are numbered by `meter`, their months by `month`, and `size` is a random number of
#: the meter, the same in each run.
METERS = """
    SELECT range AS meter, hash(range) % 1000 AS size FROM range({meters})
"""
PERIODS = f"""
    SELECT meter, size, month, meter * {MONTHS} + month AS bill,
      hash(meter, month) % 1000 AS chance,
      CAST(DATE '{LAST_MONTH}' - to_months(CAST(month AS INTEGER)) AS DATE)
        + CAST(meter % 28 AS INTEGER) AS starts,
      CAST(DATE '{LAST_MONTH}' - to_months(CAST(month - 1 AS INTEGER)) AS DATE)
        + CAST(meter % 28 AS INTEGER) AS ends
    FROM ({METERS}), (SELECT range AS month FROM range({{first}}, {{last}}))
    WHERE hash(meter, month, 'missing') % 1000 >= {1000 * MISSING}
"""
EXTRACTED = "TIMESTAMP '2026-06-30 02:00:00' + to_seconds(meter % 3600) AS _sdc_extracted_at"
BASE = """
    to_json({
      'service_identifier': printf('%010d', meter * 7919), 'service_tariff': 'A-10',
      'service_class': CASE meter % 3 WHEN 2 THEN 'comm-gas' ELSE 'comm-electric' END,
      'service_address': printf('%d Sample Ave, Anytown, CA, %05d', meter // 5, meter // 5 % 99999),
      'meter_numbers': [printf('A%09d', meter)], 'billing_contact': 'Example Corporation',
      'billing_address': printf('%d Sample Ave, Anytown, CA', meter // 5),
      'billing_account': printf('%010d-%d', meter // 2, meter // 2 % 10)
"""
COMMODITY = """{
    'commodityId': 1 + meter % 3,
    'commodityCode': ['ELECTRIC', 'NATURALGAS', 'WATER'][1 + meter % 3]
}"""
UNIT = """
    to_json({'unitCode': ['KWH', 'THERM', 'CCF'][1 + meter % 3], 'unitId': 1 + meter % 3})
"""
ACCOUNT = """{
    'accountId': meter // 2, 'accountCode': printf('%07d-%d', meter // 2, meter // 2 % 10),
    'accountInfo': 'Anytown Public Utilities', 'active': true, 'hasCalculatedMeter': false,
    'vendor': {'vendorId': 1040, 'vendorCode': 'ANYTOWN', 'vendorInfo': 'Anytown Utilities'}
}"""
#: Tables with a row for each of some meters.
LISTS = {
    "utilityapi_authorizations": f"""
        SELECT CAST(meter AS VARCHAR) AS uid, 'PG&E' AS utility, false AS is_revoked,
          false AS is_declined, 'customer@example.com' AS customer_email,
          strftime(DATE '2026-07-01' + CAST(size AS INTEGER), '%Y-%m-%dT00:00:00+00:00') AS expires,
          {EXTRACTED}
        FROM ({METERS}) WHERE meter % 10 = 0
    """,
    "utilityapi_meters": f"""
        SELECT CAST(meter AS VARCHAR) AS uid, 'PG&E' AS utility, true AS is_activated,
          CAST(meter // 10 * 10 AS VARCHAR) AS authorization_uid, false AS is_archived,
          {BASE} }}) AS base, {EXTRACTED}
        FROM ({METERS})
    """,
    "energycap_meters": f"""
        SELECT meter AS meterid, printf('M-%06d', meter) AS metercode, 'Meter' AS meterinfo,
          printf('SN-%09d', meter) AS serialnumber, true AS active,
          to_json({COMMODITY}) AS commodity,
          to_json({{'placeId': meter // 5, 'placeCode': printf('B%05d', meter // 5)}}) AS place,
          to_json([{ACCOUNT}]) AS accounts, {EXTRACTED}
        FROM ({METERS})
    """,
    "energycap_places": f"""
        SELECT meter // 5 AS placeid, printf('B%05d', meter // 5) AS placecode,
          printf('%d Fake St', meter // 5) AS placeinfo, to_json({{'value': 1000 + size,
          'unitCode': 'SQFT'}}) AS size, to_json({{'line1': printf('%d Fake St', meter // 5),
          'city': 'Anytown', 'state': 'NY', 'country': 'United States'}}) AS address, {EXTRACTED}
        FROM ({METERS}) WHERE meter % 5 = 0
    """,
}
#: Tables with rows for each meter and month.
BILLS = {
    "utilityapi_bills": f"""
        SELECT CAST(bill AS VARCHAR) AS uid, CAST(meter AS VARCHAR) AS meter_uid, 'PG&E' AS utility,
          CAST(meter // 10 * 10 AS VARCHAR) AS authorization_uid,
          {BASE}, 'bill_start_date': strftime(starts, '%Y-%m-%dT00:00:00.000000-08:00'),
            'bill_end_date': strftime(ends, '%Y-%m-%dT00:00:00.000000-08:00'),
            'bill_total_unit': CASE meter % 3 WHEN 2 THEN 'therms' ELSE 'kwh' END,
            'bill_total_volume': size * 10 + chance,
            'bill_total_cost': (size * 200 + chance) / 100
          }}) AS base,
          CASE meter % 3 WHEN 2 THEN NULL
            ELSE to_json([{{'name': 'Max Demand', 'cost': NULL, 'demand': 20 + size / 10}}])
          END AS demand,
          CAST(ends AS TIMESTAMP) AS updated, {EXTRACTED}
        FROM ({PERIODS})
    """,
    "utilityapi_bill_line_items": f"""
        SELECT CAST(bill AS VARCHAR) AS bill_uid, item AS position, 'line_items' AS source,
          ['Charges', 'Tax'][item + 1] AS name, 'delivery' AS kind,
          CASE item WHEN 0 THEN size * 2.0 ELSE chance / 100 END AS cost,
          CAST(ends AS TIMESTAMP) AS updated, {EXTRACTED}
        FROM ({PERIODS}), (SELECT unnest([0, 1]) AS item)
    """,
    "energycap_bill_meters": f"""
        SELECT bill AS billid, meter // 2 AS accountid, meter AS meterid, 0 AS position,
          strftime(starts, '%Y-%m-%dT00:00:00') AS begindate,
          strftime(ends, '%Y-%m-%dT00:00:00') AS enddate,
          CAST(size * 10 + chance AS DOUBLE) AS nativeuse, {UNIT} AS nativeuseunit,
          (size * 200 + chance) / 100 AS directcost,
          (size * 200 + chance) / 100 AS proportionalcost,
          to_json({{'unitCode': 'USDOLLARS', 'unitId': 58, 'unitInfo': '$'}}) AS costunit,
          to_json({ACCOUNT}) AS account,
          to_json({{'meterId': meter, 'meterCode': printf('M-%06d', meter), 'meterInfo': 'Meter',
            'meterType': {{'meterTypeId': 1, 'meterTypeCode': 'STANDARD'}},
            'commodity': {COMMODITY}, 'active': true,
            'serialNumber': printf('SN-%09d', meter)}}) AS meter,
          chance < 10 AS void, false AS accrual, chance > 950 AS estimated, {EXTRACTED}
        FROM ({PERIODS})
    """,
}


def fill(file: Path, rows: int) -> int:
    """Write the loader's tables, with so many bills of both vendors together; tell how many."""
    meters = math.ceil(rows / 2 / MONTHS / (1 - MISSING))
    with duckdb.connect(str(file)) as database:
        for table, select in LISTS.items():
            database.execute(f"CREATE TABLE {table} AS {_with(select, meters=meters)}")
        for table, select in BILLS.items():
            for first in range(0, MONTHS, 12):
                verb = f"INSERT INTO {table}" if first else f"CREATE TABLE {table} AS"
                part = _with(select, meters=meters, first=first, last=first + 12)
                database.execute(f"{verb} {part}")
        bills = (
            "SELECT (SELECT count(*) FROM utilityapi_bills), count(*) FROM energycap_bill_meters"
        )
        return sum(database.execute(bills).fetchall()[0])


def _with(select: str, **numbers: int) -> str:
    """Fill in the numbers; other braces are those of objects."""
    for name, number in numbers.items():
        select = select.replace(f"{{{name}}}", str(number))
    return select


def build(dbt: Path, file: Path, folder: Path) -> Took:
    """Let dbt build all models and run their tests."""
    environment = clean_environment(
        DBT_UTILITY_ENERGY_PATH=str(file),
        DBT_UTILITY_ENERGY_AS_OF="2026-06-30",
        DBT_TARGET_PATH=str(folder / "target"),
        DBT_LOG_PATH=str(folder / "logs"),
    )
    project = ROOT / "transform"
    options = (f"--project-dir={project}", f"--profiles-dir={project}", "--log-level-file=none")
    return took([str(dbt), "build", *options], environment=environment)


def steps(folder: Path) -> list[tuple[str, float]]:
    """The steps of a build and their seconds, the slowest first."""
    results = json.loads((folder / "target" / "run_results.json").read_text("utf-8"))["results"]
    took = ((each["unique_id"].split(".", 1), each["execution_time"]) for each in results)
    named = [(f"{kind} {name.split('.')[1]}", seconds) for (kind, name), seconds in took]
    return sorted(named, key=lambda step: -step[1])


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m benchmarks.transform")
    parser.add_argument(
        "--rows", type=int, default=10_000_000, help="bills, half of each vendor (10 million)"
    )
    given = parser.parse_args()
    with TemporaryDirectory() as name:
        folder = Path(name)
        project = Project(folder / "project")
        project.folder.mkdir()
        project.install()
        file = folder / "bills.duckdb"
        bills = fill(file, given.rows)
        size = file.stat().st_size / 1e6
        print(
            f"\n{bills:,} bills with two charges a bill of UtilityAPI, {size:,.0f} MB, dbt build:"
        )
        spent = build(project.venv(DBT) / "bin" / "dbt", file, folder)
        counted = _count(file)
        assert counted == bills, f"{counted} of {bills} bills are in energy_bill_periods"
        for step, seconds in steps(folder)[:SHOWN_STEPS]:
            print(f"  {step:70} {seconds:8.1f} s")
        print(f"  {'all':70} {spent.seconds:8.1f} s, {spent.cpu:.0f} s CPU, {spent.memory:,.0f} MB")


def _count(file: Path) -> int:
    with duckdb.connect(str(file), read_only=True) as database:
        (rows,) = database.execute("SELECT count(*) FROM energy.energy_bill_periods").fetchall()[0]
    return int(rows)


if __name__ == "__main__":
    main()
