"""A client of our own in the kernel's idiom: one algorithm, one handler, its callback; tests change lines of it."""

from __future__ import annotations

from pathlib import Path

from c_mutants import edited

from model.source.qce.programs import FILES, FOLDER, REGISTERS, Program, execute, read_client
from model.source.tree import SourceTree

CORE = """
#include <linux/platform_device.h>
struct qce_device { void *base; struct dma_chan *rx, *tx; struct tasklet_struct done; int result;
	int (*async_req_enqueue)(struct qce_device *qce, struct crypto_async_request *req); };
struct qce_alg_template { u32 crypto_alg_type; struct qce_device *qce; };
struct qce_algo_ops { u32 type; int (*register_algs)(struct qce_device *qce);
	int (*async_req_handle)(struct crypto_async_request *req); };
struct own { struct scatterlist *list; int entries; };

static struct own *own_of(struct crypto_async_request *base)
{
	return skcipher_request_ctx(skcipher_request_cast(base));
}

static struct qce_device *device_of(struct crypto_async_request *base)
{
	struct qce_alg_template *tmpl = container_of(
		crypto_skcipher_alg(crypto_skcipher_reqtfm(base)), struct qce_alg_template, alg.skcipher);

	return tmpl->qce;
}

int qce_start(struct crypto_async_request *base, u32 type)
{
	struct qce_device *qce = device_of(base);
	int i;

	if (type != CRYPTO_ALG_TYPE_SKCIPHER || base->flags & 4)
		return -EINVAL;
	for (i = 0; i < base->flags >> 8; i++)
		writel(0, qce->base + REG_CONFIG + 4 * i);
	writel(1, qce->base + REG_GOPROC);
	return 0;
}

static void done(void *data)
{
	struct crypto_async_request *base = data;
	struct qce_device *qce = device_of(base);
	struct own *own = own_of(base);

	dmaengine_terminate_all(qce->rx);
	dmaengine_terminate_all(qce->tx);
	dma_unmap_sg(NULL, own->list, own->entries, DMA_BIDIRECTIONAL);
	qce->result = readl(qce->base + REG_STATUS) & 1 ? 0 : -EIO;
	tasklet_schedule(&qce->done);
}

static int submit(struct dma_chan *chan, struct own *own, int dir, dma_async_tx_callback callback, void *data)
{
	struct dma_async_tx_descriptor *desc;

	desc = dmaengine_prep_slave_sg(chan, own->list, own->entries, dir, DMA_PREP_INTERRUPT);
	if (!desc)
		return -ENOMEM;
	desc->callback = callback;
	desc->callback_param = data;
	return dma_submit_error(dmaengine_submit(desc));
}

int qce_dma_prep_sgs(struct qce_device *qce, struct own *own, void *data)
{
	return submit(qce->rx, own, DMA_MEM_TO_DEV, NULL, NULL) ?: submit(qce->tx, own, DMA_DEV_TO_MEM, done, data);
}

static int handle(struct crypto_async_request *base)
{
	struct skcipher_request *req = skcipher_request_cast(base);
	struct qce_device *qce = device_of(base);
	struct own *own = own_of(base);
	int ret = -EIO;

	own->list = req->src;
	own->entries = sg_nents_for_len(req->src, req->cryptlen);
	if (own->entries < 1)
		return -EINVAL;
	if (!dma_map_sg(NULL, own->list, own->entries, DMA_BIDIRECTIONAL))
		goto out;
	ret = qce_dma_prep_sgs(qce, own, base);
	if (ret)
		goto unmap;
	dma_async_issue_pending(qce->rx);
	dma_async_issue_pending(qce->tx);
	ret = qce_start(base, CRYPTO_ALG_TYPE_SKCIPHER);
	if (!ret)
		return 0;

	dmaengine_terminate_all(qce->rx);
	dmaengine_terminate_all(qce->tx);
unmap:
	dma_unmap_sg(NULL, own->list, own->entries, DMA_BIDIRECTIONAL);
out:
	return ret;
}

static int enqueue(struct qce_device *qce, struct crypto_async_request *req)
{
	int ret = handle(req);

	if (ret)
		tasklet_schedule(&qce->done);
	return -EINPROGRESS;
}

static int register_all(struct qce_device *qce)
{
	return 0;
}

static const struct qce_algo_ops ops = {
	.type = CRYPTO_ALG_TYPE_SKCIPHER,
	.register_algs = register_all,
	.async_req_handle = handle,
};

static int probe(struct platform_device *pdev)
{
	struct qce_device *qce = devm_kzalloc(&pdev->dev, sizeof(*qce), GFP_KERNEL);

	if (!qce)
		return -ENOMEM;
	qce->rx = dma_request_chan(&pdev->dev, "rx");
	qce->tx = dma_request_chan(&pdev->dev, "tx");
	if (IS_ERR(qce->rx) || IS_ERR(qce->tx))
		return -ENODEV;
	qce->async_req_enqueue = enqueue;
	qce->base = devm_platform_ioremap_resource(pdev, 0);
	if (IS_ERR(qce->base))
		return PTR_ERR(qce->base);
	return ops.register_algs(qce);
}

static struct platform_driver driver = {
	.probe = probe,
};
"""
OFFSETS = "#define REG_STATUS 0x100\n#define REG_GOPROC 0x120\n#define REG_CONFIG 0x400\n"


def tree_of(folder: Path, *changes: tuple[str, str]) -> SourceTree:
    """A tree that has the client with these replacements, each of which fits at one place."""
    (folder / FOLDER).mkdir(parents=True)
    (folder / FILES[0]).write_text(f'#include "regs-v5.h"\n{edited(CORE, changes)}')
    (folder / REGISTERS).write_text(OFFSETS)
    return SourceTree(folder)


def program_of(folder: Path, *changes: tuple[str, str]) -> Program:
    """What this client does with a request."""
    return execute(read_client(tree_of(folder, *changes)), "SKCIPHER")


def line_of(text: str, *changes: tuple[str, str]) -> str:
    """file:line of the first place with a text."""
    code = edited(CORE, changes)
    return f"{FILES[0]}:{code[: code.index(text)].count(chr(10)) + 2}"
