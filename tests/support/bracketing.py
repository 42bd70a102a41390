"""C that brackets what is issued in the fill loop, as v21 does, made as in `locking.py`: our own words for that row."""

from __future__ import annotations

from pathlib import Path

from c_mutants import Edits
from locking import PAIRS, made

_START = "/**\n * bam_start_dma - start"
_ROUNDS: Edits = (
    *[edit for edit in PAIRS if edit[0] not in (_START, *(before for before, _ in PAIRS[-3:-1]))],
    ("\tu32 dummy_register;\n", "\tu32 dummy_register;\n\tenum dma_transfer_direction to;\n\tbool is_locked;\n"),
    ("\tstruct bam_cmd_element dummy;\n\n", "\tstruct bam_cmd_element dummy;\n\tbool is_dummy;\n\n"),
    (
        "\tif (bchan->bdev->variant->can_lock)\n\t\tbchan->dummy_register = where->dummy_register;\n\treturn 0;\n",
        """\tif (!bchan->bdev->variant->can_lock)
		return 0;
	bchan->dummy_register = where->dummy_register;
	bchan->to = where->direction;
	return 0;
""",
    ),
    (
        _START,
        """static struct bam_async_desc *bam_build_dummy(struct bam_chan *bchan, u16 bit)
{
	struct bam_async_desc *txn = kzalloc(struct_size(txn, desc, 1), GFP_NOWAIT);

	if (!txn)
		return ERR_PTR(-ENOMEM);
	txn->is_dummy = true;
	txn->dir = DMA_MEM_TO_DEV;
	txn->num_desc = 1;
	txn->curr_desc = txn->desc;
	bam_prep_ce_le32(&txn->dummy, bchan->dummy_register, BAM_WRITE_COMMAND, 0);
	sg_init_one(&txn->dummy_sg, &txn->dummy, sizeof(txn->dummy));
	if (!dma_map_sg(bchan->vc.chan.device->dev, &txn->dummy_sg, 1, DMA_TO_DEVICE)) {
		kfree(txn);
		return ERR_PTR(-EIO);
	}
	txn->desc[0].addr = cpu_to_le32(sg_dma_address(&txn->dummy_sg));
	txn->desc[0].flags = cpu_to_le16(DESC_FLAG_CMD | bit);
	dma_async_tx_descriptor_init(&txn->vd.tx, &bchan->vc.chan);
	return txn;
}

static void bam_drop_dummy(struct bam_chan *bchan, struct bam_async_desc *txn)
{
	dma_unmap_sg(bchan->vc.chan.device->dev, &txn->dummy_sg, 1, DMA_TO_DEVICE);
	kfree(txn);
}

/* LOCK before and UNLOCK behind all that is issued, or neither */
static int bam_bracket(struct bam_chan *bchan)
{
	struct bam_async_desc *first, *last;

	if (!bchan->bdev->variant->can_lock || !bchan->dummy_register || bchan->to != DMA_MEM_TO_DEV)
		return 0;
	first = bam_build_dummy(bchan, DESC_FLAG_LOCK);
	if (IS_ERR(first))
		return PTR_ERR(first);
	last = bam_build_dummy(bchan, DESC_FLAG_UNLOCK);
	if (IS_ERR(last)) {
		bam_drop_dummy(bchan, first);
		return PTR_ERR(last);
	}
	list_add(&first->vd.node, &bchan->vc.desc_issued);
	list_add_tail(&last->vd.node, &bchan->vc.desc_issued);
	bchan->is_locked = true;
	return 0;
}

/**
 * bam_start_dma - start""",
    ),
    (
        "\twhile (vd && !IS_BUSY(bchan)) {\n\t\tlist_del(&vd->node);\n",
        """\twhile (vd && !IS_BUSY(bchan)) {
		if (!bchan->is_locked && !container_of(vd, struct bam_async_desc, vd)->is_dummy && !bam_bracket(bchan))
			vd = vchan_next_desc(&bchan->vc);

		list_del(&vd->node);
""",
    ),
    (
        "\t\tlist_add_tail(&async_desc->desc_node, &bchan->desc_list);\n",
        """\t\tlist_add_tail(&async_desc->desc_node, &bchan->desc_list);

		if (le16_to_cpu(async_desc->desc[0].flags) & DESC_FLAG_UNLOCK)
			bchan->is_locked = false;
""",
    ),
    (
        "\t\t\tif (!async_desc->num_desc) {\n\t\t\t\tvchan_cookie_complete(&async_desc->vd);\n\t\t\t} else {\n"
        "\t\t\t\tlist_add(&async_desc->vd.node,\n\t\t\t\t\t &bchan->vc.desc_issued);\n\t\t\t}\n"
        "\t\t\tlist_del(&async_desc->desc_node);\n",
        """\t\t\tlist_del(&async_desc->desc_node);
			if (async_desc->num_desc)
				list_add(&async_desc->vd.node, &bchan->vc.desc_issued);
			else if (async_desc->is_dummy)
				bam_drop_dummy(bchan, async_desc);
			else
				vchan_cookie_complete(&async_desc->vd);
""",
    ),
    (
        "\tvchan_get_all_descriptors(&bchan->vc, &head);\n",
        "\tbchan->is_locked = false;\n\tvchan_get_all_descriptors(&bchan->vc, &head);\n",
    ),
    (
        "/**\n * process_channel_irqs - processes",
        "static void bam_drop_dummy(struct bam_chan *bchan, struct bam_async_desc *txn);\n\n"
        "/**\n * process_channel_irqs - processes",
    ),
)
"""As v21: each round of the fill loop that is not locked brackets what is issued; both are freed in the interrupt."""


def rounds(folder: Path, *more: tuple[str, str]) -> Path:
    """A tree that puts LOCK and UNLOCK around what is issued in the fill loop, where it is not locked, as v21 does."""
    config = "struct bam_lock_config { u32 dummy_register; enum dma_transfer_direction direction; };"
    return made(folder, (*_ROUNDS, *more), config)
