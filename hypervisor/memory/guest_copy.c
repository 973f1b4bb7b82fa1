/*
 * Copies between Ringfort and the current guest, by guest addresses. A fault ends the copy: the
 * exception table leads behind the string instruction with what is left in RCX.
 */
#include "memory/guest_copy.h"

#include "domain/domain.h"
#include "x86/cpu.h"
#include "x86/current.h"
#include "x86/extable.h"
#include "x86/guest_word.h"

#define LOW_HALF_END (UINT64_C(1) << 47)

bool guest_range_ok(uint64_t guest_va, size_t n)
{
    uint64_t end = guest_va + n;

    if (end < guest_va)
        return false;
    if (current->domain->is_compat)
        return end <= current->domain->compat_hole_start;
    return end <= LOW_HALF_END || guest_va >= HV_VIRT_END;
}

/* Words, then the bytes that remain. */
static bool copy_raw(void *dst, const void *src, size_t n)
{
    size_t words = n / 8;

    asm volatile("1: rep movsq\n"
                 "mov %[rest], %%rcx\n"
                 "2: rep movsb\n"
                 "3:\n" EXTABLE("1b", "3b") EXTABLE("2b", "3b")
                 : "+D"(dst), "+S"(src), "+c"(words)
                 : [rest] "r"(n % 8)
                 : "memory");
    return words == 0;
}

static bool clear_raw(void *dst, size_t n)
{
    asm volatile("1: rep stosb\n"
                 "2:\n" EXTABLE("1b", "2b")
                 : "+D"(dst), "+c"(n)
                 : "a"(0)
                 : "memory");
    return n == 0;
}

bool copy_from_guest(void *dst, uint64_t guest_va, size_t n)
{
    bool ok;

    if (!guest_range_ok(guest_va, n))
        return false;
    guest_access_begin();
    ok = copy_raw(dst, (const void *)guest_va, n);
    guest_access_end();
    return ok;
}

bool copy_to_guest(uint64_t guest_va, const void *src, size_t n)
{
    bool ok;

    if (!guest_range_ok(guest_va, n))
        return false;
    guest_access_begin();
    ok = copy_raw((void *)guest_va, src, n);
    guest_access_end();
    return ok;
}

bool clear_guest(uint64_t guest_va, size_t n)
{
    bool ok;

    if (!guest_range_ok(guest_va, n))
        return false;
    guest_access_begin();
    ok = clear_raw((void *)guest_va, n);
    guest_access_end();
    return ok;
}
