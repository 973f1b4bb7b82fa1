/* Host builds: the real header; a test that is linked with interleave.c is told of reads that
 * another processor's work could come before or after. */
#ifndef HOST_LIB_TYPES_H
#define HOST_LIB_TYPES_H

#include_next "lib/types.h"

void __attribute__((weak)) host_point(void);

#undef READ_ONCE
#define READ_ONCE(x)                                                                               \
    ({                                                                                             \
        __typeof__(x) read_ = *(const volatile __typeof__(x) *)&(x);                               \
        if (host_point)                                                                            \
            host_point();                                                                          \
        read_;                                                                                     \
    })

#endif
