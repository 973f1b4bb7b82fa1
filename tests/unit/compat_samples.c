/* The samples as a 32-bit guest has them in memory. Compiled for 32 bits and linked, as data, with
 * the 64-bit test. */
#include "hypercall/compat_structs.h"

#define ENTRY(narrow_cs, narrow_eip, wide, cs, eip) .narrow_cs = cs, .narrow_eip = eip
#define SAMPLE(s, ...)                                                                             \
    const struct s narrow_##s = {__VA_ARGS__};                                                     \
    const uint32_t narrow_##s##_size = sizeof(struct s);

#include "compat_samples.h"
