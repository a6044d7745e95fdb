"""What EnergyCAP's objects look like, as its pages describe them.

Dates are text as sent: the vendor says neither which offset they are in nor that they all have
the same form. Fields that only newer pages name are among the others.
"""
