"""Drivers of others that use the same pipe lock, as far as they are more than values of axes."""
