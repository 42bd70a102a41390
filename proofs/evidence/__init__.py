"""What was seen of real hardware, and what follows from it about the open questions."""
