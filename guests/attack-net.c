/* A network front end that sends what Linux's never would, on cards of its own for those attacks
 * after which the back end switches a card off. The first card survives all that is done with it.
 * Needs four cards on a bridge that answers ARP for 10.9.0.1, which it asks for as 10.9.0.77. */
#include "guest.h"

#define PATIENCE (5 * SECOND)
#define CARDS 4
#define ARP_SIZE 60
#define ASKED 1

static struct net cards[CARDS];

static const uint8_t own_address[] = {10, 9, 0, 77}, asked_address[] = {10, 9, 0, 1};

/* Who has 10.9.0.1? in an Ethernet frame from this source. */
static void make_arp(uint8_t *frame, const uint8_t *source)
{
    static const uint8_t head[] = {8, 6, 0, 1, 8, 0, 6, 4, 0, ASKED};

    memset(frame, 0, ARP_SIZE);
    memset(frame, 0xff, 6);
    memcpy(frame + 6, source, 6);
    memcpy(frame + 12, head, sizeof(head));
    memcpy(frame + 22, source, 6);
    memcpy(frame + 28, own_address, 4);
    memcpy(frame + 38, asked_address, 4);
}

/* Whether the question is answered within the time. */
static bool asks(struct net *n, const uint8_t *source, uint64_t nanoseconds)
{
    uint64_t limit = now() + nanoseconds;
    uint8_t frame[FRAME_MAX];

    make_arp(frame, source);
    CHECK_EQ(net_send(n, frame, ARP_SIZE), NETIF_RSP_OKAY);
    while (now() < limit) {
        unsigned size = net_receive(n, frame, sizeof(frame), limit - now());

        if (size >= 42 && frame[12] == 8 && frame[13] == 6 && frame[21] == 2 &&
            !memcmp(frame + 28, asked_address, 4) && !memcmp(frame, source, 6))
            return true;
    }
    return false;
}

/* A packet of one request: the status of the answer, or 1 when none came. */
static int status_of(struct net *n, struct netif_tx_request request)
{
    struct netif_tx_response answer;

    net_request(n, &request);
    return net_answer(n, &answer, PATIENCE) ? answer.status : 1;
}

/* What is wrong with one packet costs that packet. */
static void check_packets(struct net *n)
{
    char *page = page_alloc();
    grant_ref_t ref = grant_give(n->device.domain, va_to_mfn(page), GTF_readonly);
    grant_ref_t other = grant_give(4321, va_to_mfn(page), GTF_readonly);
    grant_ref_t foreign = grant_give(n->device.domain, 0x100, GTF_readonly);

    CHECK_EQ(status_of(n, (struct netif_tx_request){.gref = ref, .size = 0}), NETIF_RSP_ERROR);
    CHECK_EQ(status_of(n, (struct netif_tx_request){.gref = ref, .size = 13}), NETIF_RSP_ERROR);
    CHECK_EQ(status_of(n, (struct netif_tx_request){.gref = 0x7fffffff, .size = 60}),
             NETIF_RSP_ERROR);
    CHECK_EQ(status_of(n, (struct netif_tx_request){.gref = GRANT_ENTRIES - 1, .size = 60}),
             NETIF_RSP_ERROR);
    CHECK_EQ(status_of(n, (struct netif_tx_request){.gref = other, .size = 60}), NETIF_RSP_ERROR);
    CHECK_EQ(status_of(n, (struct netif_tx_request){.gref = foreign, .size = 60}), NETIF_RSP_ERROR);
    CHECK_EQ(status_of(n, (struct netif_tx_request){.gref = foreign, .size = 1500}),
             NETIF_RSP_ERROR);
    CHECK(grant_end(ref) && grant_end(other) && grant_end(foreign));
    CHECK(asks(n, n->mac, PATIENCE));
}

/* With a rule in Domain0 that ties a card to its address: another source is not answered. */
static void check_source(struct net *n)
{
    static const uint8_t spoofed[] = {0x00, 0x16, 0x3e, 0x66, 0x66, 0x66};

    CHECK(!asks(n, spoofed, SECOND));
    CHECK(asks(n, n->mac, PATIENCE));
}

/* What no front end that means well can send: the back end gives the card up. */
static void check_given_up(void)
{
    struct netif_tx_request over = {.gref = cards[1].sending_ref, .offset = 4000, .size = 1000};
    struct netif_tx_request extra = {
        .gref = cards[2].sending_ref,
        .size = 60,
        .flags = NETTXF_extra_info,
    };

    net_request(&cards[1], &over);
    net_request(&cards[2], &extra);
    /* The extra's place has a type that does not exist. */
    extra = (struct netif_tx_request){.gref = 0xffffffff, .offset = 0xffff};
    net_request(&cards[2], &extra);
    cards[3].tx.sring->req_prod += 10000;
    event_send(cards[3].device.port);
    sleep_for(SECOND / 2);
    for (unsigned i = 1; i < CARDS; i++) {
        struct netif_tx_response answer;

        while (net_answer(&cards[i], &answer, 0))
            CHECK(answer.status != NETIF_RSP_OKAY);
    }
    CHECK(asks(&cards[0], cards[0].mac, PATIENCE));
}

void test(void)
{
    for (unsigned i = 0; i < CARDS; i++)
        REQUIRE(net_open(&cards[i], i));
    REQUIRE(asks(&cards[0], cards[0].mac, 10 * SECOND));
    check_packets(&cards[0]);
    if (strstr((const char *)start_info->cmd_line, "source"))
        check_source(&cards[0]);
    check_given_up();
}
