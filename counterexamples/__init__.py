"""From a path to something that a kernel developer reads."""
