/*
 * The log of dirty frames: what the tools must send again while they copy a domain that runs.
 *
 * A page is clean when the reader, the process that switched the log on, would now get the same
 * from it as when it last read it. For that the reader reads copies: while the log is on, what it
 * maps read-only of the domain is a copy of the frame, made at that moment, and the copy's hash is
 * remembered. Whatever happens to the frame in between, and by whom, only what is there when it is
 * compared counts; content that comes back to what was read needs no sending. No entry of the
 * guest's tables is touched or looked at.
 *
 * What the reader makes of a page depends on two more things than the content: on the kind that it
 * was told (tables are sent with PFNs for MFNs) and on which PFN a frame is known by. A kind other
 * than the one last told is a change; so is a new frame at a PFN, and for tables any new frame at
 * any PFN.
 *
 * Whatever cannot be recorded (no memory, a PFN beyond reason, another process) is dirty each time
 * that it is asked for: sent too often, never too seldom.
 */
#ifndef MEMORY_DIRTY_LOG_H
#define MEMORY_DIRTY_LOG_H

#include "lib/types.h"

struct domain;
struct frame;

/* Switches the log on; nothing has been read yet. The running process of `current` becomes the
 * reader. `seed` keys the hash. 0; -EINVAL: on already, being switched off, or the domain is dying;
 * -ENOMEM. */
int dirty_log_enable(struct domain *d, uint64_t seed);

/* Switches it off and frees its memory: 0, also when it was off, or -ERESTART. Copies that are
 * still mapped stay until they are unmapped. */
int dirty_log_disable(struct domain *d);

/* `current` is being told that frame `f` of `d`, to which it has a reference, is of a kind
 * (XEN_DOMCTL_PFINFO_*). No lock. */
void dirty_log_told(struct domain *d, struct frame *f, uint32_t kind);

/* `current` maps frame `f` of `d` read-only and has a reference for the mapping: returns the frame
 * to map, with the reference; `f` or a copy. The lock of `current`'s tables may be held. */
struct frame *dirty_log_lend(struct domain *d, struct frame *f);

/* Writes the machine-to-physical array: frame `m` is `pfn` of `d` from now on. No lock. */
void pfn_assign(struct domain *d, mfn_t m, uint64_t pfn);

/* One look at all frames of a domain. */
struct dirty_scan {
    bool clean;      /* what is reported counts as known from now on; else: as if not asked */
    uint64_t bitmap; /* guest address of a bit for each PFN */
    uint64_t pages;  /* bits that it has room for */
    uint32_t token;  /* 0 to begin; then what the call before left here */
    uint32_t dirty;  /* on return: bits set */
};

/* Writes the bitmap. 0; -ERESTART: to be called again with the token; -EINVAL: the log is off, or
 * somebody else began a scan; -EFAULT. */
int dirty_log_scan(struct domain *d, struct dirty_scan *s);

#endif
