"""What the functions of the kernel mean that the client calls: dmaengine, mappings, registers, the crypto API.

Left out, and why no property can see it:
- The backlog of the queue, and requests beside the one that is executed: the model has one at a time.
- dmaengine_terminate_all never fails, as bam_dma_terminate_all does not.
- sg_free_table of a table that was not allocated: no claim is about memory of tables.
- Whether a list has an entry at all: requests of no bytes do not get to the queue.
- What registering an algorithm does, beside that requests can come from then on.
"""

from __future__ import annotations

from model.source.ctypes import INT, UNSIGNED, VOID_POINTER, Array, CType, Integer, PointerTo, Struct
from model.source.qce.client import REQUEST, TEMPLATE, Callback, Client, Transaction
from model.source.qce.inputs import SCATTERLIST
from model.source.symbolic.lists import containing
from model.source.symbolic.meanings import Meanings
from model.source.symbolic.terms import both, choose, either, fold, no
from model.source.symbolic.values import ERROR, NULL, VOID, Pointer, Value, merge, merge_pointers, number

QCE = Meanings()
mean = QCE.mean
INTERRUPT, ACK, FENCE, CMD = 1, 2, 32, 128  # enum dma_ctrl_flags
TO_DEVICE, TO_MEMORY = 1, 2  # enum dma_transfer_direction
CHANNEL = "channel "
MOST_ENTRIES = 1 << 16


@mean("mutex_init", "spin_lock_init", "__tasklet_init", "tasklet_setup", "INIT_WORK", text="a new one: nothing")
@mean("crypto_init_queue", "platform_set_drvdata", "init_completion", text="nothing that a request sees")
@mean("sg_init_one", "sg_init_table", "sg_set_buf", "sg_set_page", text="what a list is of: nothing")
@mean("sg_free_table", text="frees a list's table: nothing")
@mean("clk_disable_unprepare", "dma_release_channel", "mutex_lock", "mutex_unlock", text="nothing that a request sees")
@mean("scatterwalk_map_and_copy", "memcpy", "memset", "memzero_explicit", text="data is copied: nothing")
def nothing(client: Client, *arguments: Value) -> None:
    """What has no effect on the order of steps; data may go to arrays of numbers only."""


@mean("memcmp", "crypto_memneq", "sg_copy_to_buffer", "crypto_aead_ivsize", text="any number: data")
@mean("crypto_skcipher_ivsize", "crypto_ahash_digestsize", "crypto_tfm_alg_blocksize", text="any number: data")
@mean("crypto_aead_blocksize", "crypto_skcipher_blocksize", text="any number: data")
@mean("cpu_to_be16", "cpu_to_be32", "be32_to_cpu", "cpu_to_be32p", "be32_to_cpup", text="any number: data")
def data(client: Client, *arguments: Value) -> Value:
    """A number that data decide."""
    return client.anything(UNSIGNED, "data")


def _error(client: Client, what: str) -> Value:
    return number(choose(client.fails(what), -12, 0, INT.width), INT)


@mean("dma_set_mask_and_coherent", "clk_prepare_enable", text="0, or an error")
@mean("devm_add_action_or_reset", "devm_mutex_init", "devm_request_irq", text="0, or an error")
def can_fail(client: Client, *arguments: Value) -> Value:
    """What can fail, and else does nothing that a request sees."""
    return _error(client, client.where)


@mean("sg_alloc_table", text="a new list in a table; or an error, and none")
def sg_alloc_table(client: Client, table: Value, entries: Value, flags: Value) -> Value:
    """sg_alloc_table."""
    failed = client.fails("sg_alloc_table")
    found = merge_pointers(failed, NULL, client.give("list", SCATTERLIST))
    client.store(table.pointer.inside("sgl"), Value(PointerTo(SCATTERLIST), found))
    return number(choose(failed, -12, 0, INT.width), INT)


def _or_error(client: Client, found: Pointer, what: str) -> Value:
    return Value(VOID_POINTER, merge_pointers(client.fails(what), Pointer.to(ERROR, -12), found))


def _or_null(client: Client, found: Pointer, what: str) -> Value:
    return Value(VOID_POINTER, merge_pointers(client.fails(what), NULL, found))


@mean("devm_clk_get", "devm_clk_get_enabled", "devm_clk_get_optional_enabled", text="a clock, or an error")
@mean("devm_of_icc_get", text="a path of the interconnect, or an error")
def resource(client: Client, *arguments: Value) -> Value:
    """A resource."""
    return _or_error(client, client.give("resource", None), "devm_clk_get")


@mean("devm_platform_ioremap_resource", text="the registers, or an error")
@mean("devm_platform_get_and_ioremap_resource", text="the registers, or an error")
def registers(client: Client, *arguments: Value) -> Value:
    """Where the CPU sees the registers; offsets are in bytes."""
    client.types["registers"] = Array(Integer(8, False), None)
    return _or_error(client, Pointer.to("registers", 0), "ioremap")


@mean("dma_request_chan", text="the channel of that name, or an error")
def request_channel(client: Client, device: Value, name: Value) -> Value:
    """A channel of bam_dma."""
    names = [place.object for _, place in name.pointer.places] if name.is_pointer else []
    if names not in (['string "rx"'], ['string "tx"']):
        client.refuse("a channel that is neither rx nor tx has no meaning")
    found = CHANNEL + names[0].removeprefix("string ").strip('"')
    client.types[found] = Struct("dma_chan")
    client.given.add(found)
    return _or_error(client, Pointer.to(found), found)


@mean("devm_kzalloc", text="a new object, all 0, or NULL")
def devm_kzalloc(client: Client, device: Value, size: Value, flags: Value) -> Value:
    """The device, or what belongs to it."""
    found = client.give("allocated", None)
    client.zeroed.add(found.places[0][1].object)
    return _or_null(client, found, "devm_kzalloc")


@mean("kzalloc", "kmalloc", text="a new object, or NULL; what it holds is anything")
def kzalloc(client: Client, size: Value, flags: Value) -> Value:
    """A new object."""
    return _or_null(client, client.give("allocated", None), "kzalloc")


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


@mean("dma_map_sg", text="maps a list; 0 if it fails, else the number of entries, which may be fewer")
def dma_map_sg(client: Client, device: Value, sg: Value, entries: Value, direction: Value) -> Value:
    """dma_map_sg, which gives 0 and no error's number if it fails (Documentation/core-api/dma-api.rst)."""
    failed = client.fails("dma_map_sg")
    client.map(sg.pointer, entries, direction, no(failed))
    return merge(failed, number(0), client.between(1, MOST_ENTRIES, "dma_map_sg"))


@mean("dma_unmap_sg", text="undoes the mapping of a list")
def dma_unmap_sg(client: Client, device: Value, sg: Value, entries: Value, direction: Value) -> None:
    """dma_unmap_sg."""
    client.unmap(sg.pointer, entries, direction)
    client.note("unmap-data")


def _channel(client: Client, channel: Value) -> str:
    places = [place for _, place in client.accessible(channel.pointer)]
    if len(places) != 1 or not places[0].object.startswith(CHANNEL):
        client.refuse("a channel of which it is not known which it is has no meaning")
    return places[0].object.removeprefix(CHANNEL)


@mean("dmaengine_prep_slave_sg", text="prepares a transaction, or NULL")
def prepare(client: Client, channel: Value, sg: Value, entries: Value, direction: Value, flags: Value) -> Value:
    """dmaengine_prep_slave_sg."""
    name, bits = _channel(client, channel), flags.number
    if not isinstance(bits, int) or bits & ~(INTERRUPT | ACK | FENCE):
        client.refuse(f"a transaction with the flags {bits} has no meaning")
    if not bits & INTERRUPT:
        client.refuse("data without DMA_PREP_INTERRUPT has no meaning: nothing tells that it is complete")
    step = {("rx", TO_DEVICE): "rx-data", ("tx", TO_MEMORY): "tx-data"}.get((name, direction.number))
    if step is None:
        client.refuse(f"data in direction {direction.number} on the channel {name} has no meaning")
    client.oblige(fold(no(entries.truth)), f"prepares {step} of no entries")
    client.oblige(no(client.is_mapped(sg.pointer)), f"prepares {step} of a list that is not mapped")
    found = client.give("transaction", Struct("dma_async_tx_descriptor"))
    made = found.places[0][1].object
    client.given.discard(made)
    client.zeroed.add(made)
    client.transactions[made] = Transaction(name, step, bool(bits & FENCE), client.where)
    return Value(PointerTo(Struct("dma_async_tx_descriptor")), _or_null(client, found, "prep-data").pointer)


@mean("dmaengine_submit", text="submits a transaction, and gives its cookie")
def submit(client: Client, transaction: Value) -> Value:
    """dmaengine_submit, which does not fail."""
    for under, place in client.accessible(transaction.pointer):
        made = client.transactions.get(place.object)
        if made is None:
            client.refuse("submits what was not prepared, which has no meaning")
        client.note(made.step, under)
        client.submitted.append((fold(both(client.path, under)), made))
        there = Pointer.to(place.object)
        function = client.load(there.inside("callback"), client.member(client.types[place.object], "callback"))
        argument = client.load(there.inside("callback_param"), VOID_POINTER)
        client.callbacks.append(Callback(made, fold(both(client.path, under)), function, argument))
    return number(1)


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


# requests


@mean("tasklet_schedule", "queue_work", "schedule_work", text="the request is finished, the next one is taken")
def finish(client: Client, *arguments: Value) -> Value:
    """What finishes a request."""
    client.note("finish")
    return number(1)


@mean("crypto_enqueue_request", text="queues a request")
def enqueue(client: Client, queue: Value, request: Value) -> Value:
    """crypto_enqueue_request."""
    return number(-115)


@mean("crypto_get_backlog", text="the request that waits for a place in the queue: none")
def backlog(client: Client, queue: Value) -> Value:
    """crypto_get_backlog."""
    return Value(PointerTo(Struct("crypto_async_request")), NULL)


@mean("crypto_dequeue_request", text="the request that was queued")
def dequeue(client: Client, queue: Value) -> Value:
    """crypto_dequeue_request."""
    return Value(PointerTo(Struct("crypto_async_request")), Pointer.to(REQUEST, "base"))


@mean("skcipher_request_cast", "ahash_request_cast", "aead_request_cast", text="the request around its base")
def request_cast(client: Client, base: Value) -> Value:
    """What has the struct crypto_async_request inside."""
    return Value(VOID_POINTER, containing(client, base.pointer, "base"))


def _named(client: Client, name: str, kind: CType | None = None, *inside: str) -> Value:
    """The one object of a name; without a type it has the first one that it is cast to."""
    if name not in client.given:
        client.given.add(name)
        if kind is None:
            client.untyped.add(name)
        else:
            client.types[name] = kind
    return Value(VOID_POINTER, Pointer.to(name, *inside))


@mean("skcipher_request_ctx", "ahash_request_ctx", "aead_request_ctx", text="what the driver keeps with a request")
def request_context(client: Client, request: Value) -> Value:
    """The driver's own part of a request."""
    return _named(client, "request context")


@mean("crypto_tfm_ctx", "crypto_aead_ctx", "crypto_skcipher_ctx", "crypto_ahash_ctx", text="what belongs to a key")
def transform_context(client: Client, transform: Value) -> Value:
    """The driver's own part of a transform."""
    return _named(client, "transform context")


@mean("crypto_skcipher_reqtfm", "crypto_ahash_reqtfm", "crypto_aead_reqtfm", text="the request's transform")
@mean("__crypto_ahash_cast", "crypto_skcipher_tfm", "crypto_aead_tfm", "crypto_ahash_tfm", text="the transform")
def transform(client: Client, whose: Value) -> Value:
    """The one transform of a request, whichever type it is seen as."""
    return _named(client, "transform")


def _template(client: Client, *inside: str) -> Value:
    return _named(client, TEMPLATE, Struct("qce_alg_template"), *inside)


@mean("crypto_skcipher_alg", text="the algorithm, inside of its template")
def skcipher_alg(client: Client, transform: Value) -> Value:
    """crypto_skcipher_alg."""
    return _template(client, "alg", "skcipher")


@mean("crypto_aead_alg", text="the algorithm, inside of its template")
def aead_alg(client: Client, transform: Value) -> Value:
    """crypto_aead_alg."""
    return _template(client, "alg", "aead")


@mean("crypto_hash_alg_common", text="the algorithm, inside of its template")
def ahash_alg(client: Client, transform: Value) -> Value:
    """crypto_hash_alg_common."""
    return _template(client, "alg", "ahash", "halg")


@mean("crypto_tfm_alg_type", text="which kind of algorithm a request is for")
def alg_type(client: Client, transform: Value) -> Value:
    """crypto_tfm_alg_type."""
    return number(client.algorithm, UNSIGNED)
