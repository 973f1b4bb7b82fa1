/* A toolstack that gives new vCPUs registers and extended state made up to crash the hypervisor, or
 * to let a guest begin with more than it may have (advisories 7, 215 are about single values of
 * these). What must hold: what is impossible is refused; with what is taken a domain comes to its
 * own end at once, for there is nothing that it could run. */
#include "guest.h"

#define XSAVE_MAX (2 * PAGE_SIZE)

/* What 64-bit kernels have besides. */
#ifdef __x86_64__
#define RFLAGS user_regs.rflags
#define RSP user_regs.rsp
#define RIP user_regs.rip
#else
#define RFLAGS user_regs.eflags
#define RSP user_regs.esp
#define RIP user_regs.eip
#endif

static struct vcpu_guest_context context;
static uint64_t image[XSAVE_MAX / sizeof(uint64_t)];
static domid_t id;
static mfn_t root;

static void begin(void)
{
    id = domain_make(1);
    MUST(domain_make_vcpus(id, 1));
    root = domain_root(id);
    domain_context(&context, root);
}

/* It runs with what it was given. */
static void end(void)
{
    struct xen_domctl op;

    if (CHECK_EQ(domain_set_context(id, &context), 0)) {
        MUST(domctl(&op, XEN_DOMCTL_unpausedomain, id));
        CHECK(WAIT_FOR(domain_has_ended(id), 10 * SECOND));
    }
    MUST(domctl(&op, XEN_DOMCTL_destroydomain, id));
}

/* Selectors of the hypervisor's code, data, task state and LDT, of the other width's, of nothing,
 * and of descriptors that are not there. */
static void selectors(void)
{
    static const uint16_t all[] = {0xe008, 0xe010, 0xe040, 0xe050, 0xe018, 0xe01a, 0xe020, 0xe028,
                                   0xe02b, 0xe030, 0xe033, 0,      3,      7,      0xffff, 0x100};

    for (unsigned i = 0; i < ARRAY_SIZE(all); i++) {
        begin();
        context.user_regs.cs = all[i];
        end();
        /* With the hypervisor's code, whose ring it must be of. */
        for (unsigned own = 0; own < 2; own++) {
            begin();
            context.user_regs.ss = context.kernel_ss = all[i];
            if (own)
                context.user_regs.cs = all[0];
            end();
        }
        begin();
        context.user_regs.ds = context.user_regs.es = all[i];
        context.user_regs.fs = context.user_regs.gs = all[i];
        end();
    }
}

/* Flags that would trap at once, trap in the hypervisor, or give away ports. */
static void flags(void)
{
    static const unsigned long all[] = {0,       ~0UL,    0x100,   0x3000,   0x4000,
                                        0x10000, 0x20000, 0x40000, 0x180000, 0x200000};

    for (unsigned i = 0; i < ARRAY_SIZE(all); i++) {
        begin();
        context.RFLAGS = all[i];
        end();
    }
}

/* Handlers and stacks in the hypervisor's addresses: its first fault goes there. */
static void handlers(void)
{
    static const unsigned long all[] = {HYPERVISOR_VIRT_START, HYPERVISOR_LAST_PAGE, ~0UL - 7, 8};

    for (unsigned i = 0; i < ARRAY_SIZE(all); i++) {
        begin();
        context.trap_ctxt[TRAP_PF].address = context.trap_ctxt[TRAP_GP].address = all[i];
        context.trap_ctxt[TRAP_PF].cs = context.trap_ctxt[TRAP_GP].cs = 0xe008;
        context.RSP = context.kernel_sp = all[i];
        context.RIP = all[i];
        end();
        begin();
        context.flags &= ~VGCF_IN_KERNEL;
        context.ctrlreg[1] = context.ctrlreg[3];
        context.kernel_sp = all[i];
        end();
    }
}

/* Each is refused by itself; the domain stays as it is. */
#define REFUSED(change)                                                                            \
    do {                                                                                           \
        domain_context(&context, root);                                                            \
        change;                                                                                    \
        CHECK_EQ(domain_set_context(id, &context), -XEN_EINVAL);                                   \
    } while (0)

static void refused(void)
{
    begin();
    REFUSED(context.ctrlreg[3] = 0);
    REFUSED(context.ctrlreg[3] = xen_pfn_to_cr3(hypervisor_mfn()));
    REFUSED(context.ctrlreg[3] = xen_pfn_to_cr3(va_to_mfn(root_table())));
    if (ROOT_LEVEL == 3)
        REFUSED(context.ctrlreg[3] = xen_pfn_to_cr3(domain_page(id)));
    REFUSED(context.gdt_ents = 14 * 512 + 1);
    REFUSED(context.gdt_ents = ~0UL);
    REFUSED((context.gdt_ents = 1, context.gdt_frames[0] = hypervisor_mfn()));
    REFUSED((context.gdt_ents = 1, context.gdt_frames[0] = root));
    REFUSED(context.ldt_ents = 8193);
    REFUSED((context.ldt_ents = 512, context.ldt_base = ~0UL - 100));
    REFUSED(context.debugreg[0] = ~0UL - 3);
    REFUSED((context.debugreg[7] = 2UL << 16 | 1, context.ctrlreg[4] = 0));
    if (ROOT_LEVEL == 4) {
        REFUSED(context.debugreg[1] = HYPERVISOR_VIRT_START);
        REFUSED(context.RIP = NO_ADDRESS);
        REFUSED(context.trap_ctxt[3].address = NO_ADDRESS);
        REFUSED(context.flags = VGCF_online);
    }
    domain_context(&context, root);
    end();
}

static long set_xsave(uint64_t size)
{
    struct xen_domctl op = {.u.vcpuextstate = {.size = size}};

    set_xen_guest_handle(op.u.vcpuextstate.buffer, image);
    return domctl(&op, XEN_DOMCTL_setvcpuextstate, id);
}

/* XCR0, components ever used, and the area: 512 bytes of FXSAVE's, then the header. */
static void extended(void)
{
    enum { XCR0, LEGACY = 2, MXCSR = LEGACY + 3, HEADER = LEGACY + 512 / 8 };
    struct xen_domctl op = {0};
    uint64_t size;

    begin();
    MUST(domctl(&op, XEN_DOMCTL_getvcpuextstate, id));
    size = op.u.vcpuextstate.size;
    print("extended state of %u bytes\n", (unsigned)size);
    REQUIRE(size > 512 && size <= XSAVE_MAX);
    CHECK_EQ(set_xsave(0), -XEN_EINVAL);
    CHECK_EQ(set_xsave(15), -XEN_EINVAL);
    CHECK_EQ(set_xsave(size + 1), -XEN_EINVAL);
    CHECK_EQ(set_xsave(~0ULL), -XEN_EINVAL);
    CHECK_EQ(set_xsave(size), -XEN_EINVAL); /* without x87 in XCR0 */
    image[XCR0] = 1ULL << 63 | 3;
    CHECK_EQ(set_xsave(size), -XEN_EINVAL);
    image[XCR0] = 3;
    for (unsigned word = HEADER; word < HEADER + 8; word++) {
        image[word] = 1ULL << 63;
        CHECK_EQ(set_xsave(size), -XEN_EINVAL);
        image[word] = 0;
    }
    /* Every bit that is not refused: some that MXCSR does not have. */
    for (unsigned word = LEGACY; word < HEADER; word++)
        image[word] = ~0ULL;
    image[HEADER] = 3;
    CHECK_EQ(set_xsave(size), 0);
    CHECK_EQ(set_xsave(17), 0);
    image[HEADER] = 0;
    CHECK_EQ(set_xsave(size), 0);
    memset(&context.fpu_ctxt, 0xff, sizeof(context.fpu_ctxt));
    context.flags |= VGCF_I387_VALID;
    end();
}

void test(void)
{
    selectors();
    flags();
    handlers();
    refused();
    extended();
    check_recount();
}
