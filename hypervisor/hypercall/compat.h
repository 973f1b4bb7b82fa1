/*
 * Arguments of 32-bit guests. Handlers know one form of every structure, the 64-bit one ("wide"),
 * and one form of every argument, 64 bits. What a 32-bit guest passes ("narrow") becomes that at
 * the places where it comes in and goes out:
 *
 *   structures   struct_from_guest() and struct_to_guest() move field by field, by two tables that
 *                the compiler makes from one list (hypercall/compat_structs.h): offsets there come
 *                from the ABI headers compiled for 32 bits. Structures that both widths lay out
 *                alike are just copied by copy_from_guest(); the build checks that they are.
 *   lists        of words (frame numbers) go through words_from_guest() and words_to_guest(), their
 *                element is word_size() bytes.
 *   arguments    a 64-bit argument takes two registers of a 32-bit guest: compat_args_join() before
 *                the handler, compat_args_split() where a call is to be restarted.
 *
 * For a 64-bit guest each costs one predictable branch. Missing upper halves read as zero, which is
 * also what keeps a 32-bit guest's pointers below 4 GiB; guest_range_ok() does the rest.
 */
#ifndef HYPERCALL_COMPAT_H
#define HYPERCALL_COMPAT_H

#include "domain/domain.h"
#include "hypercall/compat_structs.h"
#include "memory/guest_copy.h"
#include "x86/current.h"

/* Structures with two forms. */
enum compat_struct {
#define NAME(s) COMPAT_##s,
    COMPAT_STRUCTS(NAME)
#undef NAME
};

/* Width of the running guest; context of any hypercall. */
#define guest_is_narrow() unlikely(current->domain->is_compat)

/* Copies `struct name` at guest address `va` into *to, or *from there; true when all was
 * accessible. Each byte of guest memory is read once. */
#define struct_from_guest(to, va, name)                                                            \
    ({                                                                                             \
        struct name *to_ = (to);                                                                   \
        uint64_t va_ = (va);                                                                       \
        guest_is_narrow() ? compat_read(to_, va_, COMPAT_##name)                                   \
                          : copy_from_guest(to_, va_, sizeof(*to_));                               \
    })
#define struct_to_guest(va, from, name)                                                            \
    ({                                                                                             \
        const struct name *from_ = (from);                                                         \
        uint64_t to_ = (va);                                                                       \
        guest_is_narrow() ? compat_write(to_, from_, COMPAT_##name)                                \
                          : copy_to_guest(to_, from_, sizeof(*from_));                             \
    })

/* Size of `struct name`, and place of its field `f`, in the running guest's memory. */
#define guest_sizeof(name) (guest_is_narrow() ? compat_size(COMPAT_##name) : sizeof(struct name))
#define guest_offsetof(name, f)                                                                    \
    (guest_is_narrow() ? compat_place(COMPAT_##name, offsetof(struct name, f))                     \
                       : offsetof(struct name, f))

/* Bytes of a word of the running guest: 4 or 8. */
static inline size_t word_size(void)
{
    return guest_is_narrow() ? sizeof(uint32_t) : sizeof(uint64_t);
}

/* Copies `n` words of the guest's width at `va` in or out; true when all were accessible. */
bool words_from_guest(uint64_t *to, uint64_t va, size_t n);
bool words_to_guest(uint64_t va, const uint64_t *from, size_t n);

/* Both forms of a structure in Ringfort's own memory, whole: what has no counterpart is zero, what
 * does not fit loses its upper half. */
void compat_widen(void *wide, const void *narrow, enum compat_struct s);
void compat_narrow(void *narrow, const void *wide, enum compat_struct s);

/* What the macros above use for 32-bit guests. compat_read and compat_write serve structures of up
 * to COMPAT_SMALL bytes: all but vcpu_guest_context. */
#define COMPAT_SMALL 64
bool compat_read(void *wide, uint64_t va, enum compat_struct s);
bool compat_write(uint64_t va, const void *wide, enum compat_struct s);
size_t compat_size(enum compat_struct s);
size_t compat_place(enum compat_struct s, size_t wide_offset);

/* Brings HYPERCALL_MAX_ARGS arguments of hypercall `op`, as a 32-bit guest passed them, into the
 * form that the handler takes; */
void compat_args_join(unsigned op, uint64_t *args);
/* and the `nargs` arguments of a restart back, with room for HYPERCALL_MAX_ARGS: their number. */
unsigned compat_args_split(unsigned op, unsigned nargs, uint64_t *args);

#endif
