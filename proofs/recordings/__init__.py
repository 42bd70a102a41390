"""Recorded runs of a real driver, held against the model of a version."""
