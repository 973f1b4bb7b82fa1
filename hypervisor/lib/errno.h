/* The ABI's error numbers under their plain names. */
#ifndef LIB_ERRNO_H
#define LIB_ERRNO_H

enum ringfort_errno {
#define XEN_ERRNO(name, value) name = (value),
#include <xen/errno.h>
    /* Never reaches a guest: the hypercall is made to repeat itself. The header keeps the number
       free. */
    ERESTART = 85,
};

#endif
