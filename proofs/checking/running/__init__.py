"""Long runs: on a cluster, with a journal to go on from, with answers that earlier runs have left."""
