"""Inductive invariants as files, and what proves them again."""

from pathlib import Path

FOLDER = Path(__file__).parent
"""Below it those that are recorded, a folder a version."""
