/*
 * Compiled to assembly only, for 32-bit guests' ABI, and turned into narrow.h by the Makefile: one
 * table for each structure of the list, with a span for each field, in the list's order.
 */
#include "hypercall/compat_structs.h"

#define LINE(text, ...) asm volatile("\n->" text ::__VA_ARGS__)
#define SPAN(at, size, stride, count)                                                              \
    LINE("%{%c0, %c1, %c2, %c3%},", "i"(at), "i"(size), "i"(stride), "i"(count));

#define SIZE(s, f) sizeof(((struct s *)0)->f)
#define FIELD(s, f) SPAN(offsetof(struct s, f), SIZE(s, f), 0, 1)
#define ARRAY(s, f) MEMBER_SPAN(s, f, SIZE(s, f[0]), offsetof(struct s, f))
#define MEMBERS(s, a, f) MEMBER_SPAN(s, a, SIZE(s, a[0].f), offsetof(struct s, a[0].f))
#define MEMBER_SPAN(s, a, size, at) SPAN(at, size, SIZE(s, a[0]), SIZE(s, a) / SIZE(s, a[0]))
#define LOW(s, w, f) FIELD(s, f)
#define HIGH(s, w, f) FIELD(s, f)

#define TABLE(s)                                                                                   \
    LINE("#define NARROW_SIZE_" #s " %c0", "i"(sizeof(struct s)));                                 \
    LINE("static const struct span narrow_" #s "[] = %{");                                         \
    FIELDS_##s;                                                                                    \
    LINE("%};");

#define ALIKE(s) LINE("#define NARROW_SIZE_" #s " %c0", "i"(sizeof(struct s)));

void narrow(void);

void narrow(void)
{
    COMPAT_STRUCTS(TABLE)
    ALIKE_STRUCTS(ALIKE)
}
