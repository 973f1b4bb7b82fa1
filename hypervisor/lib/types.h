/* Basic types. Frame numbers and addresses are one-field structs, so that the compiler refuses to
 * mix a machine frame with a pseudo-physical one. */
#ifndef LIB_TYPES_H
#define LIB_TYPES_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define PAGE_SHIFT 12
#define PAGE_SIZE 4096UL
#define PAGE_MASK (~(PAGE_SIZE - 1))

/* Machine frame number: index of a 4 KiB frame of real memory. */
typedef struct {
    uint64_t n;
} mfn_t;

/* Pseudo-physical frame number: index of a page in a domain's own contiguous view. */
typedef struct {
    uint64_t n;
} pfn_t;

/* Frame number as a guest names it in a call; for a PV guest that is an MFN not yet checked. */
typedef struct {
    uint64_t n;
} gfn_t;

/* Machine address in bytes. */
typedef struct {
    uint64_t a;
} maddr_t;

/* Nanoseconds: a point on the real-time clock (since boot), or a duration. */
typedef int64_t nsec_t;

#define NSEC_PER_SEC INT64_C(1000000000)
#define NSEC_PER_MSEC INT64_C(1000000)
#define NSEC_PER_USEC INT64_C(1000)

/* From a plain number to a frame number or address and between the two; bits below a frame drop. */
static inline mfn_t mfn(uint64_t n)
{
    return (mfn_t){n};
}

static inline pfn_t pfn(uint64_t n)
{
    return (pfn_t){n};
}

static inline gfn_t gfn(uint64_t n)
{
    return (gfn_t){n};
}

static inline maddr_t maddr(uint64_t a)
{
    return (maddr_t){a};
}

static inline mfn_t maddr_mfn(maddr_t ma)
{
    return mfn(ma.a >> PAGE_SHIFT);
}

static inline maddr_t mfn_maddr(mfn_t m)
{
    return maddr(m.n << PAGE_SHIFT);
}

static inline bool mfn_eq(mfn_t a, mfn_t b)
{
    return a.n == b.n;
}

/* "No frame": never a valid index on a machine with 52 physical address bits. */
#define INVALID_MFN ((mfn_t){~UINT64_C(0)})

#define ARRAY_SIZE(a) (sizeof(a) / sizeof((a)[0]))
#define container_of(ptr, type, member) ((type *)((char *)(ptr)-offsetof(type, member)))
#define ROUND_UP(x, to) (((x) + (to)-1) & ~((__typeof__(x))(to)-1))
#define MIN(a, b) ((a) < (b) ? (a) : (b))
#define MAX(a, b) ((a) > (b) ? (a) : (b))

#define likely(x) __builtin_expect(!!(x), 1)
#define unlikely(x) __builtin_expect(!!(x), 0)

#define READ_ONCE(x) (*(const volatile __typeof__(x) *)&(x))
#define WRITE_ONCE(x, v) (*(volatile __typeof__(x) *)&(x) = (v))

/* Code and data used only before the first domain runs; their pages are given back afterwards. */
#define BOOT_CODE __attribute__((section(".boot.text")))
#define BOOT_DATA __attribute__((section(".boot.data")))
#define BOOT_RODATA __attribute__((section(".boot.rodata")))

#define CACHE_LINE 64
#define CACHE_ALIGNED __attribute__((aligned(CACHE_LINE)))
#define PAGE_ALIGNED __attribute__((aligned(4096)))

#endif
