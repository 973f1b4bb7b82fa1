#include "console.h"

#include "guest.h"

#include <xen/io/console.h>

#define PATIENCE SECOND

static struct xencons_interface *ring;
static unsigned port;
static char lock;

void console_init(void)
{
    if ((start_info->flags & SIF_INITDOMAIN) || !start_info->console.domU.mfn)
        return;
    ring = mfn_to_va(start_info->console.domU.mfn);
    port = start_info->console.domU.evtchn;
}

bool console_is_own(void)
{
    return ring;
}

/* Whether the daemon made room within its time. */
static bool wait_for_room(void)
{
    uint64_t limit = now() + PATIENCE;

    while (ring->out_prod - ring->out_cons == sizeof(ring->out)) {
        if (now() > limit)
            return false;
        event_send(port);
        event_wait(port, 10 * MILLISECOND);
    }
    return true;
}

static void put(char byte)
{
    if (!wait_for_room())
        return;
    ring->out[MASK_XENCONS_IDX(ring->out_prod, ring->out)] = byte;
    xen_wmb();
    ring->out_prod++;
}

void console_write(const char *bytes, unsigned count)
{
    if (!ring) {
        console_io(CONSOLEIO_write, count, bytes);
        return;
    }
    while (__atomic_test_and_set(&lock, __ATOMIC_ACQUIRE))
        asm volatile("pause");
    for (unsigned i = 0; i < count; i++) {
        if (bytes[i] == '\n')
            put('\r');
        put(bytes[i]);
    }
    event_send(port);
    __atomic_clear(&lock, __ATOMIC_RELEASE);
}

int console_line(char *line, unsigned size, uint64_t nanoseconds)
{
    uint64_t limit = now() + nanoseconds;
    unsigned length = 0;

    for (;;) {
        while (ring && ring->in_cons != __atomic_load_n(&ring->in_prod, __ATOMIC_ACQUIRE)) {
            char byte = ring->in[MASK_XENCONS_IDX(ring->in_cons, ring->in)];

            __atomic_store_n(&ring->in_cons, ring->in_cons + 1, __ATOMIC_RELEASE);
            if (byte == '\n' || byte == '\r') {
                line[length] = '\0';
                event_send(port);
                return (int)length;
            }
            if (length + 1 < size)
                line[length++] = byte;
        }
        if (now() > limit)
            return -1;
        event_wait(port, limit - now());
    }
}

void console_flush(void)
{
    uint64_t limit = now() + PATIENCE;

    while (ring && __atomic_load_n(&ring->out_cons, __ATOMIC_ACQUIRE) != ring->out_prod &&
           now() < limit)
        event_wait(port, 10 * MILLISECOND);
}
