"""C that locks the pipes as versions of the series do, made from the kernel's own at run time: edits of bam_dma.c.

The edits follow what the rows say, not anybody's patch: `slots` is what v24 does, `pairs` what v16 does.
"""

from __future__ import annotations

from pathlib import Path

import kernel
from c_mutants import Edits, edited

from model.source.bam.facts import DRIVER

HEADER = "include/linux/dma/qcom_bam_dma.h"
FILES = (DRIVER, "drivers/dma/virt-dma.c", "drivers/dma/virt-dma.h", "drivers/dma/dmaengine.h", HEADER)

_DEVICE: Edits = (
    ('#include "../virt-dma.h"\n', '#include "../virt-dma.h"\n#include <linux/dma/qcom_bam_dma.h>\n'),
    (
        "#define DESC_FLAG_CMD BIT(11)\n",
        "#define DESC_FLAG_CMD BIT(11)\n#define DESC_FLAG_LOCK BIT(10)\n#define DESC_FLAG_UNLOCK BIT(9)\n"
        "#define DESC_FLAG_ANY_LOCK (DESC_FLAG_LOCK | DESC_FLAG_UNLOCK)\n",
    ),
    ("struct bam_device {\n", "struct bam_variant;\nstruct bam_device {\n\tconst struct bam_variant *variant;\n"),
    (
        "static inline struct bam_chan *to_bam_chan(",
        "struct bam_variant {\n\tconst struct reg_offset_data *regs;\n\tbool can_lock;\n};\n\n"
        "static inline struct bam_chan *to_bam_chan(",
    ),
    (
        "static const struct of_device_id bam_of_match[] = {\n",
        "static const struct bam_variant bam_v1_3 = { .regs = bam_v1_3_reg_info };\n"
        "static const struct bam_variant bam_v1_4 = { .regs = bam_v1_4_reg_info, .can_lock = true };\n"
        "static const struct bam_variant bam_v1_7 = { .regs = bam_v1_7_reg_info, .can_lock = true };\n\n"
        "static const struct of_device_id bam_of_match[] = {\n",
    ),
    ("&bam_v1_3_reg_info }", "&bam_v1_3 }"),
    ("&bam_v1_4_reg_info }", "&bam_v1_4 }"),
    ("&bam_v1_7_reg_info }", "&bam_v1_7 }"),
)
"""What a BAM can do goes by its version, and there are bits for LOCK and UNLOCK."""

_SLOTS: Edits = (
    *_DEVICE,
    (
        "\tstruct list_head desc_list;\n\n\tstruct list_head node;\n",
        "\tstruct list_head desc_list;\n\n\tstruct list_head node;\n\n\tbool lockable;\n\tbool is_locked;\n"
        "\tstruct bam_cmd_element *dummy;\n\tstruct scatterlist dummy_sg;\n",
    ),
    (
        "\tstruct bam_chan *bchan = to_bam_chan(chan);\n\tunsigned long flag;\n\n"
        "\tspin_lock_irqsave(&bchan->vc.lock, flag);\n\tmemcpy(&bchan->slave, cfg, sizeof(*cfg));\n",
        """\tstruct bam_chan *bchan = to_bam_chan(chan);
	struct bam_lock_config *lock = cfg->peripheral_config;
	unsigned long flag;
	int ret = 0;

	spin_lock_irqsave(&bchan->vc.lock, flag);
	if (bchan->is_locked)
		ret = -EBUSY;
	else if (!lock)
		bchan->lockable = false;
	else
		ret = bam_prepare_dummy(bchan, lock, cfg->peripheral_size, cfg->direction);
	if (ret) {
		spin_unlock_irqrestore(&bchan->vc.lock, flag);
		return ret;
	}
	memcpy(&bchan->slave, cfg, sizeof(*cfg));
""",
    ),
    (
        "/**\n * bam_slave_config - set",
        """static int bam_prepare_dummy(struct bam_chan *bchan, const struct bam_lock_config *lock, size_t size,
	enum dma_transfer_direction dir)
{
	if (size != sizeof(*lock) || dir != DMA_MEM_TO_DEV)
		return -EINVAL;
	if (!bchan->bdev->variant->can_lock || bchan->lockable)
		return 0;

	bchan->dummy = kzalloc(sizeof(*bchan->dummy), GFP_NOWAIT);
	if (!bchan->dummy)
		return -ENOMEM;
	bam_prep_ce_le32(bchan->dummy, lock->dummy_register, BAM_WRITE_COMMAND, 0);
	sg_init_one(&bchan->dummy_sg, bchan->dummy, sizeof(*bchan->dummy));
	if (!dma_map_sg(bchan->bdev->dev, &bchan->dummy_sg, 1, DMA_TO_DEVICE)) {
		kfree(bchan->dummy);
		return -ENOMEM;
	}
	bchan->lockable = true;
	return 0;
}

static void bam_put_dummy(struct bam_chan *bchan, struct bam_desc_hw *fifo, u16 flags)
{
	struct bam_desc_hw *slot = &fifo[bchan->tail];

	slot->addr = cpu_to_le32(sg_dma_address(&bchan->dummy_sg));
	slot->size = cpu_to_le16(sizeof(*bchan->dummy));
	slot->flags = cpu_to_le16(DESC_FLAG_CMD | flags);
	bchan->tail = (bchan->tail + 1) % MAX_DESCRIPTORS;
	bchan->is_locked = flags & DESC_FLAG_LOCK;
}

/**
 * bam_slave_config - set""",
    ),
    (
        "\tif (!vd)\n\t\treturn;\n\n\tret = pm_runtime_get_sync(bdev->dev);\n\tif (ret < 0)\n\t\treturn;\n\n"
        "\twhile (vd && ",
        """\tif (IS_BUSY(bchan) || (!vd && !bchan->is_locked))
		return;

	ret = pm_runtime_get_sync(bdev->dev);
	if (ret < 0)
		return;

	if (bchan->lockable && !bchan->is_locked) {
		if (CIRC_SPACE(bchan->tail, bchan->head, MAX_DESCRIPTORS + 1) < 2) {
			tasklet_schedule(&bdev->task);
			return;
		}
		bam_put_dummy(bchan, fifo, DESC_FLAG_LOCK);
	}

	while (vd && """,
    ),
    (
        "\t/* ensure descriptor writes and dma start not reordered */\n",
        "\tif (bchan->is_locked && list_empty(&bchan->vc.desc_issued) && !IS_BUSY(bchan))\n"
        "\t\tbam_put_dummy(bchan, fifo, DESC_FLAG_UNLOCK | DESC_FLAG_INT);\n\n"
        "\t/* ensure descriptor writes and dma start not reordered */\n",
    ),
    (
        "\t\tif (!list_empty(&bchan->vc.desc_issued) && !IS_BUSY(bchan))\n",
        "\t\tif ((bchan->is_locked || !list_empty(&bchan->vc.desc_issued)) && !IS_BUSY(bchan))\n",
    ),
    (
        "\t\t\t/* Not enough data to read */\n",
        """\t\t\twhile (avail && le16_to_cpu(bchan->fifo_virt[bchan->head].flags) & DESC_FLAG_ANY_LOCK) {
				bchan->head = (bchan->head + 1) % MAX_DESCRIPTORS;
				avail--;
			}

			/* Not enough data to read */
""",
    ),
    (
        "\t\t\tlist_del(&async_desc->desc_node);\n\t\t}\n\n\t\tspin_unlock_irqrestore(",
        """\t\t\tlist_del(&async_desc->desc_node);
		}

		while (avail && le16_to_cpu(bchan->fifo_virt[bchan->head].flags) & DESC_FLAG_ANY_LOCK) {
			bchan->head = (bchan->head + 1) % MAX_DESCRIPTORS;
			avail--;
		}

		spin_unlock_irqrestore(""",
    ),
    (
        "\tvchan_get_all_descriptors(&bchan->vc, &head);\n",
        "\tbchan->is_locked = false;\n\tvchan_get_all_descriptors(&bchan->vc, &head);\n",
    ),
)


PAIRS: Edits = (
    *_DEVICE,
    (
        "\tstruct list_head desc_list;\n\n\tstruct list_head node;\n",
        "\tstruct list_head desc_list;\n\n\tstruct list_head node;\n\n\tu32 dummy_register;\n",
    ),
    (
        "\tstruct bam_desc_hw *curr_desc;\n\n",
        "\tstruct bam_desc_hw *curr_desc;\n\tstruct scatterlist dummy_sg;\n\tstruct bam_cmd_element dummy;\n\n",
    ),
    (
        "/**\n * bam_prep_slave_sg - Prep",
        """static int bam_take_metadata(struct dma_async_tx_descriptor *tx, void *data, size_t len)
{
	const struct bam_lock_config *where = data;
	struct bam_chan *bchan = to_bam_chan(tx->chan);

	if (!where || len < sizeof(*where))
		return -EINVAL;
	if (bchan->bdev->variant->can_lock)
		bchan->dummy_register = where->dummy_register;
	return 0;
}

static struct dma_descriptor_metadata_ops bam_lock_metadata = { .attach = bam_take_metadata };

/**
 * bam_prep_slave_sg - Prep""",
    ),
    (
        "/**\n * bam_start_dma - start",
        """static int bam_queue_dummy(struct bam_chan *bchan, u16 bit)
{
	struct dma_device *slave = bchan->vc.chan.device;
	struct bam_async_desc *txn = kzalloc(struct_size(txn, desc, 1), GFP_NOWAIT);

	if (!txn)
		return -ENOMEM;
	bam_prep_ce_le32(&txn->dummy, bchan->dummy_register, BAM_WRITE_COMMAND, 0);
	sg_init_one(&txn->dummy_sg, &txn->dummy, sizeof(txn->dummy));
	if (dma_map_sg(slave->dev, &txn->dummy_sg, 1, DMA_TO_DEVICE) != 1) {
		kfree(txn);
		return -EIO;
	}
	txn->dir = DMA_MEM_TO_DEV;
	txn->num_desc = 1;
	txn->curr_desc = txn->desc;
	txn->desc[0].addr = cpu_to_le32(sg_dma_address(&txn->dummy_sg));
	txn->desc[0].flags = cpu_to_le16(DESC_FLAG_CMD | bit);
	dma_async_tx_descriptor_init(&txn->vd.tx, &bchan->vc.chan);
	dma_cookie_assign(&txn->vd.tx);
	if (bit == DESC_FLAG_LOCK)
		list_add(&txn->vd.node, &bchan->vc.desc_issued);
	else
		list_add_tail(&txn->vd.node, &bchan->vc.desc_issued);
	return 0;
}

/**
 * bam_start_dma - start""",
    ),
    (
        "\tstruct virt_dma_desc *vd = vchan_next_desc(&bchan->vc);\n\tstruct bam_device *bdev",
        "\tstruct virt_dma_desc *vd;\n\tstruct bam_device *bdev",
    ),
    (
        "\tif (!vd)\n\t\treturn;\n\n\tret = pm_runtime_get_sync(bdev->dev);\n\tif (ret < 0)\n\t\treturn;\n\n"
        "\twhile (vd && ",
        """\tif (bdev->variant->can_lock && bchan->dummy_register) {
		if (!bam_queue_dummy(bchan, DESC_FLAG_LOCK))
			bam_queue_dummy(bchan, DESC_FLAG_UNLOCK);
	}

	vd = vchan_next_desc(&bchan->vc);
	if (!vd)
		return;

	ret = pm_runtime_get_sync(bdev->dev);
	if (ret < 0)
		return;

	while (vd && """,
    ),
    (
        "\tkfree(async_desc);\n}\n\nstatic struct dma_chan *bam_dma_xlate",
        """\tif (le16_to_cpu(async_desc->desc[0].flags) & DESC_FLAG_ANY_LOCK)
		dma_unmap_sg(vd->tx.chan->device->dev, &async_desc->dummy_sg, 1, DMA_TO_DEVICE);
	kfree(async_desc);
}

static struct dma_chan *bam_dma_xlate""",
    ),
)
"""As v16: each start puts a LOCK before and an UNLOCK behind what is issued, each with its own mapping."""


_BUILT = "\tbam_prep_ce_le32(&txn->dummy, bchan->dummy_register, BAM_WRITE_COMMAND, 0);\n"
_OF_CHANNEL: Edits = (
    *PAIRS,
    (
        "\tu32 dummy_register;\n",
        "\tu32 dummy_register;\n\tstruct scatterlist behind, before;\n\tstruct bam_cmd_element at_end, at_begin;\n",
    ),
    ("\tstruct scatterlist dummy_sg;\n\tstruct bam_cmd_element dummy;\n\n", "\n"),
    (
        "\tstruct bam_async_desc *txn = kzalloc(",
        "\tstruct scatterlist *sg = bit == DESC_FLAG_LOCK ? &bchan->before : &bchan->behind;\n"
        "\tstruct bam_cmd_element *dummy = bit == DESC_FLAG_LOCK ? &bchan->at_begin : &bchan->at_end;\n"
        "\tstruct bam_async_desc *txn = kzalloc(",
    ),
    (_BUILT, _BUILT.replace("&txn->dummy", "dummy")),
    ("sg_init_one(&txn->dummy_sg, &txn->dummy, sizeof(txn->dummy))", "sg_init_one(sg, dummy, sizeof(*dummy))"),
    ("dma_map_sg(slave->dev, &txn->dummy_sg, 1", "dma_map_sg(slave->dev, sg, 1"),
    ("sg_dma_address(&txn->dummy_sg)", "sg_dma_address(sg)"),
    (
        "\tif (le16_to_cpu(async_desc->desc[0].flags) & DESC_FLAG_ANY_LOCK)\n"
        "\t\tdma_unmap_sg(vd->tx.chan->device->dev, &async_desc->dummy_sg, 1, DMA_TO_DEVICE);\n",
        """\tif (le16_to_cpu(async_desc->desc[0].flags) & DESC_FLAG_LOCK)
		dma_unmap_sg(vd->tx.chan->device->dev, &to_bam_chan(vd->tx.chan)->before, 1, DMA_TO_DEVICE);
	if (le16_to_cpu(async_desc->desc[0].flags) & DESC_FLAG_UNLOCK)
		dma_unmap_sg(vd->tx.chan->device->dev, &to_bam_chan(vd->tx.chan)->behind, 1, DMA_TO_DEVICE);
""",
    ),
)
"""As v14: as v16, but the channel has the lists and elements, which the next LOCK and UNLOCK overwrite."""


def made(folder: Path, edits: Edits, config: str) -> Path:
    """The few files of the kernel in a folder: the driver edited, what a client tells it in the header."""
    root = kernel.source()
    for name in FILES:
        text = (root / name).read_text(encoding="utf-8")
        text = edited(text, edits) if name == DRIVER else text
        text = edited(text, (("\n#endif\n", f"\n{config}\n#endif\n"),)) if name == HEADER else text
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_text(text, encoding="utf-8")
    return folder


def pairs(folder: Path, *more: tuple[str, str]) -> Path:
    """A tree that puts LOCK and UNLOCK as transactions around what each start finds, as v16 does."""
    return made(folder, (*PAIRS, *more), "struct bam_lock_config { u32 dummy_register; };")


def of_channel(folder: Path, *more: tuple[str, str]) -> Path:
    """As `pairs`, with mappings that belong to the channel, as v14 has them."""
    return made(folder, (*_OF_CHANNEL, *more), "struct bam_lock_config { u32 dummy_register; };")


def slots(folder: Path, *more: tuple[str, str]) -> Path:
    """A tree that writes LOCK and UNLOCK straight into the ring, as v24 does; `more`: further edits."""
    return made(folder, (*_SLOTS, *more), "struct bam_lock_config { u32 dummy_register; };")
