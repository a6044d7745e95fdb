"""Schemas of EnergyCAP's objects, by its documentation.

Dates are text as sent: the vendor says neither which offset they are in nor that they all have
the same form. Fields that the vendor's newer pages name and its Python client does not are among
the others.
"""
