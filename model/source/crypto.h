/* What the reader knows of the crypto API beside the files that it reads: names of types and values. Structs have here
 * just the members that drivers use; of a struct that drivers only embed, and never look into, none. */
typedef struct { int __counter; } refcount_t;
struct device { int __device; };
struct platform_device { const char *name; struct device dev; };
struct completion { int __done; };
struct resource { resource_size_t start, end; };
struct crypto_tfm;
struct crypto_skcipher;
struct crypto_ahash;
struct crypto_aead;
struct crypto_alg;
struct crypto_wait;
struct hash_alg_common;
struct mutex { int __held; };
struct crypto_queue { int __queue; };
struct sg_table { struct scatterlist *sgl; unsigned int nents, orig_nents; };
struct crypto_async_request;
typedef void (*crypto_completion_t)(struct crypto_async_request *req, int err);
struct crypto_async_request { struct list_head list; crypto_completion_t complete; void *data;
	struct crypto_tfm *tfm; u32 flags; };
struct skcipher_request { unsigned int cryptlen; u8 *iv; struct scatterlist *src, *dst;
	struct crypto_async_request base; };
struct aead_request { struct crypto_async_request base; unsigned int assoclen, cryptlen; u8 *iv;
	struct scatterlist *src, *dst; };
struct ahash_request { struct crypto_async_request base; unsigned int nbytes; struct scatterlist *src; u8 *result; };
struct skcipher_alg;
struct ahash_alg;
struct aead_alg;

enum { ENXIO = 6, EBADMSG = 74, ENOKEY = 126, ENOSPC = 28, EPROBE_DEFER = 517, EALREADY = 114 };
enum { CRYPTO_ALG_TYPE_AEAD = 3, CRYPTO_ALG_TYPE_SKCIPHER = 5, CRYPTO_ALG_TYPE_AHASH = 15 };
enum { CRYPTO_TFM_REQ_MAY_SLEEP = 512, CRYPTO_TFM_REQ_MAY_BACKLOG = 1024 };
enum { AES_KEYSIZE_128 = 16, AES_KEYSIZE_192 = 24, AES_KEYSIZE_256 = 32, AES_BLOCK_SIZE = 16, DES_KEY_SIZE = 8,
	DES3_EDE_KEY_SIZE = 24, DES_BLOCK_SIZE = 8, DES3_EDE_BLOCK_SIZE = 8, SHA1_DIGEST_SIZE = 20,
	SHA1_BLOCK_SIZE = 64, SHA256_DIGEST_SIZE = 32, SHA256_BLOCK_SIZE = 64 };
enum { SHA256_H0, SHA256_H1, SHA256_H2, SHA256_H3, SHA256_H4, SHA256_H5, SHA256_H6, SHA256_H7,
	SHA1_H0, SHA1_H1, SHA1_H2, SHA1_H3, SHA1_H4 };

#define GENMASK(high, low) ((~0UL << (low)) & (~0UL >> (63 - (high))))
#define DMA_BIT_MASK(n) ((1ULL << (n)) - 1)
#define IS_ALIGNED(x, a) (((x) & ((a) - 1)) == 0)
#define __stringify(x) ""
#define tasklet_init(tasklet, function, data) __tasklet_init(tasklet, function)
