"""One file a command: what is typed, and how each way to end becomes an exit code."""
