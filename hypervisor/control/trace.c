#include "control/trace.h"

#include "control/trace_ring.h"
#include "domain/domain.h"
#include "lib/alloc.h"
#include "lib/assert.h"
#include "lib/errno.h"
#include "memory/guest_copy.h"
#include "schedule/schedule.h"
#include "x86/cpu.h"
#include "x86/current.h"
#include "x86/smp.h"

#define CHUNK 32 /* records on the stack */

uint32_t trace_classes;

static struct trace_ring rings[MAX_CPUS]; /* each changed by its CPU only */
/* What the rings are to be; changed and read under the lock, and by trace_take_ring(). */
static struct ringfort_record *buffers[MAX_CPUS];
static uint32_t ring_size; /* records; 0: no rings */
static spinlock_t trace_lock = SPINLOCK_INIT(LOCK_TRACE);

/* Interrupts are off so that an interrupt's own record cannot come in between; nothing else writes
 * to this CPU's ring. */
void trace_record(enum ringfort_event event, const struct vcpu *about, uint64_t arg0, uint64_t arg1)
{
    unsigned long flags = irq_save();
    struct trace_ring *ring = &rings[this_cpu()];
    struct ringfort_record record = {
        .time_ns = (uint64_t)now(),
        .event = (uint16_t)event,
        .domain = about->domain->id,
        .vcpu = (uint16_t)about->id,
        .cpu = (uint16_t)this_cpu(),
        .args = {arg0, arg1},
    };

    if (ring->records)
        trace_ring_put(ring, &record);
    irq_restore(flags);
}

void trace_take_ring(void)
{
    unsigned long flags = irq_save();
    struct trace_ring *ring = &rings[this_cpu()];
    struct ringfort_record *records = ring_size ? buffers[this_cpu()] : NULL;

    if (ring->records != records)
        *ring = (struct trace_ring){.records = records, .size = ring_size};
    if (!current->is_idle)
        trace(RINGFORT_EVENT_DISPATCH, current, 0, bvt_effective(&current->sched.bvt));
    irq_restore(flags);
}

static void take_rings(void)
{
    smp_call(&cpus_online, REMOTE_TRACE, 0);
    trace_take_ring();
}

/* Each CPU lets go of its ring before the memory is freed. */
static void free_rings(void)
{
    ring_size = 0;
    take_rings();
    for (unsigned cpu = 0; cpu < cpu_count; cpu++) {
        zfree(buffers[cpu]);
        buffers[cpu] = NULL;
    }
}

static long make_rings(uint32_t size)
{
    ring_size = size;
    for (unsigned cpu = 0; cpu < cpu_count && size; cpu++) {
        buffers[cpu] = zalloc(size * sizeof(struct ringfort_record));
        if (!buffers[cpu]) {
            free_rings();
            return refuse(-ENOMEM);
        }
    }
    return 0;
}

static long set_trace(uint32_t classes, uint32_t size)
{
    long rc = 0;

    spin_lock(&trace_lock);
    WRITE_ONCE(trace_classes, 0);
    if (size != ring_size) {
        free_rings();
        rc = make_rings(size);
    }
    if (rc == 0) {
        WRITE_ONCE(trace_classes, classes);
        take_rings();
    }
    spin_unlock(&trace_lock);
    return rc;
}

static bool settings_ok(const struct ringfort_trace *t)
{
    if (t->classes & ~RINGFORT_TRACE_ALL)
        return false;
    if (!t->records)
        return !t->classes;
    return t->records >= RINGFORT_TRACE_RECORDS_MIN && t->records <= RINGFORT_TRACE_RECORDS_MAX &&
           !(t->records & (t->records - 1));
}

long trace_control(uint64_t arg)
{
    struct ringfort_trace t;
    long rc = 0;

    if (!copy_from_guest(&t, arg, sizeof(t)))
        return refuse(-EFAULT);
    if (t.version != RINGFORT_INTERFACE_VERSION)
        return refuse(-EACCES);
    if (t.set > 1 || t.pad || (t.set && !settings_ok(&t)))
        return refuse(-EINVAL);
    if (t.set)
        rc = set_trace(t.classes, t.records);
    if (rc)
        return rc;
    t.classes = READ_ONCE(trace_classes);
    t.records = READ_ONCE(ring_size);
    t.cpus = t.records ? cpu_count : 0;
    t.now_ns = (uint64_t)now();
    return copy_to_guest(arg, &t, sizeof(t)) ? 0 : refuse(-EFAULT);
}

/* Up to CHUNK records; nothing may wait for the caller's pages while the rings are held. */
static unsigned read_chunk(struct ringfort_trace_read *t, struct ringfort_record *to, unsigned room)
{
    unsigned n = 0;

    spin_lock(&trace_lock);
    if (rings[t->cpu].records)
        n = trace_ring_get(&rings[t->cpu], &t->cursor, to, MIN(room, CHUNK), &t->lost);
    spin_unlock(&trace_lock);
    return n;
}

/* Fewer records than there are is an answer like any other, so other work ends the copy. */
static long read_records(struct ringfort_trace_read *t)
{
    struct ringfort_record chunk[CHUNK];
    uint32_t done = 0;

    while (done < t->count && !(done && preempt_needed())) {
        unsigned n = read_chunk(t, chunk, t->count - done);

        if (!n)
            break;
        if (!copy_to_guest(t->buffer + done * sizeof(*chunk), chunk, n * sizeof(*chunk)))
            return refuse(-EFAULT);
        done += n;
    }
    t->count = done;
    return 0;
}

long trace_read(uint64_t arg)
{
    struct ringfort_trace_read t;
    long rc;

    if (!copy_from_guest(&t, arg, sizeof(t)))
        return refuse(-EFAULT);
    if (t.version != RINGFORT_INTERFACE_VERSION)
        return refuse(-EACCES);
    if (t.cpu >= cpu_count || t.pad)
        return refuse(-EINVAL);
    if (!READ_ONCE(ring_size))
        return refuse(-ENODATA);
    if (!guest_range_ok(t.buffer, t.count * sizeof(struct ringfort_record)))
        return refuse(-EFAULT);
    t.lost = 0;
    rc = read_records(&t);
    if (rc == 0 && !copy_to_guest(arg, &t, sizeof(t)))
        return refuse(-EFAULT);
    return rc;
}
