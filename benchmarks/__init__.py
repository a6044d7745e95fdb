"""Times the tap beside others that do the same work: ``make bench``."""
