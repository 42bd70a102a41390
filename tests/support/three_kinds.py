"""The client of `commanding.py` with two more types of request, ahash and AEAD, each with its own handler and callback.

An ahash request maps its data and where the digest goes, an AEAD request one list or two, behind its associated data.
"""

from __future__ import annotations

from pathlib import Path

import commanding
from c_mutants import Edits, edited

from model.source.qce.programs import Program, execute, read_client
from model.source.tree import SourceTree

_TEMPLATE = """
static struct own *own_of(struct crypto_async_request *base)
{
	switch (crypto_tfm_alg_type(base->tfm)) {
	case CRYPTO_ALG_TYPE_AHASH:
		return ahash_request_ctx_dma(ahash_request_cast(base));
	case CRYPTO_ALG_TYPE_AEAD:
		return aead_request_ctx_dma(aead_request_cast(base));
	}
	return skcipher_request_ctx(skcipher_request_cast(base));
}

static struct qce_alg_template *template_of(struct crypto_async_request *base)
{
	switch (crypto_tfm_alg_type(base->tfm)) {
	case CRYPTO_ALG_TYPE_AHASH:
		return container_of(container_of(crypto_hash_alg_common(__crypto_ahash_cast(base->tfm)),
			struct ahash_alg, halg), struct qce_alg_template, alg.ahash);
	case CRYPTO_ALG_TYPE_AEAD:
		return container_of(crypto_aead_alg(crypto_aead_reqtfm(aead_request_cast(base))),
			struct qce_alg_template, alg.aead);
	}
	return container_of(crypto_skcipher_alg(crypto_skcipher_reqtfm(skcipher_request_cast(base))),
		struct qce_alg_template, alg.skcipher);
}

static struct qce_device *device_of(struct crypto_async_request *base)
{
	return template_of(base)->qce;
}

static void put("""
_HASH = """
static void hash_done(void *data)
{
	struct crypto_async_request *base = data;
	struct ahash_request *req = ahash_request_cast(base);
	struct qce_device *qce = device_of(base);
	struct own *own = own_of(base);

	stop(qce);
	dma_unmap_sg(qce->dev, own->list, own->entries, DMA_TO_DEVICE);
	dma_unmap_sg(qce->dev, &own->digest, 1, DMA_FROM_DEVICE);
	memcpy(req->result, own->result, crypto_ahash_digestsize(crypto_ahash_reqtfm(req)));
	qce->result = readl(qce->base + REG_STATUS) & 1 ? 0 : -EIO;
	schedule_work(&qce->done);
}

static int hash_handle(struct crypto_async_request *base)
{
	struct ahash_request *req = ahash_request_cast(base);
	struct qce_device *qce = device_of(base);
	struct own *own = own_of(base);
	int ret = 0;

	own->list = req->src;
	own->entries = sg_nents_for_len(req->src, req->nbytes);
	if (own->entries < 1)
		return -EINVAL;
	if (!dma_map_sg(qce->dev, own->list, own->entries, DMA_TO_DEVICE))
		return -EIO;
	sg_init_one(&own->digest, own->result, sizeof(own->result));
	if (!dma_map_sg(qce->dev, &own->digest, 1, DMA_FROM_DEVICE)) {
		ret = -EIO;
		goto source;
	}
	ret = qce_start(base, CRYPTO_ALG_TYPE_AHASH);
	if (ret)
		goto both;
	ret = qce_dma_prep_sgs(qce, own->list, own->entries, &own->digest, 1, hash_done, base);
	if (ret)
		goto terminate;
	dma_async_issue_pending(qce->tx);
	dma_async_issue_pending(qce->rx);
	return 0;
terminate:
	stop(qce);
both:
	dma_unmap_sg(qce->dev, &own->digest, 1, DMA_FROM_DEVICE);
source:
	dma_unmap_sg(qce->dev, own->list, own->entries, DMA_TO_DEVICE);
	return ret;
}
"""
_AEAD = """
static void aead_unmap(struct qce_device *qce, struct own *own)
{
	if (own->out == own->list) {
		dma_unmap_sg(qce->dev, own->list, own->entries, DMA_BIDIRECTIONAL);
		return;
	}
	dma_unmap_sg(qce->dev, own->list, own->entries, DMA_TO_DEVICE);
	dma_unmap_sg(qce->dev, own->out, own->out_entries, DMA_FROM_DEVICE);
}

static int aead_map(struct qce_device *qce, struct own *own, struct aead_request *req)
{
	unsigned int tag = crypto_aead_alg(crypto_aead_reqtfm(req)) ? 16 : 8;
	bool alone = req->src != req->dst;

	own->entries = sg_nents_for_len(req->src, req->assoclen + req->cryptlen);
	own->out_entries = sg_nents_for_len(req->dst, req->assoclen + req->cryptlen + tag);
	if (own->entries < 1 || own->out_entries < 1)
		return -EINVAL;
	own->list = req->src;
	own->out = req->dst;
	if (!alone)
		return dma_map_sg(qce->dev, own->list, own->entries, DMA_BIDIRECTIONAL) ? 0 : -EIO;
	if (!dma_map_sg(qce->dev, own->out, own->out_entries, DMA_FROM_DEVICE))
		return -EIO;
	if (dma_map_sg(qce->dev, own->list, own->entries, DMA_TO_DEVICE))
		return 0;
	dma_unmap_sg(qce->dev, own->out, own->out_entries, DMA_FROM_DEVICE);
	return -EIO;
}

static void aead_done(void *data)
{
	struct crypto_async_request *base = data;
	struct qce_device *qce = device_of(base);

	stop(qce);
	aead_unmap(qce, own_of(base));
	qce->result = readl(qce->base + REG_STATUS) & 1 ? 0 : -EBADMSG;
	schedule_work(&qce->done);
}

static int aead_handle(struct crypto_async_request *base)
{
	struct aead_request *req = aead_request_cast(base);
	struct qce_device *qce = device_of(base);
	struct own *own = own_of(base);
	int ret;

	ret = aead_map(qce, own, req);
	if (ret)
		return ret;
	ret = qce_start(base, CRYPTO_ALG_TYPE_AEAD);
	if (ret)
		goto unmap;
	ret = qce_dma_prep_sgs(qce, own->list, own->entries, own->out, own->out_entries, aead_done, base);
	if (ret) {
		stop(qce);
		goto unmap;
	}
	dma_async_issue_pending(qce->tx);
	dma_async_issue_pending(qce->rx);
	return 0;
unmap:
	aead_unmap(qce, own);
	return ret;
}
"""
_QUEUE = """
static int enqueue(struct qce_device *qce, struct crypto_async_request *req)
{
	int ret;

	switch (crypto_tfm_alg_type(req->tfm)) {
	case CRYPTO_ALG_TYPE_AHASH:
		ret = hash_handle(req);
		break;
	case CRYPTO_ALG_TYPE_AEAD:
		ret = aead_handle(req);
		break;
	default:
		ret = handle(req);
	}
"""
_TABLES = """
static const struct qce_algo_ops hash_ops = {
	.type = CRYPTO_ALG_TYPE_AHASH,
	.register_algs = register_all,
	.async_req_handle = hash_handle,
};

static const struct qce_algo_ops aead_ops = {
	.type = CRYPTO_ALG_TYPE_AEAD,
	.register_algs = register_all,
	.async_req_handle = aead_handle,
};

static int probe("""
_CLIENT = commanding.CLIENT
_BEGIN, _END = (
    _CLIENT.index("\nstatic struct own *own_of"),
    _CLIENT.index("\nstatic void put(") + len("\nstatic void put("),
)
_QUEUED = _CLIENT[
    _CLIENT.index("\nstatic int enqueue(") : _CLIENT.index("\n\tif (ret)\n\t\tschedule_work(&qce->done);")
]
_EDITS: Edits = (
    (
        "struct own { struct scatterlist *list; int entries; };",
        "struct own { struct scatterlist *list, *out; int entries, out_entries; struct scatterlist digest;"
        " u8 result[64]; };",
    ),
    (_CLIENT[_BEGIN:_END], _TEMPLATE),
    ("submit(struct dma_chan *chan, struct own *own,", "submit(struct dma_chan *chan, struct scatterlist *sg, int n,"),
    ("prep_slave_sg(chan, own->list, own->entries, dir", "prep_slave_sg(chan, sg, n, dir"),
    (
        "int qce_dma_prep_sgs(struct qce_device *qce, struct own *own, void *data)",
        "int qce_dma_prep_sgs(struct qce_device *qce, struct scatterlist *in, int n_in, struct scatterlist *out,"
        " int n_out,\n\tdma_async_tx_callback callback, void *data)",
    ),
    ("submit(qce->rx, own, DMA_MEM", "submit(qce->rx, in, n_in, DMA_MEM"),
    ("submit(qce->tx, own,", "submit(qce->tx, out, n_out,"),
    ("DMA_PREP_INTERRUPT, done, data);", "DMA_PREP_INTERRUPT, callback, data);"),
    (
        "qce_dma_prep_sgs(qce, own, base)",
        "qce_dma_prep_sgs(qce, own->list, own->entries, own->list, own->entries, done, base)",
    ),
    (_QUEUED, _HASH + _AEAD + _QUEUE),
    ("\nstatic int probe(", _TABLES),
)


def tree_of(folder: Path, *changes: tuple[str, str]) -> SourceTree:
    """A tree that has this client, with these replacements, each of which fits at one place."""
    return commanding.tree_of(folder, edited(commanding.changed(*_EDITS), changes))


def program_of(folder: Path, algorithm: str, *changes: tuple[str, str]) -> Program:
    """What the client does with a request of a type."""
    return execute(read_client(tree_of(folder, *changes)), algorithm)
