/* 4.20's forms of the texts of XENVER_*, for which the caller says how much room there is. Compiled
 * with the headers of Debian 13's. */
#include "lib/abi.h"
#include <xen/version.h>

#include "hypercall/version.h"
#include "lib/assert.h"
#include "lib/errno.h"
#include "lib/string.h"
#include "memory/guest_copy.h"

/* The length without a buffer; with one, what was put there: the text without its end mark. */
static long give_counted(uint64_t arg, const char *text)
{
    size_t length = strlen(text);
    uint32_t room;

    if (arg == 0)
        return (long)length;
    if (!copy_from_guest(&room, arg + offsetof(struct xen_varbuf, len), sizeof(room)))
        return refuse(-EFAULT);
    if (room < length)
        return refuse(-ENOBUFS);
    if (!copy_to_guest(arg + offsetof(struct xen_varbuf, buf), text, length))
        return refuse(-EFAULT);
    return (long)length;
}

long version_added_4_20(int cmd, uint64_t arg)
{
    switch (cmd) {
    case XENVER_extraversion2:
        return give_counted(arg, version_text(XENVER_extraversion));
    case XENVER_capabilities2:
        return give_counted(arg, version_text(XENVER_capabilities));
    case XENVER_changeset2:
        return give_counted(arg, version_text(XENVER_changeset));
    case XENVER_commandline2:
        return give_counted(arg, version_text(XENVER_commandline));
    default:
        return refuse(-ENOSYS);
    }
}
