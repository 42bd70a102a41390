"""A trace written down for readers: one module for each format, all of them in `registry`."""
