#include "xenstore.h"

#include "guest.h"

#include <xen/io/xs_wire.h>

#define PATIENCE (30 * SECOND)
#define POLL_EVERY (20 * MILLISECOND)

static struct xenstore_domain_interface *ring(void)
{
    if (!start_info->store_mfn)
        check_abort("this domain has no XenStore");
    return mfn_to_va(start_info->store_mfn);
}

/* Waits until one index has left a value behind. */
static void wait_while(const volatile uint32_t *index, uint32_t value)
{
    uint64_t limit = now() + PATIENCE;

    while (*index == value) {
        if (now() > limit)
            check_abort("XenStore does not answer");
        event_wait(start_info->store_evtchn, 100 * MILLISECOND);
    }
}

static void send(const void *data, size_t size)
{
    struct xenstore_domain_interface *r = ring();
    const char *bytes = data;

    for (size_t i = 0; i < size; i++) {
        wait_while(&r->req_cons, r->req_prod - XENSTORE_RING_SIZE);
        r->req[MASK_XENSTORE_IDX(r->req_prod)] = bytes[i];
        xen_wmb();
        r->req_prod++;
        if (i + 1 == size || r->req_prod - r->req_cons == XENSTORE_RING_SIZE)
            event_send(start_info->store_evtchn);
    }
}

static void receive(void *data, size_t size)
{
    struct xenstore_domain_interface *r = ring();
    char *bytes = data;

    for (size_t i = 0; i < size; i++) {
        wait_while(&r->rsp_prod, r->rsp_cons);
        xen_rmb();
        bytes[i] = r->rsp[MASK_XENSTORE_IDX(r->rsp_cons)];
        xen_mb();
        r->rsp_cons++;
    }
    event_send(start_info->store_evtchn);
}

/* One question and its answer, which ends with a NUL of ours; NULL for an error. */
static const char *ask(uint32_t type, const char *payload, size_t size)
{
    static char answer[XENSTORE_PAYLOAD_MAX + 1];
    static uint32_t asked;
    struct xsd_sockmsg message = {.type = type, .req_id = ++asked, .len = (uint32_t)size};

    send(&message, sizeof(message));
    send(payload, size);
    do {
        receive(&message, sizeof(message));
        if (message.len > XENSTORE_PAYLOAD_MAX)
            check_abort("XenStore talks nonsense");
        receive(answer, message.len);
        answer[message.len] = '\0';
    } while (message.req_id != asked);
    return message.type == XS_ERROR ? NULL : answer;
}

const char *xenstore_read(const char *path)
{
    return ask(XS_READ, path, strlen(path) + 1);
}

uint64_t xenstore_number(const char *path, uint64_t otherwise)
{
    const char *value = xenstore_read(path);

    return value ? number_of(value) : otherwise;
}

bool xenstore_write(const char *path, const char *value)
{
    char payload[512];
    size_t path_size = strlen(path) + 1, value_size = strlen(value);

    if (path_size + value_size > sizeof(payload))
        return false;
    memcpy(payload, path, path_size);
    memcpy(payload + path_size, value, value_size);
    return ask(XS_WRITE, payload, path_size + value_size) != NULL;
}

bool xenstore_wait(const char *path, uint64_t wanted, uint64_t nanoseconds)
{
    uint64_t limit = now() + nanoseconds;

    while (xenstore_number(path, ~wanted) != wanted) {
        if (now() > limit)
            return false;
        sleep_for(POLL_EVERY);
    }
    return true;
}
