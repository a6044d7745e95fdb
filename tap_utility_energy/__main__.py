"""Lets ``python -m tap_utility_energy`` stand for the console script."""

from tap_utility_energy.cli import main

main()
