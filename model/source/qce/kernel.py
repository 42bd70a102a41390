"""What the functions of the kernel mean that the client calls: of a device and its driver, and of the crypto API.

Left out, and why no property can see it:
- The backlog of the queue, and requests beside the one that is executed: the model has one at a time.
- sg_free_table of a table that was not allocated: no claim is about memory of tables.
- What registering an algorithm does, beside that requests can come from then on.
"""

from __future__ import annotations

from model.source.ctypes import INT, UNSIGNED, VOID_POINTER, Array, CType, Integer, PointerTo, Struct
from model.source.qce.client import CHANNEL, REQUEST, TEMPLATE, Client
from model.source.qce.inputs import SCATTERLIST
from model.source.symbolic.lists import containing
from model.source.symbolic.meanings import Meanings
from model.source.symbolic.terms import choose
from model.source.symbolic.values import ERROR, NULL, Pointer, Value, merge_pointers, number

OWN = Meanings()
mean = OWN.mean
ADDRESS, RESOURCE = Integer(64, False), Struct("resource")


@mean("mutex_init", "spin_lock_init", "__tasklet_init", "tasklet_setup", "INIT_WORK", text="a new one: nothing")
@mean("crypto_init_queue", "platform_set_drvdata", "init_completion", text="nothing that a request sees")
@mean("sg_init_one", "sg_init_table", "sg_set_page", text="what a list is of: nothing")
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


@mean("dma_set_mask_and_coherent", "clk_prepare_enable", "icc_set_bw", "dma_mapping_error", text="0, or an error")
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
def registers(client: Client, device: Value, index: Value) -> Value:
    """The registers."""
    return _registers(client)


def _registers(client: Client) -> Value:
    """Where the CPU sees the registers; offsets are in bytes."""
    client.types["registers"] = Array(Integer(8, False), None)
    return _or_error(client, Pointer.to("registers", 0), "ioremap")


@mean("devm_platform_get_and_ioremap_resource", text="the same, and where they are: from which physical address on")
def registers_and_place(client: Client, device: Value, index: Value, place: Value) -> Value:
    """The registers, and their struct resource."""
    found = client.give("registers' resource", RESOURCE)
    start = client.anything(ADDRESS, "physical address of the registers")
    client.store(found.inside("start"), start)
    client.bases["base-phys"] = start.term
    if not place.is_pointer or place.pointer.null is not True:
        client.store(place.pointer, Value(PointerTo(RESOURCE), found))
    return _registers(client)


@mean("resource_size", text="any number: data")
def resource_size(client: Client, place: Value) -> Value:
    """How many bytes of addresses there are."""
    return client.anything(ADDRESS, "size")


@mean("dma_map_resource", text="where a device sees the registers; can fail")
def dma_map_resource(
    client: Client, device: Value, start: Value, size: Value, direction: Value, attributes: Value
) -> Value:
    """dma_map_resource of all registers; whether it failed dma_mapping_error says."""
    if client.offset_of(start) != ("base-phys", 0):
        client.refuse("maps what does not begin with the registers, which has no meaning")
    seen = client.anything(ADDRESS, "mapped address of the registers")
    client.bases["base-dma"] = seen.term
    return seen


@mean("dev_err_probe", text="a message: the error that it is given")
def dev_err_probe(client: Client, device: Value, error: Value, *arguments: Value) -> Value:
    """dev_err_probe."""
    return error


@mean("dma_request_chan", "devm_dma_request_chan", text="the channel of that name, or an error")
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


@mean("devm_kmalloc", text="a new object, or NULL; what it holds is anything")
def devm_kmalloc(client: Client, device: Value, size: Value, flags: Value) -> Value:
    """What belongs to the device."""
    return _or_null(client, client.give("allocated", None), "devm_kmalloc")


@mean("dmam_alloc_coherent", text="a new object, and its address for devices; or NULL")
def dmam_alloc_coherent(client: Client, device: Value, size: Value, handle: Value, flags: Value) -> Value:
    """Memory that is mapped as long as the device is."""
    client.store(handle.pointer, client.anything(ADDRESS, "mapped address"))
    return _or_null(client, client.give("allocated", None), "dmam_alloc_coherent")


@mean("kzalloc", "kmalloc", text="a new object, or NULL; what it holds is anything")
def kzalloc(client: Client, size: Value, flags: Value) -> Value:
    """A new object."""
    return _or_null(client, client.give("allocated", None), "kzalloc")


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
    """What has the struct crypto_async_request inside; that it is used is taken for granted."""
    client.accessible(base.pointer)
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
@mean("skcipher_request_ctx_dma", "ahash_request_ctx_dma", text="what the driver keeps with a request")
@mean("aead_request_ctx_dma", text="what the driver keeps with a request")
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
