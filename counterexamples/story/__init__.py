"""What a trace shows: its steps, what is odd about them, which of them matter, and the words for that."""
