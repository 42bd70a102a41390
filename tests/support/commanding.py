"""A client of our own that writes registers by commands, as v18 to v21 do: one algorithm; tests change lines of it."""

from __future__ import annotations

from pathlib import Path

from c_mutants import edited

from model.source.qce.programs import FILES, FOLDER, REGISTERS, Program, execute, read_client
from model.source.tree import SourceTree

HEADER = "include/linux/dma/qcom_bam_dma.h"
ELEMENTS = """
struct bam_cmd_element { __le32 where, value, mask, rest; };
enum bam_command_type { BAM_WRITE_COMMAND, BAM_READ_COMMAND };
struct bam_desc_metadata { phys_addr_t scratchpad_addr; enum dma_transfer_direction direction; };
"""
CLIENT = """
#include <linux/dma/qcom_bam_dma.h>
struct batch { struct bam_cmd_element made[64]; struct scatterlist list[64]; u32 next, first, listed; };
struct qce_device { void *base; phys_addr_t start; dma_addr_t seen; struct dma_chan *rx, *tx; struct batch *batch;
	struct device *dev; struct work_struct done; int result;
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

static void put(struct qce_device *qce, u32 offset, u32 value)
{
	struct batch *batch = qce->batch;

	bam_prep_ce_le32(&batch->made[batch->next], (u32)qce->start + offset, BAM_WRITE_COMMAND, value);
	batch->next++;
	sg_set_buf(&batch->list[batch->listed], &batch->made[batch->first],
		(batch->next - batch->first) * sizeof(struct bam_cmd_element));
	batch->listed++;
	batch->first = batch->next;
}

static int send(struct qce_device *qce)
{
	struct bam_desc_metadata lock = {
		.scratchpad_addr = qce->start + REG_VERSION,
		.direction = DMA_MEM_TO_DEV,
	};
	struct batch *batch = qce->batch;
	struct dma_async_tx_descriptor *desc;
	int mapped, ret;

	mapped = dma_map_sg(qce->dev, batch->list, batch->listed, DMA_TO_DEVICE);
	if (!mapped)
		return -ENOMEM;
	ret = -EINVAL;
	desc = dmaengine_prep_slave_sg(qce->rx, batch->list, mapped, DMA_MEM_TO_DEV, DMA_PREP_CMD);
	if (!desc)
		goto unmap;
	ret = dmaengine_desc_attach_metadata(desc, &lock, sizeof(lock));
	if (ret)
		goto unmap;
	dmaengine_submit(desc);
	return 0;
unmap:
	dma_unmap_sg(qce->dev, batch->list, batch->listed, DMA_TO_DEVICE);
	return ret;
}

int qce_start(struct crypto_async_request *base, u32 type)
{
	struct qce_device *qce = device_of(base);
	int i;

	qce->batch->next = 0;
	qce->batch->first = 0;
	qce->batch->listed = 0;
	put(qce, REG_STATUS, 0);
	for (i = 0; i < base->flags >> 8; i++)
		put(qce, REG_CONFIG + 4 * i, 0);
	put(qce, REG_GOPROC, 1);
	return send(qce);
}

static void stop(struct qce_device *qce)
{
	dmaengine_terminate_all(qce->rx);
	dma_unmap_sg(qce->dev, qce->batch->list, qce->batch->listed, DMA_TO_DEVICE);
	dmaengine_terminate_all(qce->tx);
}

static void done(void *data)
{
	struct crypto_async_request *base = data;
	struct qce_device *qce = device_of(base);
	struct own *own = own_of(base);

	stop(qce);
	dma_unmap_sg(qce->dev, own->list, own->entries, DMA_BIDIRECTIONAL);
	qce->result = readl(qce->base + REG_STATUS) & 1 ? 0 : -EIO;
	schedule_work(&qce->done);
}

static int submit(struct dma_chan *chan, struct own *own, int dir, int flags, dma_async_tx_callback callback,
	void *data)
{
	struct dma_async_tx_descriptor *desc;

	desc = dmaengine_prep_slave_sg(chan, own->list, own->entries, dir, flags);
	if (!desc)
		return -ENOMEM;
	desc->callback = callback;
	desc->callback_param = data;
	return dma_submit_error(dmaengine_submit(desc));
}

int qce_dma_prep_sgs(struct qce_device *qce, struct own *own, void *data)
{
	int ret = submit(qce->rx, own, DMA_MEM_TO_DEV, DMA_PREP_INTERRUPT | DMA_PREP_FENCE, NULL, NULL);

	if (ret)
		return ret;
	return submit(qce->tx, own, DMA_DEV_TO_MEM, DMA_PREP_INTERRUPT, done, data);
}

static int handle(struct crypto_async_request *base)
{
	struct skcipher_request *req = skcipher_request_cast(base);
	struct qce_device *qce = device_of(base);
	struct own *own = own_of(base);
	int ret;

	own->list = req->src;
	own->entries = sg_nents_for_len(req->src, req->cryptlen);
	if (own->entries < 1)
		return -EINVAL;
	if (!dma_map_sg(qce->dev, own->list, own->entries, DMA_BIDIRECTIONAL))
		return -EIO;
	ret = qce_start(base, CRYPTO_ALG_TYPE_SKCIPHER);
	if (ret)
		goto unmap;
	ret = qce_dma_prep_sgs(qce, own, base);
	if (ret)
		goto terminate;
	dma_async_issue_pending(qce->tx);
	dma_async_issue_pending(qce->rx);
	return 0;

terminate:
	stop(qce);
unmap:
	dma_unmap_sg(qce->dev, own->list, own->entries, DMA_BIDIRECTIONAL);
	return ret;
}

static int enqueue(struct qce_device *qce, struct crypto_async_request *req)
{
	int ret = handle(req);

	if (ret)
		schedule_work(&qce->done);
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
	struct resource *place;

	if (!qce)
		return -ENOMEM;
	qce->dev = &pdev->dev;
	qce->base = devm_platform_get_and_ioremap_resource(pdev, 0, &place);
	if (IS_ERR(qce->base))
		return PTR_ERR(qce->base);
	qce->rx = devm_dma_request_chan(qce->dev, "rx");
	qce->tx = devm_dma_request_chan(qce->dev, "tx");
	if (IS_ERR(qce->rx) || IS_ERR(qce->tx))
		return dev_err_probe(qce->dev, -ENODEV, "no channels");
	qce->batch = devm_kzalloc(qce->dev, sizeof(struct batch), GFP_KERNEL);
	if (!qce->batch)
		return -ENOMEM;
	sg_init_table(qce->batch->list, 64);
	qce->async_req_enqueue = enqueue;
	qce->start = place->start;
	qce->seen = dma_map_resource(qce->dev, place->start, resource_size(place), DMA_BIDIRECTIONAL, 0);
	if (dma_mapping_error(qce->dev, qce->seen))
		return -EIO;
	return ops.register_algs(qce);
}

static struct platform_driver driver = {
	.probe = probe,
};
"""
OFFSETS = "#define REG_VERSION 0x000\n#define REG_STATUS 0x100\n#define REG_GOPROC 0x120\n#define REG_CONFIG 0x400\n"
INCLUDED = '#include "regs-v5.h"\n'


def changed(*changes: tuple[str, str]) -> str:
    """The client's file with these replacements, each of which fits at one place."""
    return edited(INCLUDED + CLIENT, changes)


def tree_of(folder: Path, text: str, elements: str = ELEMENTS) -> SourceTree:
    """A tree that has this client."""
    for path, content in ((FILES[0], text), (REGISTERS, OFFSETS), (HEADER, elements)):
        (folder / path).parent.mkdir(parents=True, exist_ok=True)
        (folder / path).write_text(content)
    return SourceTree(folder)


def program_of(folder: Path, *changes: tuple[str, str]) -> Program:
    """What the client does with a request."""
    return execute(read_client(tree_of(folder, changed(*changes))), "SKCIPHER")


def line_of(text: str, *changes: tuple[str, str]) -> str:
    """file:line of the first place with a text."""
    code = changed(*changes)
    return f"{FOLDER}/core.c:{code[: code.index(text)].count(chr(10)) + 1}"
