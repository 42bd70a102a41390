"""The BAM's pipes and rings, and the crypto engine."""
