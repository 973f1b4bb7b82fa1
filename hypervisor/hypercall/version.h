/* What the files of XENVER_* share. */
#ifndef HYPERCALL_VERSION_H
#define HYPERCALL_VERSION_H

#include "lib/types.h"

/* What the running domain is told by XENVER_extraversion, XENVER_capabilities, XENVER_changeset or
 * XENVER_commandline. */
const char *version_text(int cmd);

/* The commands that 4.20 has added, as do_xen_version. -ENOSYS for all others. */
long version_added_4_20(int cmd, uint64_t arg);

#endif
