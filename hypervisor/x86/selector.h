/* Selectors that guests give, before they reach a frame that Ringfort returns by. */
#ifndef X86_SELECTOR_H
#define X86_SELECTOR_H

#include "lib/types.h"

#define FLAT_CS64 0xe033 /* of 64-bit guests; 32-bit ones have a data segment there */
#define RPL_MASK 3
#define RPL_KERNEL32 1

/* A selector that the kernel of a guest names for itself: in a 32-bit guest never one of ring 0,
 * where the descriptors are Ringfort's; 64-bit kernels run in ring 3. */
static inline uint16_t kernel_selector(bool is_compat, uint16_t selector)
{
    if (!is_compat)
        return selector | RPL_MASK;
    return selector & RPL_MASK ? selector : selector | RPL_KERNEL32;
}

/* The same for the CS of a frame to return by. The exit path returns to FLAT_CS64 by SYSRET, which
 * looks at no descriptor and leads to 64-bit code: from a 32-bit guest it becomes a null selector,
 * which IRET refuses as it would the data segment. */
static inline uint16_t code_selector(bool is_compat, uint16_t selector)
{
    if (is_compat && (selector | RPL_MASK) == FLAT_CS64)
        return RPL_MASK;
    return kernel_selector(is_compat, selector);
}

/* True for selectors of ring 3, the guest's applications. */
static inline bool selector_is_users(uint16_t selector)
{
    return (selector & RPL_MASK) == 3;
}

#endif
