"""What the functions of the kernel mean by which the client reaches registers, lists and channels.

Left out, and why no property can see it:
- dmaengine_terminate_all never fails, as bam_dma_terminate_all does not.
- Whether a list has an entry at all: requests of no bytes do not get to the queue.
- dmaengine_desc_free of a transaction that was not submitted: that it stays allocated until its channel is terminated
  the model has by itself.
- Attributes of a mapping that say how its memory is found or whether a failure is told.
"""

from __future__ import annotations

from model.source.ctypes import INT, UNSIGNED, VOID_POINTER, Integer, PointerTo, Struct
from model.source.qce.client import CHANNEL, Callback, Client, Transaction
from model.source.qce.commands import ELEMENT, Configured
from model.source.qce.inputs import SCATTERLIST
from model.source.symbolic.meanings import Meanings
from model.source.symbolic.terms import both, choose, either, equal, fold, no
from model.source.symbolic.values import ERROR, NULL, VOID, Pointer, Value, merge, merge_pointers, number

TRANSFERS = Meanings()
mean = TRANSFERS.mean
INTERRUPT, ACK, FENCE, CMD = 1, 2, 32, 128  # enum dma_ctrl_flags
TO_DEVICE, TO_MEMORY = 1, 2  # enum dma_transfer_direction
TO_THE_DEVICE = 1  # enum dma_data_direction
HARMLESS = (1 << 7) | (1 << 8)  # DMA_ATTR_ALLOC_SINGLE_PAGES, DMA_ATTR_NO_WARN
WRITE = 0  # BAM_WRITE_COMMAND
MOST_ENTRIES = 1 << 16
METADATA, CONFIG = Struct("bam_desc_metadata"), Struct("dma_slave_config")

# registers


def _register(client: Client, address: Value) -> str:
    places = [place for under, place in address.pointer.places if client.possible(under)]
    if len(places) != 1 or places[0].object != "registers" or not isinstance(places[0].path[0], int):
        client.refuse("a register whose address is not constant has no meaning")
    return client.registers.get(places[0].path[0], "")


@mean("writel", "writel_relaxed", text="a register is written by CPU")
def writel(client: Client, value: Value, address: Value) -> None:
    """writel."""
    client.note("cpu-go" if _register(client, address) == "REG_GOPROC" else "cpu-configure")


@mean("readl", "readl_relaxed", text="a register is read by CPU")
def readl(client: Client, address: Value) -> Value:
    """readl."""
    name = _register(client, address)
    client.note("status" if name == "REG_STATUS" else "a register is read by CPU")
    return client.anything(UNSIGNED, name or "register")


# mappings and transactions


@mean("sg_nents_for_len", "sg_nents", text="how many entries of a list hold that many bytes, or an error")
def sg_nents_for_len(client: Client, sg: Value, length: Value = VOID) -> Value:
    """sg_nents_for_len."""
    return client.between(-22, MOST_ENTRIES, "sg_nents_for_len")


@mean("sg_next", text="the next entry, or NULL")
def sg_next(client: Client, sg: Value) -> Value:
    """An entry of a list, which is no list that is mapped as a whole."""
    entry = client.give("entry", SCATTERLIST)
    return Value(sg.kind, merge_pointers(client.fails("sg_next"), NULL, entry))


@mean("sg_mark_end", text="the entry is the last: nothing, if it is no error")
def sg_mark_end(client: Client, sg: Value) -> None:
    """sg_mark_end, which must not get an error."""
    client.oblige(either(*(c for c, place in sg.pointer.places if place.object == ERROR)), "ends a list at an error")


@mean("sg_page", text="the page of an entry, or NULL")
def sg_page(client: Client, sg: Value) -> Value:
    """sg_page."""
    return Value(VOID_POINTER, merge_pointers(client.fails("sg_page"), NULL, client.give("page", None)))


@mean("scatterwalk_ffwd", text="the rest of a list: another list")
def scatterwalk_ffwd(client: Client, own: Value, sg: Value, length: Value) -> Value:
    """scatterwalk_ffwd."""
    return Value(sg.kind, client.give("rest", SCATTERLIST))


@mean("dma_map_sg", "dma_map_sg_attrs", text="maps a list; 0 if it fails, else the number of entries, maybe fewer")
def dma_map_sg(
    client: Client, device: Value, sg: Value, entries: Value, direction: Value, attributes: Value = VOID
) -> Value:
    """dma_map_sg, which gives 0 and no error's number if it fails (Documentation/core-api/dma-api.rst)."""
    if not isinstance(attributes.number, int) or attributes.number & ~HARMLESS:
        client.refuse(f"a mapping with the attributes {attributes.number} has no meaning")
    of_commands = client.of_commands(sg.pointer)
    if of_commands is True:
        client.demand_all(entries, "maps more or fewer entries than there are commands")
        client.oblige(fold(no(equal(direction.number, TO_THE_DEVICE))), "maps commands in another direction")
    elif of_commands is not False:
        client.refuse("a list of which it is not known whether it has the commands has no meaning")
    failed = client.fails("dma_map_sg")
    mapped = merge(failed, number(0), client.between(1, MOST_ENTRIES, "dma_map_sg"))
    client.map(sg.pointer, entries, direction, failed, mapped)
    return mapped


@mean("dma_unmap_sg", "dma_unmap_sg_attrs", text="undoes the mapping of a list")
def dma_unmap_sg(
    client: Client, device: Value, sg: Value, entries: Value, direction: Value, attributes: Value = VOID
) -> None:
    """dma_unmap_sg; of commands that are not submitted it belongs to the step that failed."""
    client.unmap(sg.pointer, entries, direction)
    of_commands = client.of_commands(sg.pointer)
    client.note("unmap-data", no(of_commands))
    client.note("unmap-commands", both(of_commands, client.commands_submitted))


STEPS = {
    ("rx", TO_DEVICE, False): "rx-data",
    ("tx", TO_MEMORY, False): "tx-data",
    ("rx", TO_DEVICE, True): "commands",
}


def _channel(client: Client, channel: Value) -> str:
    places = [place for _, place in client.accessible(channel.pointer)]
    if len(places) != 1 or not places[0].object.startswith(CHANNEL):
        client.refuse("a channel of which it is not known which it is has no meaning")
    return places[0].object.removeprefix(CHANNEL)


@mean("dmaengine_prep_slave_sg", text="prepares a transaction, or NULL")
def prepare(client: Client, channel: Value, sg: Value, entries: Value, direction: Value, flags: Value) -> Value:
    """dmaengine_prep_slave_sg."""
    name, bits = _channel(client, channel), flags.number
    both_kinds = INTERRUPT | CMD
    if not isinstance(bits, int) or bits & ~(both_kinds | ACK | FENCE) or bits & both_kinds == both_kinds:
        client.refuse(f"a transaction with the flags {bits} has no meaning")
    if not bits & both_kinds:
        client.refuse("data without DMA_PREP_INTERRUPT has no meaning: nothing tells that it is complete")
    step = STEPS.get((name, direction.number, bool(bits & CMD)))
    if step is None:
        what = "commands" if bits & CMD else "data"
        client.refuse(f"{what} in direction {direction.number} on the channel {name} has no meaning")
    client.oblige(no(client.is_mapped(sg.pointer)), f"prepares {step} of a list that is not mapped")
    if bits & CMD:
        client.prepare_commands(sg.pointer, entries)
    else:
        client.oblige(fold(no(entries.truth)), f"prepares {step} of no entries")
        client.oblige(client.of_commands(sg.pointer), "prepares commands as data")
    found = client.give("transaction", Struct("dma_async_tx_descriptor"))
    made = found.places[0][1].object
    client.given.discard(made)
    client.zeroed.add(made)
    client.transactions[made] = Transaction(name, step, bool(bits & FENCE), client.where)
    failed = client.fails("prep-commands" if bits & CMD else "prep-data")
    return Value(PointerTo(Struct("dma_async_tx_descriptor")), merge_pointers(failed, NULL, found))


@mean("dmaengine_submit", text="submits a transaction, and gives its cookie")
def submit(client: Client, transaction: Value) -> Value:
    """dmaengine_submit, which does not fail."""
    for under, place in client.accessible(transaction.pointer):
        made = client.transactions.get(place.object)
        if made is None:
            client.refuse("submits what was not prepared, which has no meaning")
        client.note(made.step, under)
        client.submitted.append((fold(both(client.path, under)), made))
        if made.step == "commands":
            client.submit_commands(under)
            client.send_metadata(place.object, under)
        there = Pointer.to(place.object)
        function = client.load(there.inside("callback"), client.member(client.types[place.object], "callback"))
        argument = client.load(there.inside("callback_param"), VOID_POINTER)
        client.callbacks.append(Callback(made, fold(both(client.path, under)), function, argument))
    return number(1)


@mean("dmaengine_desc_free", text="an error: the transaction is none that can be reused")
def dmaengine_desc_free(client: Client, transaction: Value) -> Value:
    """dmaengine_desc_free, which frees only what is to be reused."""
    client.accessible(transaction.pointer)
    return number(-1)


@mean("dma_submit_error", text="a cookie's error, if it is one")
def dma_submit_error(client: Client, cookie: Value) -> Value:
    """dma_submit_error."""
    return number(0)


@mean("dma_async_issue_pending", text="issues what is submitted on a channel")
def issue_pending(client: Client, channel: Value) -> None:
    """dma_async_issue_pending."""
    client.note(f"issue-{_channel(client, channel)}")


@mean("dmaengine_terminate_all", "dmaengine_terminate_sync", text="ends all of a channel")
def terminate_all(client: Client, channel: Value) -> Value:
    """dmaengine_terminate_all."""
    client.note(f"terminate-{_channel(client, channel)}")
    return number(0)


# commands


@mean("bam_prep_ce", "bam_prep_ce_le32", text="a register write is made, as a command")
def bam_prep_ce(client: Client, element: Value, address: Value, command: Value, value: Value) -> None:
    """bam_prep_ce_le32."""
    if command.number != WRITE:
        client.refuse("a command that is not BAM_WRITE_COMMAND has no meaning")
    client.add_command(element.pointer, client.register_at(address))


@mean("sg_set_buf", text="an entry of the list of commands has these; of other lists: nothing")
def sg_set_buf(client: Client, entry: Value, buffer: Value, size: Value) -> None:
    """sg_set_buf."""
    if isinstance(buffer.kind, PointerTo) and buffer.kind.target == ELEMENT:
        client.list_commands(entry.pointer, buffer.pointer, size)


@mean("dmaengine_desc_attach_metadata", text="says with a transaction where the dummy writes go, or an error")
def attach_metadata(client: Client, transaction: Value, data: Value, size: Value) -> Value:
    """dmaengine_desc_attach_metadata of what struct bam_desc_metadata has, before the transaction is submitted."""
    kind = data.kind.target if isinstance(data.kind, PointerTo) else None
    if kind != METADATA:
        client.refuse("metadata that is no struct bam_desc_metadata has no meaning")
    made = [place.object for _, place in client.accessible(transaction.pointer)]
    if len(made) != 1 or made[0] not in client.transactions or made[0] in client.metadata:
        client.refuse("metadata of what is not one transaction that was prepared and has none has no meaning")
    members = client.unit.members(METADATA, client.where)
    if not set(members) <= {"scratchpad_addr", "direction"} or "scratchpad_addr" not in members:
        client.refuse(f"metadata with the members {' '.join(members)} has no meaning")
    place = client.load(data.pointer.inside("scratchpad_addr"), members["scratchpad_addr"])
    direction = None
    if "direction" in members:
        direction = client.load(data.pointer.inside("direction"), members["direction"]).number
        if not isinstance(direction, int):
            client.refuse("metadata of a direction that is not constant has no meaning")
    submitted = client.transactions[made[0]].step == "commands" and client.commands_submitted
    client.oblige(submitted, "attaches metadata to what is submitted")
    failed = client.fails("attach")
    client.attach(made[0], no(failed), client.register_at(place), direction)
    return number(choose(failed, -22, 0, INT.width), INT)


@mean("dmaengine_slave_config", text="says how a channel is used, and where the dummy writes go; or an error")
def slave_config(client: Client, channel: Value, config: Value) -> Value:
    """dmaengine_slave_config in probe: a direction, and perhaps an address, as a member or in a struct of its own."""
    if client.probed:
        client.refuse("dmaengine_slave_config has a meaning in probe only")
    direction, place, private, size = (
        client.load(config.pointer.inside(name), client.member(CONFIG, name))
        for name in ("direction", "dst_addr", "peripheral_config", "peripheral_size")
    )
    if not isinstance(direction.number, int):
        client.refuse("a direction that is not constant has no meaning")
    way, register = "", ""
    if client.possible(place.truth):
        way, register = "slave-config", client.register_at(place)
    if client.possible(private.truth):
        if way:
            client.refuse("dmaengine_slave_config with a dst_addr and a peripheral_config has no meaning")
        way, register = "peripheral-config", client.register_at(_only_number(client, private.pointer, size))
    name = _channel(client, channel)
    client.configured[name] = Configured(direction.number, way, register, client.where)
    return number(choose(client.fails("slave_config"), -22, 0, INT.width), INT)


def _only_number(client: Client, pointer: Pointer, size: Value) -> Value:
    """What a struct of one number has; refuses another one, or another size."""
    places = [place for _, place in client.accessible(pointer)]
    members = client.unit.members(client.kind_of(places[0]), client.where)
    if len(places) != 1 or [isinstance(kind, Integer) for kind in members.values()] != [True]:
        client.refuse("a peripheral_config that is no struct of one number has no meaning")
    if size.number != client.unit.size(client.kind_of(places[0]), client.where):
        client.refuse("a peripheral_size that is not that of the peripheral_config has no meaning")
    ((name, kind),) = members.items()
    return client.load(pointer.inside(name), kind)
