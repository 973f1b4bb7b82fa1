/* What the log remembers of each PFN: a table of two levels that grows where it is used. */
#ifndef MEMORY_DIRTY_TABLE_H
#define MEMORY_DIRTY_TABLE_H

#include "lib/config.h"
#include "memory/frame_table.h"
#include "memory/page_hash.h"

struct domain;

struct dirty_entry {
    struct page_hash hash; /* of the copy that the reader got last */
    uint32_t moves;        /* the log's count of them at that time */
    uint8_t kind;          /* as the reader was told last: XEN_DOMCTL_PFINFO_* without the shift */
    bool told, read;       /* kind and hash are there */
    bool moved;            /* has another frame since the last scan */
};

#define DIRTY_LEAF_ENTRIES (PAGE_SIZE / sizeof(struct dirty_entry))
#define DIRTY_MIDDLE_ENTRIES (PAGE_SIZE / sizeof(void *))
/* Enough for 680 GiB. */
#define DIRTY_ROOT_ENTRIES 2048

struct dirty_leaf {
    struct dirty_entry entry[DIRTY_LEAF_ENTRIES];
};

struct dirty_middle {
    struct dirty_leaf *leaf[DIRTY_MIDDLE_ENTRIES];
};

struct dirty_log {
    struct hash_key key;
    mfn_t reader;   /* the root of the reader's address space */
    uint32_t moves; /* how often a PFN got another frame */
    bool all_moved; /* one did that there was no room to remember */
    bool closing;   /* being switched off: `closed` root entries are freed */
    unsigned closed;
    unsigned scans;
    uint64_t copies; /* since the last scan began, and in all */
    uint64_t copies_before;
    uint64_t tables; /* pages below */

    /* The scan under way. */
    uint32_t token;
    bool scan_all;
    uint64_t cleared; /* bytes of the bitmap */
    struct frame *at; /* the frame looked at last, with a reference; NULL: none */
    uint32_t dirty;

    struct dirty_middle *root[DIRTY_ROOT_ENTRIES];
};

/* The entry of a PFN, or NULL. The domain's log lock is held. */
struct dirty_entry *dirty_entry_find(const struct dirty_log *log, uint64_t pfn);

/* Makes room for a PFN's entry in the log of `d`, if it is on: false without memory or beyond what
 * a domain of its size needs. No lock. */
bool dirty_entry_provide(struct domain *d, uint64_t pfn);

/* Frees the middle page `i` of the root and all below. The lock is held. */
void dirty_table_free(struct dirty_log *log, unsigned i);

#endif
