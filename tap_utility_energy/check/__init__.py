"""``tap-utility-energy check``: where the vendors' truth differs from what this tap assumes.

A few free GET requests show it. What leaves the process holds no value of the vendors' data:
only shapes, counts and names of fields.
"""
