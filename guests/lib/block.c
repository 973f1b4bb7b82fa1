#include "block.h"

#include "guest.h"

#include <xen/io/protocols.h>

#define PATIENCE (20 * SECOND)

bool block_open(struct block *b, unsigned number)
{
    struct device *d = &b->device;
    struct blkif_sring *shared;

    b->number = number;
    if (!device_find(d, text("device/vbd/%u", number)))
        return false;
    shared = device_ring(d, "ring-ref");
    SHARED_RING_INIT(shared);
    FRONT_RING_INIT(&b->ring, shared, PAGE_SIZE);
    device_set(d, "protocol", XEN_IO_PROTO_ABI_NATIVE);
    if (!device_connect(d))
        return false;
    b->sectors = device_get(d, "sectors", 0);
    b->read_only = device_get(d, "info", 0) & VDISK_READONLY;
    b->indirect_segments = (unsigned)device_get(d, "feature-max-indirect-segments", 0);
    return b->sectors != 0;
}

bool block_close(struct block *b)
{
    return device_close(&b->device);
}

void block_send(struct block *b, const struct blkif_request *request)
{
    int notify;

    *RING_GET_REQUEST(&b->ring, b->ring.req_prod_pvt) = *request;
    b->ring.req_prod_pvt++;
    RING_PUSH_REQUESTS_AND_CHECK_NOTIFY(&b->ring, notify);
    if (notify)
        event_send(b->device.port);
}

bool block_answer(struct block *b, struct blkif_response *answer, uint64_t nanoseconds)
{
    uint64_t limit = now() + nanoseconds;
    int more;

    for (;;) {
        RING_FINAL_CHECK_FOR_RESPONSES(&b->ring, more);
        if (more)
            break;
        if (now() > limit)
            return false;
        event_wait(b->device.port, limit - now());
    }
    *answer = *RING_GET_RESPONSE(&b->ring, b->ring.rsp_cons);
    b->ring.rsp_cons++;
    return true;
}

int block_transfer(struct block *b, unsigned operation, uint64_t sector, unsigned count, void *page)
{
    struct blkif_request request = {
        .operation = (uint8_t)operation,
        .nr_segments = 1,
        .handle = (blkif_vdev_t)b->number,
        .sector_number = sector,
        .seg[0].last_sect = (uint8_t)(count - 1),
    };
    struct blkif_response answer;
    bool answered;

    /* A write needs no more than to read the page. */
    request.seg[0].gref = grant_give(b->device.domain, va_to_mfn(page),
                                     operation == BLKIF_OP_WRITE ? GTF_readonly : 0);
    block_send(b, &request);
    answered = block_answer(b, &answer, PATIENCE);
    grant_end(request.seg[0].gref);
    return answered ? answer.status : BLKIF_RSP_ERROR;
}
