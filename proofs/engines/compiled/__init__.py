"""The exhaustive search in compiled code: the same terms, the same numbering of states, the same space."""
