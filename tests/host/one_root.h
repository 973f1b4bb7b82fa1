/* A domain that runs on one root: a table for each level, of which the last maps `data` writable at
 * VA(1, 2, 3, 4). `spare` is a page that nothing refers to. */
#ifndef TESTS_HOST_ONE_ROOT_H
#define TESTS_HOST_ONE_ROOT_H

#include "page_tables.h"

extern mfn_t root, l3, l2, l1, data, spare;

/* A fresh machine with that on domain `id`, which is returned; no flush is counted yet. */
struct domain *one_root(unsigned id);

#endif
