/* A block front end: requests on a ring of descriptors, data in granted pages that the back end in
 * Domain0 reads and writes directly. */
#ifndef GUEST_BLOCK_H
#define GUEST_BLOCK_H

#include "abi.h"
#include "device.h"

#include <xen/io/blkif.h>

#define SECTOR_SIZE 512U
#define PAGE_SECTORS (PAGE_SIZE / SECTOR_SIZE)

/* Numbers of the devices that xl calls xvda, xvdb and so on. */
#define XVD(letter) ((202U << 8) + 16U * ((unsigned)(letter) - 'a'))

struct block {
    struct device device;
    struct blkif_front_ring ring;
    unsigned number;
    uint64_t sectors; /* of SECTOR_SIZE bytes */
    bool read_only;
    unsigned indirect_segments; /* the most in an indirect request; 0: none are taken */
};

/* Connects to a device: whether that worked. */
bool block_open(struct block *b, unsigned number);

/* Disconnects: whether the back end let go of everything. */
bool block_close(struct block *b);

/* Puts a request on the ring as it is, and tells the back end. The caller sees to it that there are
 * no more than the ring takes. */
void block_send(struct block *b, const struct blkif_request *request);

/* The next answer, waited for at most so long: whether one came. */
bool block_answer(struct block *b, struct blkif_response *answer, uint64_t nanoseconds);

/* Reads or writes (BLKIF_OP_...) up to PAGE_SECTORS sectors between the disk and a page, and waits:
 * the answer's status; BLKIF_RSP_ERROR too when none comes. */
int block_transfer(struct block *b, unsigned operation, uint64_t sector, unsigned count,
                   void *page);

#endif
