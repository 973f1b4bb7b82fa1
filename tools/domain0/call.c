#include "call.h"

#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <xencall.h>

static xencall_handle *handle;
static void *page; /* arguments go through here */

void die(int error, const char *message, ...)
{
    va_list args;

    fprintf(stderr, "%s: ", program);
    va_start(args, message);
    vfprintf(stderr, message, args);
    va_end(args);
    fprintf(stderr, error ? ": %s\n" : "\n", strerror(error));
    exit(EXIT_FAILURE);
}

void ringfort_open(void)
{
    long version;

    handle = xencall_open(NULL, 0);
    if (!handle)
        die(errno, "cannot reach the hypervisor");
    page = ringfort_buffer(4096);
    version = xencall2(handle, RINGFORT_HYPERCALL, RINGFORT_OP_version, 0);
    if (version < 0)
        die(errno == ENOSYS ? 0 : errno, "the hypervisor is not Ringfort, or too old");
    if (version != RINGFORT_INTERFACE_VERSION)
        die(0, "Ringfort speaks version %ld of the interface, this program %d", version,
            RINGFORT_INTERFACE_VERSION);
}

int ringfort_op(unsigned op, void *argument, size_t size)
{
    int rc;

    *(uint32_t *)argument = RINGFORT_INTERFACE_VERSION;
    memcpy(page, argument, size);
    rc = xencall2(handle, RINGFORT_HYPERCALL, op, (uint64_t)(uintptr_t)page);
    memcpy(argument, page, size);
    return rc < 0 ? errno : 0;
}

void *ringfort_buffer(size_t size)
{
    void *buffer = xencall_alloc_buffer(handle, size);

    if (!buffer)
        die(errno, "no memory for hypercalls");
    memset(buffer, 0, size);
    return buffer;
}
