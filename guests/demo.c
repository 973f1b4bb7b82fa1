/* A small operating system, to look at: applications in ring 3 that take turns, with system calls
 * and page faults that come straight from the hypervisor to this kernel; memory that is mapped when
 * it is first touched, by batched hypercalls; then the rings of a disk and of a card, drawn as
 * SOSP'03 does in figure 2. Runs alone, with xvda, and with a card on a bridge that answers
 * for 10.9.0.1. */
#include "guest.h"

GUEST_ROOM(1, 160);

#define HEAP 0x40000000UL
#define HEAP_PAGES 64
#define BATCH 16 /* pages mapped by one hypercall when one is missing */
#define EFLAGS_IF 0x202
#define DRAWN 32 /* slots of a ring that fit on a line */

enum call { CALL_EXIT, CALL_NUMBER, CALL_SAY, CALL_YIELD };

struct application {
    const char *name;
    struct trap_frame frame;
    bool running;
    const char *end;
};

static struct application applications[3];
static unsigned calls, faults, hypercalls;

/* --- what runs in ring 3: no kernel function, no kernel data --- */

static inline __attribute__((always_inline)) unsigned long ask(enum call call, unsigned long value)
{
    unsigned long result = call;

    asm volatile(SYSTEM_CALL : "+a"(result) : "D"(value) : SYSTEM_CALL_CLOBBERS);
    return result;
}

/* Counts to three, with a turn for the others after each number. */
static USER void counter(void)
{
    unsigned long number = ask(CALL_NUMBER, 0);

    for (unsigned long i = 1; i <= 3; i++) {
        ask(CALL_SAY, 10 * number + i);
        ask(CALL_YIELD, 0);
    }
    ask(CALL_EXIT, 0);
}

/* Sums over memory that nobody has mapped yet. */
static USER void toucher(void)
{
    volatile unsigned char *heap = (unsigned char *)HEAP;
    unsigned long sum = 0;

    for (unsigned long i = 0; i < HEAP_PAGES * PAGE_SIZE; i += PAGE_SIZE)
        heap[i] = 1;
    for (unsigned long i = 0; i < HEAP_PAGES * PAGE_SIZE; i++)
        sum += heap[i];
    ask(CALL_SAY, sum);
    ask(CALL_EXIT, 0);
}

/* Reads what is the kernel's. */
static USER void intruder(void)
{
    ask(CALL_SAY, *(volatile unsigned long *)VIRT_BASE);
    ask(CALL_EXIT, 0);
}

/* --- the kernel --- */

static void start(unsigned number, const char *name, const void *code)
{
    applications[number] = (struct application){
        .name = name,
        .running = true,
        .frame =
            {
                .rip = USER_ADDRESS(code),
                .cs = USER_CS,
                .rflags = EFLAGS_IF,
                .rsp = USER_STACK_TOP - 1024 * number - 8,
                .ss = USER_SS,
            },
    };
}

static void stop(struct application *a, const char *end)
{
    a->running = false;
    a->end = end;
    print("%s: %s\n", a->name, end);
}

/* Maps pages from this address on by one hypercall, as many as a batch has. */
static void map_batch(unsigned long va)
{
    struct mmu_update batch[BATCH];
    unsigned count = 0, done;

    for (; count < BATCH && va < HEAP + HEAP_PAGES * PAGE_SIZE; count++, va += PAGE_SIZE) {
        batch[count].ptr = va_to_maddr(tables_for(va)) | MMU_NORMAL_PT_UPDATE;
        batch[count].val = pte_make(va_to_mfn(page_alloc()), PAGE_RW | PTE_US);
    }
    MUST(mmu_update(batch, count, &done, DOMID_SELF));
    hypercalls++;
}

static void handle_call(struct application *a)
{
    unsigned number = (unsigned)(a - applications);

    calls++;
    switch ((enum call)a->frame.rax) {
    case CALL_EXIT:
        stop(a, "has ended");
        break;
    case CALL_NUMBER:
        a->frame.rax = number;
        break;
    case CALL_SAY:
        print("%s says %lu\n", a->name, (unsigned long)a->frame.rdi);
        break;
    case CALL_YIELD:
        break;
    }
}

static void handle_fault(struct application *a)
{
    unsigned long va = last_cr2;

    faults++;
    if (va >= HEAP && va < HEAP + HEAP_PAGES * PAGE_SIZE && !(a->frame.error & PF_PRESENT))
        map_batch(va & ~(PAGE_SIZE - 1));
    else
        stop(a, "touched what is not its own, and is stopped");
}

/* One turn: the application runs until it enters the kernel. */
static void run(struct application *a)
{
    int entry = user_run_frame(&a->frame, 0);

    a->frame = last_trap;
    if (entry == ENTRY_SYSTEM_CALL)
        handle_call(a);
    else if (entry == TRAP_PF)
        handle_fault(a);
    else
        stop(a, "raised an exception, and is stopped");
}

static void run_applications(void)
{
    bool any = true;

    user_init();
    start(0, "counter", counter);
    start(1, "toucher", toucher);
    start(2, "intruder", intruder);
    while (any) {
        any = false;
        for (unsigned i = 0; i < ARRAY_SIZE(applications); i++)
            if (applications[i].running) {
                run(&applications[i]);
                any = true;
            }
    }
    print("%u system calls, %u page faults, %u pages by %u hypercalls\n", calls, faults, HEAP_PAGES,
          hypercalls);
    CHECK_EQ(hypercalls, HEAP_PAGES / BATCH);
    CHECK(!strcmp(applications[1].end, "has ended"));
    CHECK(strcmp(applications[2].end, "has ended"));
}

/* The ring as figure 2 has it, unrolled: a slot with a request that the back end has yet to answer
 * is Q, one with a response that we have yet to take is A. */
static void draw(const char *when, unsigned size, unsigned taken, unsigned answered, unsigned asked)
{
    print("%s |", when);
    for (unsigned slot = 0; slot < size && slot < DRAWN; slot++) {
        unsigned from_taken = (slot - taken) % size;

        print("%c", from_taken < answered - taken ? 'A' : from_taken < asked - taken ? 'Q' : '.');
    }
    print("%s request producer %u, response producer %u, response consumer %u\n",
          size > DRAWN ? "..." : "|", asked, answered, taken);
}

static void draw_disk(const char *when, const struct block *b)
{
    draw(when, RING_SIZE(&b->ring), b->ring.rsp_cons, b->ring.sring->rsp_prod,
         b->ring.req_prod_pvt);
}

static void show_disk(void)
{
    static struct block disk;
    struct blkif_response answer;
    char *page = page_alloc();
    grant_ref_t ref;

    if (!block_open(&disk, XVD('a')))
        return;
    print("a disk of %llu sectors; its ring:\n", (unsigned long long)disk.sectors);
    ref = grant_give(disk.device.domain, va_to_mfn(page), 0);
    draw_disk("empty   ", &disk);
    for (unsigned i = 0; i < 6; i++) {
        struct blkif_request request = {
            .operation = BLKIF_OP_READ,
            .nr_segments = 1,
            .handle = (blkif_vdev_t)disk.number,
            .id = i,
            .sector_number = 8 * i,
            .seg[0] = {.gref = ref, .last_sect = 7},
        };

        *RING_GET_REQUEST(&disk.ring, disk.ring.req_prod_pvt++) = request;
    }
    draw_disk("filled  ", &disk);
    RING_PUSH_REQUESTS(&disk.ring);
    event_send(disk.device.port);
    WAIT_FOR(disk.ring.sring->rsp_prod == 6, 10 * SECOND);
    draw_disk("answered", &disk);
    for (unsigned i = 0; i < 6; i++)
        CHECK(block_answer(&disk, &answer, SECOND) && answer.status == BLKIF_RSP_OKAY);
    draw_disk("taken   ", &disk);
    CHECK(grant_end(ref));
    CHECK(block_close(&disk));
}

/* Asks who has 10.9.0.1 until somebody says so. */
static void show_card(void)
{
    static struct net card;
    static uint8_t question[60] = {
        [0] = 0xff, 0xff, 0xff, 0xff, 0xff,      0xff, [12] = 8, 6,  0,         1, 8, 0,
        6,          4,    0,    1,    [28] = 10, 9,    0,        78, [38] = 10, 9, 0, [41] = 1};
    uint8_t answer[FRAME_MAX];
    unsigned size = 0;

    if (!net_open(&card, 0))
        return;
    memcpy(question + 6, card.mac, 6);
    memcpy(question + 22, card.mac, 6);
    print("a card; its rings for sending and for receiving:\n");
    for (unsigned i = 0; i < 5 && !size; i++) {
        CHECK_EQ(net_send(&card, question, sizeof(question)), NETIF_RSP_OKAY);
        draw("sent    ", RING_SIZE(&card.tx), card.tx.rsp_cons, card.tx.sring->rsp_prod,
             card.tx.req_prod_pvt);
        do
            size = net_receive(&card, answer, sizeof(answer), SECOND);
        while (size && (size < 42 || answer[12] != 8 || answer[13] != 6 || answer[21] != 2));
    }
    draw("received", RING_SIZE(&card.rx), card.rx.rsp_cons, card.rx.sring->rsp_prod,
         card.rx.req_prod_pvt);
    if (CHECK(size >= 42))
        print("10.9.0.1 is at %2x:%2x:%2x:%2x:%2x:%2x\n", answer[22], answer[23], answer[24],
              answer[25], answer[26], answer[27]);
}

void test(void)
{
    run_applications();
    if (!start_info->store_mfn)
        return;
    show_disk();
    show_card();
}
