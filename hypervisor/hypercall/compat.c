/* Structures of 32-bit guests in their 64-bit form and back, by two tables of where fields are. */
#include "hypercall/compat.h"

#include "lib/assert.h"
#include "lib/string.h"

/* A field: `count` elements of `size` bytes, `stride` bytes apart. */
struct span {
    uint16_t at, size, stride, count;
};

/* For each structure s of the list narrow_s[] and NARROW_SIZE_s; made by the build. */
#include "narrow.h"

#define SIZE(s, f) sizeof(((struct s *)0)->f)
#define COUNT(s, a) (SIZE(s, a) / SIZE(s, a[0]))
#define FIELD(s, f) {offsetof(struct s, f), SIZE(s, f), 0, 1},
#define ARRAY(s, a) {offsetof(struct s, a), SIZE(s, a[0]), SIZE(s, a[0]), COUNT(s, a)},
#define MEMBERS(s, a, f) {offsetof(struct s, a[0].f), SIZE(s, a[0].f), SIZE(s, a[0]), COUNT(s, a)},
#define LOW(s, w, f) {offsetof(struct s, w), sizeof(uint32_t), 0, 1},
#define HIGH(s, w, f) {offsetof(struct s, w) + sizeof(uint32_t), sizeof(uint32_t), 0, 1},

#define WIDE(s)                                                                                    \
    static const struct span wide_##s[] = {FIELDS_##s};                                            \
    _Static_assert(ARRAY_SIZE(wide_##s) == ARRAY_SIZE(narrow_##s), "two tables, one list");
COMPAT_STRUCTS(WIDE)

#define ALIKE(s) _Static_assert(sizeof(struct s) == NARROW_SIZE_##s, #s " differs: list it");
ALIKE_STRUCTS(ALIKE)

static const struct layout {
    const struct span *wide, *narrow;
    uint16_t fields, wide_size, narrow_size;
} layouts[] = {
#define LAYOUT(s) {wide_##s, narrow_##s, ARRAY_SIZE(wide_##s), sizeof(struct s), NARROW_SIZE_##s},
    COMPAT_STRUCTS(LAYOUT)};

static void field_move(char *to, const struct span *t, const char *from, const struct span *f)
{
    for (unsigned i = 0; i < t->count; i++)
        memcpy(to + t->at + i * t->stride, from + f->at + i * f->stride, MIN(t->size, f->size));
}

void compat_widen(void *wide, const void *narrow, enum compat_struct s)
{
    const struct layout *l = &layouts[s];

    memset(wide, 0, l->wide_size);
    for (unsigned i = 0; i < l->fields; i++)
        field_move(wide, &l->wide[i], narrow, &l->narrow[i]);
}

void compat_narrow(void *narrow, const void *wide, enum compat_struct s)
{
    const struct layout *l = &layouts[s];

    memset(narrow, 0, l->narrow_size);
    for (unsigned i = 0; i < l->fields; i++)
        field_move(narrow, &l->narrow[i], wide, &l->wide[i]);
}

bool compat_read(void *wide, uint64_t va, enum compat_struct s)
{
    char narrow[COMPAT_SMALL];

    assert(compat_size(s) <= sizeof(narrow));
    if (!copy_from_guest(narrow, va, compat_size(s)))
        return false;
    compat_widen(wide, narrow, s);
    return true;
}

bool compat_write(uint64_t va, const void *wide, enum compat_struct s)
{
    char narrow[COMPAT_SMALL];

    assert(compat_size(s) <= sizeof(narrow));
    compat_narrow(narrow, wide, s);
    return copy_to_guest(va, narrow, compat_size(s));
}

size_t compat_size(enum compat_struct s)
{
    return layouts[s].narrow_size;
}

size_t compat_place(enum compat_struct s, size_t wide_offset)
{
    const struct layout *l = &layouts[s];
    unsigned i = 0;

    while (i < l->fields - 1u && l->wide[i].at != wide_offset)
        i++;
    assert(l->wide[i].at == wide_offset);
    return l->narrow[i].at;
}

bool words_from_guest(uint64_t *to, uint64_t va, size_t n)
{
    const uint32_t *narrow = (const uint32_t *)to;

    if (!copy_from_guest(to, va, n * word_size()))
        return false;
    /* Spread out in place, from the back: what is written lies behind all that is still unread. */
    if (guest_is_narrow())
        while (n-- > 0)
            to[n] = narrow[n];
    return true;
}

bool words_to_guest(uint64_t va, const uint64_t *from, size_t n)
{
    if (!guest_is_narrow())
        return copy_to_guest(va, from, n * sizeof(*from));
    for (size_t i = 0; i < n; i++) {
        uint32_t word = (uint32_t)from[i];

        if (!copy_to_guest(va + i * sizeof(word), &word, sizeof(word)))
            return false;
    }
    return true;
}
