"""Runs the console script as ``python -m tap_utility_energy``."""

from tap_utility_energy.cli import main

main()
