#include "net.h"

#include "guest.h"

#define PATIENCE (10 * SECOND)

/* Offers a page to the back end for the next frame. */
static void offer(struct net *n, unsigned id)
{
    struct netif_rx_request *request = RING_GET_REQUEST(&n->rx, n->rx.req_prod_pvt);
    int notify;

    *request = (struct netif_rx_request){.id = (uint16_t)id, .gref = n->receiving_refs[id]};
    n->rx.req_prod_pvt++;
    RING_PUSH_REQUESTS_AND_CHECK_NOTIFY(&n->rx, notify);
    if (notify)
        event_send(n->device.port);
}

static void make_rings(struct net *n)
{
    struct netif_tx_sring *tx = device_ring(&n->device, "tx-ring-ref");
    struct netif_rx_sring *rx = device_ring(&n->device, "rx-ring-ref");

    SHARED_RING_INIT(tx);
    FRONT_RING_INIT(&n->tx, tx, PAGE_SIZE);
    SHARED_RING_INIT(rx);
    FRONT_RING_INIT(&n->rx, rx, PAGE_SIZE);
    n->sending = page_alloc();
    n->sending_ref = grant_give(n->device.domain, va_to_mfn(n->sending), GTF_readonly);
    for (unsigned i = 0; i < NET_BUFFERS; i++) {
        n->receiving[i] = page_alloc();
        n->receiving_refs[i] = grant_give(n->device.domain, va_to_mfn(n->receiving[i]), 0);
    }
}

static unsigned hex(char digit)
{
    return (unsigned)(digit <= '9' ? digit - '0' : (digit | 0x20) - 'a' + 10);
}

/* Six pairs of digits, parted by colons. */
static bool read_mac(struct net *n)
{
    const char *mac = xenstore_read(text("%s/mac", n->device.here));

    if (!mac || strlen(mac) < 17)
        return false;
    for (unsigned i = 0; i < 6; i++)
        n->mac[i] = (uint8_t)(hex(mac[3 * i]) << 4 | hex(mac[3 * i + 1]));
    return true;
}

bool net_open(struct net *n, unsigned number)
{
    if (!device_find(&n->device, text("device/vif/%u", number)) || !read_mac(n))
        return false;
    make_rings(n);
    device_set_number(&n->device, "request-rx-copy", 1);
    device_set_number(&n->device, "feature-rx-notify", 1);
    device_set_number(&n->device, "feature-no-csum-offload", 1);
    if (!device_connect(&n->device))
        return false;
    for (unsigned i = 0; i < NET_BUFFERS; i++)
        offer(n, i);
    return true;
}

void net_request(struct net *n, const struct netif_tx_request *request)
{
    int notify;

    *RING_GET_REQUEST(&n->tx, n->tx.req_prod_pvt) = *request;
    n->tx.req_prod_pvt++;
    RING_PUSH_REQUESTS_AND_CHECK_NOTIFY(&n->tx, notify);
    if (notify)
        event_send(n->device.port);
}

bool net_answer(struct net *n, struct netif_tx_response *answer, uint64_t nanoseconds)
{
    uint64_t limit = now() + nanoseconds;
    int more;

    for (;;) {
        RING_FINAL_CHECK_FOR_RESPONSES(&n->tx, more);
        if (more)
            break;
        if (now() > limit)
            return false;
        event_wait(n->device.port, limit - now());
    }
    *answer = *RING_GET_RESPONSE(&n->tx, n->tx.rsp_cons);
    n->tx.rsp_cons++;
    return true;
}

int net_send(struct net *n, const void *frame, unsigned size)
{
    struct netif_tx_request request = {.gref = n->sending_ref, .size = (uint16_t)size};
    struct netif_tx_response answer;

    if (size > FRAME_MAX)
        return NETIF_RSP_ERROR;
    memcpy(n->sending, frame, size);
    net_request(n, &request);
    return net_answer(n, &answer, PATIENCE) ? answer.status : NETIF_RSP_ERROR;
}

unsigned net_receive(struct net *n, void *frame, unsigned size, uint64_t nanoseconds)
{
    uint64_t limit = now() + nanoseconds;
    struct netif_rx_response answer;
    unsigned length;
    int more;

    for (;;) {
        RING_FINAL_CHECK_FOR_RESPONSES(&n->rx, more);
        if (more)
            break;
        if (now() > limit)
            return 0;
        event_wait(n->device.port, limit - now());
    }
    answer = *RING_GET_RESPONSE(&n->rx, n->rx.rsp_cons);
    n->rx.rsp_cons++;
    length = answer.status < 0 ? 0 : (unsigned)answer.status;
    if (length > size)
        length = size;
    memcpy(frame, n->receiving[answer.id] + answer.offset, length);
    offer(n, answer.id);
    return length;
}
