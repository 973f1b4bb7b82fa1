/*
 * Batches of hypercalls (SOSP'03 3.1 and 3.3.3: what makes page-table updates affordable). The
 * batch's progress is in guest memory: entries that are done carry their results, and a batch that
 * is cut short is called again with the rest of its list.
 */
#include "hypercall/hypercall.h"

#include "hypercall/compat.h"
#include "lib/assert.h"
#include "lib/errno.h"
#include "memory/guest_copy.h"
#include "schedule/schedule.h"

/* A batch within a batch would nest without bound, and a change of the guest's mode or stack by
 * IRET would leave the rest of the list to be read in another address space. */
static bool fits_in_batch(uint64_t op)
{
    return op != __HYPERVISOR_multicall && op != __HYPERVISOR_iret;
}

static long call_entry(struct multicall_entry *entry)
{
    long result;

    if (!fits_in_batch(entry->op))
        return refuse(-EINVAL);
    if (entry->op != (unsigned)entry->op)
        return refuse(-ENOSYS);

    multicall_set_entry(entry);
    result = hypercall_call((unsigned)entry->op, entry->args);
    multicall_set_entry(NULL);
    return result;
}

/* 0 when the entry at guest address `at` is done, -ERESTART when it (now rewritten) must be run
 * again, -EFAULT when it is not accessible. */
static int run_entry(uint64_t at)
{
    struct multicall_entry entry;

    if (!struct_from_guest(&entry, at, multicall_entry))
        return refuse(-EFAULT);

    entry.result = (xen_ulong_t)call_entry(&entry);
    if ((long)entry.result == -ERESTART && !hypercall_gives_guest_value(entry.op))
        return struct_to_guest(at, &entry, multicall_entry) ? -ERESTART : refuse(-EFAULT);

    if (!words_to_guest(at + guest_offsetof(multicall_entry, result), &entry.result, 1))
        return refuse(-EFAULT);
    return 0;
}

long do_multicall(uint64_t list, unsigned count)
{
    if (!guest_range_ok(list, count * guest_sizeof(multicall_entry)))
        return refuse(-EFAULT);

    for (unsigned i = 0; i < count; i++) {
        uint64_t at = list + i * guest_sizeof(multicall_entry);
        int rc = i > 0 && preempt_needed() ? -ERESTART : run_entry(at);

        if (rc == -ERESTART)
            return hypercall_restart(__HYPERVISOR_multicall, 2, at, count - i);
        if (rc)
            return rc;
    }
    return 0;
}
