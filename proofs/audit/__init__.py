"""Who would notice: counts, coverage, mutation, and a reason for what nobody notices."""
