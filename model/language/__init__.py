"""Transition systems over bit-vectors and queues: any protocol, nothing of BAM."""
