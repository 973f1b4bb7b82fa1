/* A network front end: two rings of descriptors, one for each direction. The back end copies frames
 * out of and into granted pages. */
#ifndef GUEST_NET_H
#define GUEST_NET_H

#include "abi.h"
#include "device.h"

#include <xen/io/netif.h>

#define NET_BUFFERS 16
#define FRAME_MAX 1514U

struct net {
    struct device device;
    struct netif_tx_front_ring tx;
    struct netif_rx_front_ring rx;
    uint8_t mac[6]; /* as Domain0 gave it */
    char *sending;  /* one page, granted for reading */
    grant_ref_t sending_ref;
    char *receiving[NET_BUFFERS];
    grant_ref_t receiving_refs[NET_BUFFERS];
};

/* Connects to a card (0 is the first): whether that worked. */
bool net_open(struct net *n, unsigned number);

/* Puts a request on the sending ring as it is, and tells the back end. */
void net_request(struct net *n, const struct netif_tx_request *request);

/* The next answer to those, waited for at most so long: whether one came. */
bool net_answer(struct net *n, struct netif_tx_response *answer, uint64_t nanoseconds);

/* Sends a frame of at most FRAME_MAX bytes and waits: the answer's status. */
int net_send(struct net *n, const void *frame, unsigned size);

/* Waits for a frame, at most so long: its size, cut to `size`; 0 when none came. */
unsigned net_receive(struct net *n, void *frame, unsigned size, uint64_t nanoseconds);

#endif
