/* sources: hypervisor/event/port.c */
/* options: --unwind 6 --object-bits 10 --no-standard-checks */
/* entries: prove_raise prove_unmask */
/* property: an event raised or unmasked is found by an upcall that looks where the bits say, for
 * any contents of the guest's words and both widths; no other port's bit changes. Ports 128 to 255.
 * Steps of the guest between Ringfort's own are not part of it. */
#include "event/port.h"
#include "lib/abi32.h"
#include "lib/errno.h"
#include "proof.h"

#define FIRST 128

static struct shared_info shared;
static struct vcpu_info info;
static bool compat;
static uint32_t port, other;
static bool other_pending, other_masked, was_pending, was_masked, was_selected, was_upcall;

void *zalloc(size_t size)
{
    return NULL;
}

static bool masked(uint32_t n)
{
    return port_is_masked(&shared, n, compat);
}

static bool selected(void)
{
    if (compat)
        return ((struct vcpu_info_x86_32 *)&info)->evtchn_pending_sel >> port / 32 & 1;
    return info.evtchn_pending_sel >> port / 64 & 1;
}

static void start(void)
{
    compat = any_bool();
    port = any_unsigned(), other = any_unsigned();
    ASSUME(port >= FIRST && port < FIRST + 128);
    ASSUME(other >= FIRST && other < FIRST + 128 && other != port);
    /* The words of the two ports, which are all that is looked at, hold anything. */
    shared.evtchn_pending[port / 64] = any_u64();
    shared.evtchn_pending[other / 64] = any_u64();
    if (compat) {
        ((struct shared_info_x86_32 *)&shared)->evtchn_mask[port / 32] = any_unsigned();
        ((struct shared_info_x86_32 *)&shared)->evtchn_mask[other / 32] = any_unsigned();
    } else {
        shared.evtchn_mask[port / 64] = any_u64();
        shared.evtchn_mask[other / 64] = any_u64();
    }
    info.evtchn_pending_sel = any_u64();
    info.evtchn_upcall_pending = (uint8_t)any_unsigned();
    was_pending = port_is_pending(&shared, port), was_masked = masked(port);
    other_pending = port_is_pending(&shared, other), other_masked = masked(other);
    was_selected = selected(), was_upcall = info.evtchn_upcall_pending;
}

static void check(bool told)
{
    PROVE(port_is_pending(&shared, other) == other_pending, "other events stay");
    PROVE(masked(other) == other_masked, "and so do their masks");
    PROVE(!told || (!was_upcall && info.evtchn_upcall_pending == 1), "who is told did not know");
    PROVE(info.evtchn_upcall_pending || !was_upcall, "no upcall is taken back");
}

void prove_raise(void)
{
    enum port_raised raised;

    start();
    raised = port_raise(&shared, &info, port, compat);
    check(raised == RAISED_UPCALL);
    PROVE(port_is_pending(&shared, port), "it is pending");
    PROVE(masked(port) == was_masked, "masked as before");
    PROVE((raised == RAISED_BEFORE) == was_pending, "raised once");
    if (was_pending || was_masked) {
        PROVE(raised != RAISED_UPCALL && selected() == was_selected, "nobody is disturbed");
        return;
    }
    PROVE(selected(), "its word is named");
    PROVE(was_selected || info.evtchn_upcall_pending, "and an upcall is due, or is looking");
    PROVE(was_selected || was_upcall || raised == RAISED_UPCALL, "who does not know is told");
}

void prove_unmask(void)
{
    bool told;

    start();
    told = port_unmask(&shared, &info, port, compat);
    check(told);
    PROVE(!masked(port) && port_is_pending(&shared, port) == was_pending, "only the mask goes");
    if (!was_masked || !was_pending) {
        PROVE(!told && selected() == was_selected, "nobody is disturbed");
        return;
    }
    PROVE(selected(), "its word is named");
    PROVE(was_selected || info.evtchn_upcall_pending, "and an upcall is due, or is looking");
    PROVE(was_selected || was_upcall || told, "who does not know is told");
}
