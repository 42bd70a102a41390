/* What the reader knows of the kernel beside the files that it reads: names of types, and idioms as calls that have a
 * meaning (names that begin with two underscores). Structs of the kernel have here just the members that drivers use. */
typedef _Bool bool;
typedef unsigned char u8, __u8, uint8_t;
typedef unsigned short u16, __u16, __le16, __be16, uint16_t;
typedef unsigned int u32, __u32, __le32, __be32, uint32_t, gfp_t;
typedef unsigned long long u64, __u64, __le64, __be64, dma_addr_t, phys_addr_t, resource_size_t;
typedef int s32, dma_cookie_t;
typedef unsigned long size_t, uintptr_t;
typedef long ssize_t;
typedef struct { int __held; } spinlock_t;
typedef struct { int __bits; } dma_cap_mask_t;
enum irqreturn { IRQ_NONE, IRQ_HANDLED, IRQ_WAKE_THREAD };
typedef enum irqreturn irqreturn_t;
struct list_head { int __list; };
struct device;
struct clk;
struct module;
struct of_phandle_args;
struct platform_device;
struct resource;
struct workqueue_struct;
struct work_struct { int __pending; };
struct tasklet_struct { int __pending; };
struct scatterlist { unsigned int offset, length; dma_addr_t dma_address; unsigned int dma_length; void *__buffer; };
struct of_device_id { const char *compatible; const void *data; };
struct dev_pm_ops { void *suspend, *resume, *runtime_suspend, *runtime_resume, *idle; };
struct device_driver { const char *name; const struct dev_pm_ops *pm; const struct of_device_id *of_match_table; };
struct platform_driver { void *probe, *remove; struct device_driver driver; };

enum dma_transfer_direction { DMA_MEM_TO_MEM, DMA_MEM_TO_DEV, DMA_DEV_TO_MEM, DMA_DEV_TO_DEV, DMA_TRANS_NONE };
enum dma_status { DMA_COMPLETE, DMA_IN_PROGRESS, DMA_PAUSED, DMA_ERROR, DMA_OUT_OF_ORDER };
enum dma_data_direction { DMA_BIDIRECTIONAL, DMA_TO_DEVICE, DMA_FROM_DEVICE, DMA_NONE };
enum dma_ctrl_flags { DMA_PREP_INTERRUPT = 1, DMA_CTRL_ACK = 2, DMA_PREP_FENCE = 32, DMA_CTRL_REUSE = 64,
	DMA_PREP_CMD = 128 };
enum dmaengine_tx_result { DMA_TRANS_NOERROR, DMA_TRANS_READ_FAILED, DMA_TRANS_WRITE_FAILED, DMA_TRANS_ABORTED };
enum { DMA_MIN_COOKIE = 1, ENOENT = 2, EIO = 5, EAGAIN = 11, ENOMEM = 12, EBUSY = 16, ENODEV = 19, EINVAL = 22,
	EOPNOTSUPP = 95, EINPROGRESS = 115 };
enum { GFP_ATOMIC, GFP_KERNEL, GFP_NOWAIT, IRQF_TRIGGER_HIGH };
struct dmaengine_result { enum dmaengine_tx_result result; u32 residue; };
struct dma_slave_config { enum dma_transfer_direction direction; phys_addr_t src_addr, dst_addr;
	u32 src_maxburst, dst_maxburst; void *peripheral_config; size_t peripheral_size; };
struct dma_device { struct device *dev; struct list_head channels; };
struct dma_chan { struct dma_device *device; struct device *slave; int chan_id; dma_cookie_t cookie, completed_cookie;
	struct list_head device_node; };
struct dma_tx_state { dma_cookie_t last, used; u32 residue, in_flight_bytes; };
typedef void (*dma_async_tx_callback)(void *dma_async_param);
typedef void (*dma_async_tx_callback_result)(void *dma_async_param, const struct dmaengine_result *result);
struct dma_descriptor_metadata_ops { void *attach, *get_ptr, *set_len; };
struct dma_async_tx_descriptor { dma_cookie_t cookie; enum dma_ctrl_flags flags; struct dma_chan *chan;
	dma_cookie_t (*tx_submit)(struct dma_async_tx_descriptor *tx);
	int (*desc_free)(struct dma_async_tx_descriptor *tx);
	dma_async_tx_callback callback; dma_async_tx_callback_result callback_result; void *callback_param;
	struct dma_descriptor_metadata_ops *metadata_ops; };

#define NULL ((void *)0)
#define true 1
#define false 0
#define __iomem
#define __init
#define __exit
#define __force
#define __packed
#define __must_check
#define __maybe_unused
#define __always_unused
#define __counted_by(x)
#define __aligned(x)
#define __attribute__(x)
#define fallthrough
#define SZ_32K 0x8000
#define BIT(n) (1UL << (n))
#define ARRAY_SIZE(a) (sizeof(a) / sizeof((a)[0]))
#define DIV_ROUND_UP(n, d) (((n) + (d) - 1) / (d))
#define ALIGN(x, a) (((x) + ((a) - 1)) & ~((a) - 1))
#define PTR_ALIGN(p, a) (p)
#define min(x, y) __min(x, y)
#define max(x, y) __max(x, y)
#define min_t(t, x, y) __min((t)(x), (t)(y))
#define max_t(t, x, y) __max((t)(x), (t)(y))
#define likely(x) (x)
#define unlikely(x) (x)
#define READ_ONCE(x) (x)
#define WRITE_ONCE(x, value) ((x) = (value))
#define container_of(p, type, member) ((type *)__container_of(p, #member))
#define from_tasklet(var, t, member) __container_of(t, #member)
#define from_work(var, w, member) __container_of(w, #member)
#define list_entry(p, type, member) container_of(p, type, member)
#define list_first_entry(head, type, member) ((type *)__list_first_entry(head, #member))
#define list_last_entry(head, type, member) ((type *)__list_last_entry(head, #member))
#define list_first_entry_or_null(head, type, member) ((type *)__list_first_entry_or_null(head, #member))
#define list_for_each_entry(pos, head, member) while (__list_for_each_entry(pos, head, #member))
#define list_for_each_entry_safe(pos, n, head, member) while (__list_for_each_entry_safe(pos, n, head, #member))
#define sg_dma_address(sg) ((sg)->dma_address)
#define sg_dma_len(sg) ((sg)->dma_length)
#define for_each_sg(list, sg, n, i) for ((i) = 0, (sg) = (list); (i) < (n); (i)++, (sg) = sg_next(sg))
#define LIST_HEAD(name) struct list_head name = __list_head()
#define guard(kind) __guard_##kind
#define scoped_guard(kind, ...) while (__scoped_guard_##kind(__VA_ARGS__))
#define spin_lock_irqsave(lock, flags) __spin_lock_irqsave(lock, &(flags))
#define struct_size(p, member, n) (sizeof(*(p)) + sizeof(*(p)->member) * (n))
#define kzalloc_flex(obj, member, n, ...) kzalloc(sizeof(obj) + sizeof(*(obj).member) * (n), 0)
#define kmalloc_obj(obj, ...) kmalloc(sizeof(obj), 0)
#define kzalloc_obj(obj, ...) kzalloc(sizeof(obj), 0)
#define SET_LATE_SYSTEM_SLEEP_PM_OPS(x, y) .suspend = x, .resume = y,
#define SET_RUNTIME_PM_OPS(x, y, z) .runtime_suspend = x, .runtime_resume = y, .idle = z,
#define module_platform_driver(x) struct module
#define MODULE_DEVICE_TABLE(x, y) struct module
#define MODULE_AUTHOR(x) struct module
#define MODULE_DESCRIPTION(x) struct module
#define MODULE_LICENSE(x) struct module
#define MODULE_ALIAS(x) struct module
#define MODULE_PARM_DESC(x, y) struct module
#define module_param(x, y, z) struct module
#define EXPORT_SYMBOL_GPL(x) struct module
