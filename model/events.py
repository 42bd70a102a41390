"""The events that a step can amount to: what properties about steps speak of, declared once.

An action may emit no other event, and no property may name another one: a misspelt event would never be hit.
"""

from __future__ import annotations

from collections.abc import Mapping

EVENTS: Mapping[str, str] = {
    "lock_executed": "a LOCK executes on the consumer pipe of Linux",
    "unlock_executed": "an UNLOCK executes on the consumer pipe of Linux",
    "unlock": "an UNLOCK of Linux takes effect",
    "dummy_write": "the dummy write of a LOCK or UNLOCK reaches the engine",
    "config_write": "a configuration register is written",
    "client_descriptor": "a CMD or DATA descriptor of the client executes",
    "cpu_access": "Linux accesses an engine register by CPU",
    "status_read": "a completion reads STATUS",
    "request_succeeded": "a request finishes successfully",
    "buffer_rewritten_under_reader": "the command buffer is rewritten while a descriptor that reads it waits",
    "bracket_with_foreign_metadata": "a LOCK is built with the metadata of another request than the one inside",
    "unmap_foreign": "an unmap releases another mapping than the one that the same descriptor made",
    "cookie_covers_unconsumed": "the completed cookie comes to cover a transaction that is not consumed",
    "cookie_moves_back": "the completed cookie moves back",
    "operation_started": "an operation on the pipe pair of Linux is started",
    "ring_lapped": "what is written to a ring reaches the hardware's read offset",
}
"""Each event's name, and what happens then, as a clause."""
