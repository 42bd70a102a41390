"""State that no row has: what is found in C of our own, and what verdicts say of the kernel's with such state."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import kernel
import pytest
import z3
from c_mutants import Edits, edited

from model.context import Protocol
from model.language.concrete import fire
from model.source.bam.facts import DRIVER
from model.source.bam.kept import Own
from model.source.bam.sections import Driver, read_driver, with_driver
from model.source.own import own_state
from model.source.tree import SourceError, SourceTree
from proofs.checking import verdicts
from proofs.engines import Target
from proofs.engines.exhaustive import Explorer
from proofs.properties import catalogue

ROOTS = ("issue",)


def found(folder: Path, sections: str, prep: str = "", members: str = "") -> Own:
    """What a driver of our own keeps, one section of which has some statements."""
    code = f"""
struct bam_async_desc {{ unsigned int num_desc; unsigned char loads; bool held; struct bam_async_desc *next; }};
struct bam_chan {{ int id; bool mine; int count; int statistic; void *data; {members} }};
static void bam_prep_slave_sg(struct bam_chan *bchan, struct bam_async_desc *desc) {{ {prep} }}
static struct bam_async_desc *build(void)
{{
	struct bam_async_desc *desc = kzalloc(sizeof(*desc), 0);
	desc->held = true;
	return desc;
}}
static void issue(struct bam_chan *bchan, struct bam_async_desc *desc) {{ {sections} }}
"""
    for name, text in ((DRIVER, code), ("drivers/dma/virt-dma.c", "")):
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_text(text)
    return own_state(read_driver(SourceTree(folder), 4), ROOTS, False)


@pytest.mark.parametrize(
    ("sections", "channel", "transaction"),
    [
        ("", [], []),
        ("bchan->count++;", ["count"], []),
        ("if (bchan->count < 3) bchan->count += 1;", ["count"], []),
        ("bchan->statistic = 1;", [], []),
        ("if (bchan->mine) return;", [], []),
        ("bchan->mine = !bchan->mine; bchan->id = 3;", ["mine"], []),
        ("desc->loads++; desc->num_desc--;", [], ["loads"]),
        ("desc = build(); if (desc->held) return;", [], []),
        ("desc = build(); desc->held = !desc->held;", [], ["held"]),
    ],
)
def test_what_sections_store_and_read_is_state(
    tmp_path: Path, sections: str, channel: list[str], transaction: list[str]
) -> None:
    own = found(tmp_path, sections)
    assert (list(own.channel), list(own.transaction)) == (channel, transaction)


def test_what_nothing_reads_is_dropped(tmp_path: Path) -> None:
    assert found(tmp_path, "bchan->statistic = 1; bchan->count++;").unread == {"statistic", "held"}
    assert found(tmp_path, "bchan->statistic = 1;", "if (bchan->statistic) return;").unread == {"held"}


@pytest.mark.parametrize(
    ("sections", "prep", "said"),
    [
        ("bchan->count++;", "bchan->count = 0;", "count is state of sections, and is stored outside of them"),
        ("bchan->count++;", "if (bchan->count) return;", "bam_prep_slave_sg reads count, which sections store"),
        ("desc->loads++;", "desc->loads = 1;", "loads is state of sections, and is stored outside of them"),
        ("if (!bchan->data) bchan->data = desc;", "", "data is state, and neither a number nor a truth"),
    ],
)
def test_what_the_model_cannot_keep_is_refused_with_its_line(
    tmp_path: Path, sections: str, prep: str, said: str
) -> None:
    with pytest.raises(SourceError, match=said) as caught:
        found(tmp_path, sections, prep)
    assert str(caught.value).startswith(DRIVER)


NODE = "\tstruct list_head desc_list;\n\n\tstruct list_head node;\n"
DESC = "\tstruct list_head desc_node;\n\tenum dma_transfer_direction dir;\n"
LOAD, REAP = "\t\tdesc = async_desc->curr_desc;\n", "\t\t\t/* manage FIFO */\n"
ISSUE = "\t/* if work pending and idle, start a transaction */\n"
INIT = "\tbchan->bdev = bdev;\n"


def counted(most: int, begin: int = 0) -> Edits:
    """The kernel's C with a count of what is issued on a channel, which must not be too high."""
    return (
        (NODE, f"{NODE}\tu8 issued;\n"),
        (ISSUE, f"\tbchan->issued++;\n\tBUG_ON(bchan->issued > {most});\n{ISSUE}"),
        (INIT, f"{INIT}\tbchan->issued = {begin};\n"),
    )


def loaded(condition: str) -> Edits:
    """The kernel's C with a count of a transaction's loads, of which something must not hold when it is consumed."""
    return (
        (DESC, f"{DESC}\tu8 loads;\n"),
        (LOAD, f"\t\tasync_desc->loads++;\n{LOAD}"),
        (REAP, f"\t\t\tBUG_ON(async_desc->loads {condition});\n{REAP}"),
    )


def changed(edits: Edits) -> SourceTree:
    """The kernel's tree with another bam_dma.c, nothing of it written anywhere."""
    tree = SourceTree(kernel.source())
    return replace(tree, changed={DRIVER: edited(tree.read(DRIVER), edits).encode()})


def read(edits: Edits) -> Protocol:
    """The protocol whose driver is that."""
    return with_driver(kernel.row(), changed(edits))


def code_safe(protocol: Protocol) -> str:
    """The verdict about what C must not do."""
    return str(verdicts.decide(protocol, [catalogue()["code-safe"]], "exhaustive", 10)["code-safe"].word)


@pytest.mark.slow
def test_a_count_of_the_channel_is_a_variable_on_which_a_verdict_depends() -> None:
    found = read(counted(2))
    space = found.system.space
    assert [name for name in space.variables if "own" in name] == ["rx.own_issued", "tx.own_issued"]
    assert "rx.own_issued" not in kernel.row().system.space.variables
    # each request is issued once, and each channel counts its own
    assert [code_safe(found), code_safe(read(counted(1)))] == ["proved", "violated"]
    begun = read(counted(2, begin=1))
    assert begun.system.initial["tx.own_issued"] == 1 and code_safe(begun) == "violated"
    labels = space.variables["client.pc"].labels
    assert labels is not None
    here = {"client.pc": labels.index("issue-tx"), "tx.own_issued": 255}
    after = fire(found.system.action("client.issue_tx"), {**found.system.initial, **here})
    assert after is not None and after["tx.own_issued"] == 0


@pytest.mark.slow
def test_a_count_of_a_transaction_goes_with_it_from_list_to_list() -> None:
    found = read(loaded("!= 1"))
    assert {f"{name}.desc_{each}.own_loads" for name in ("rx", "tx") for each in ("submitted", "issued", "list")} == {
        name for name in found.system.space.variables if "own" in name
    }
    assert [code_safe(found), code_safe(read(loaded("== 1")))] == ["proved", "violated"]
    nothing = {"never": Target(state=z3.BoolVal(False))}
    row = Explorer(kernel.row().system).explore(nothing).figures()
    assert Explorer(found.system).explore(nothing).figures() == row


@pytest.mark.slow
def test_a_row_has_no_variable_for_it() -> None:
    action = kernel.row().system.action("client.issue_rx")
    with pytest.raises(SourceError, match="issued is state, and the row has no variable for it"):
        Driver(kernel.row(), read_driver(changed(counted(2)), 4)).execute(action)
    wrongs = Driver(kernel.row(), read_driver(changed(loaded("!= 1")), 4)).execute(action).wrongs
    assert "leaves loads of a transaction changed" in [wrong.text for wrong in wrongs]
