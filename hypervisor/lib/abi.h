/* The guest ABI's own headers, in the version and with the types they expect to find. Other ABI
 * headers (<xen/memory.h> and so on) are included after this one. */
#ifndef LIB_ABI_H
#define LIB_ABI_H

#include "lib/types.h"

/* The tools' interfaces (domctl, sysctl) and 64-bit handles are wanted too. */
#define __XEN_TOOLS__ 1
#define __XEN_INTERFACE_VERSION__ 0x00040e00

#include <xen/xen.h>

#endif
