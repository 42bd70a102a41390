"""The HTML report: one page in one file, with a player for each trace."""
