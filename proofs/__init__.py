"""The claims, how they are checked, and the command."""
