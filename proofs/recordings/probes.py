"""The kernel's functions that show an event of a log, and the kprobes that record them.

Syntax: Documentation/trace/kprobetrace.rst. A probe fires where its function is entered and, unless the function's
entry is the event, its return probe where it returns: the section under vc.lock lies somewhere between the two.
Functions that are called by pointer are never inlined; process_channel_irqs, which has one caller, often is.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

GROUP, PREFIX, BACK, END = "bamlock", "bl_", "_ret", "bamlock-end"
TASKLET = "vchan_complete"
_CHAN = "pipe=+24({0}):s32 device=+0({0}):x64"


@dataclass(frozen=True)
class Probe:
    """What shows an event: the functions `symbols`, or those of them that there are.

    `fetch`: the arguments of its probe; `back`: those of its return probe, None if there is none.
    """

    event: str
    symbols: tuple[str, ...]
    fetch: str = ""
    back: str | None = None


PROBES = (
    Probe("submit", ("vchan_tx_submit",), _CHAN.format("+16($arg1)"), ""),
    Probe("issue", ("bam_issue_pending",), _CHAN.format("$arg1"), ""),
    Probe("interrupt", ("process_channel_irqs",), "bam=$arg1:x64", "srcs=$retval:x32"),
    Probe("work", ("bam_dma_work", "dma_tasklet"), "item=$arg1:x64", ""),
    Probe("tasklet", (TASKLET,)),
    Probe("callback", ("qce_skcipher_done", "qce_ahash_done", "qce_aead_done")),
    Probe("terminate", ("bam_dma_terminate_all",), _CHAN.format("$arg1"), ""),
    Probe("status", ("qce_check_status",), "", "value=$retval:s32"),
    Probe("result", ("qce_async_request_done",), "value=$arg2:s32"),
    Probe("finish", ("qce_req_done_work",)),
)
"""All that are read. Two are no events of a log: `tasklet`, since which the callback that follows may have begun, and
`result`, which says how the request ends that is finished next."""

BY_SYMBOL = {symbol: probe for probe in PROBES for symbol in probe.symbols}

RECIPE = f"""\
# What `convert` reads, for 64-bit kernels. As root, while the driver is idle,
# this file being /tmp/probes:
#   cd /sys/kernel/tracing
#   grep -v '^#' /tmp/probes | while read -r line
#   do echo "$line" >> kprobe_events || echo "not there: $line"; done
#   echo mono > trace_clock; echo 1 > events/{GROUP}/enable
#   (cat kprobe_events; exec cat trace_pipe) > /tmp/trace &
# then the workload; then, while the driver is idle again:
#   echo {END} > trace_marker; sleep 1; kill $!
# A function that is not there, as it has another name or was inlined, is left
# out: what it shows is silent. Of bam_dma_work and dma_tasklet there is one.
# Where one of a p: and r: pair is not there the other has to go, too:
#   echo "-:{GROUP}/NAME" >> kprobe_events
# Offsets: 16 is dma_async_tx_descriptor.chan, 24 dma_chan.chan_id, 0
# dma_chan.device; `pahole -C dma_chan` says whether they are yours.
"""


def text() -> Iterator[str]:
    """The definitions as lines for `kprobe_events`, with what to do with them in comments."""
    yield from RECIPE.splitlines()
    for symbol, probe in BY_SYMBOL.items():
        yield f"p:{GROUP}/{PREFIX}{symbol} {symbol} {probe.fetch}".rstrip()
        if probe.back is not None:
            yield f"r:{GROUP}/{PREFIX}{symbol}{BACK} {symbol} {probe.back}".rstrip()


def fields(fetch: str) -> tuple[str, ...]:
    """The names of what a probe fetches."""
    return tuple(argument.partition("=")[0] for argument in fetch.split())
