"""What all streams share; it knows no vendor."""
