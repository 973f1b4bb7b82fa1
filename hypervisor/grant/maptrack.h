/* What a domain has mapped of others' grants, by handle. Pure: compiles on the host. */
#ifndef GRANT_MAPTRACK_H
#define GRANT_MAPTRACK_H

#include "lib/abi.h"
#include <xen/grant_table.h>

#include "lib/types.h"

struct grant_mapping {
    uint32_t ref; /* in the granter's table; next free handle while free */
    domid_t granter;
    uint16_t flags; /* GNTMAP_*; 0: free */
};

#define MAPTRACK_PER_PAGE (PAGE_SIZE / sizeof(struct grant_mapping))
#define NO_HANDLE UINT32_MAX

struct maptrack {
    struct grant_mapping **pages; /* room for max_pages pointers */
    unsigned nr_pages, max_pages;
    uint32_t free; /* first free handle, NO_HANDLE: none */
    uint32_t used; /* with the last one the pages go */
};

/* 0 or -ENOMEM. */
int maptrack_init(struct maptrack *t, unsigned max_pages);
void maptrack_destroy(struct maptrack *t);

/* A handle whose mapping has flags MAPTRACK_RESERVED until the caller fills it; NO_HANDLE at the
 * limit or without memory. */
uint32_t maptrack_take(struct maptrack *t);
void maptrack_give_back(struct maptrack *t, uint32_t handle);

/* Marks a mapping that is being made or taken down, which no other call may touch. */
#define MAPTRACK_RESERVED ((uint16_t)(1u << 15))

/* The mapping of a handle that a guest names: NULL when it is out of range, free or reserved. */
struct grant_mapping *maptrack_find(struct maptrack *t, uint32_t handle);

/* The mapping of a handle that the caller has reserved. */
struct grant_mapping *maptrack_reserved(struct maptrack *t, uint32_t handle);

/* Number of handles that there are, used and free, for a walk over all. */
uint32_t maptrack_size(const struct maptrack *t);

#endif
