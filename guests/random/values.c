#include "random.h"

static uint64_t state[MAX_VCPUS];
/* With a page behind each for lists that are said to be longer than they are. */
static char arenas[RANDOM_VCPUS][(ARENA_PAGES + 1) * PAGE_SIZE] __attribute__((aligned(PAGE_SIZE)));
static unsigned used[RANDOM_VCPUS];
static char brink[2 * PAGE_SIZE] __attribute__((aligned(PAGE_SIZE)));

static struct vcpu_time_info kept_time;

uint64_t random_seed = 1;

void clock_keep(void)
{
    const volatile struct vcpu_time_info *time = &vcpu_info()->time;

    do
        kept_time = *time;
    while ((kept_time.version & 1) || kept_time.version != time->version);
}

uint64_t kept_now(void)
{
    return time_by(&kept_time);
}

uint64_t any(void)
{
    uint64_t *s = &state[this_vcpu()];

    *s ^= *s << 13;
    *s ^= *s >> 7;
    *s ^= *s << 17;
    return *s;
}

unsigned below(unsigned n)
{
    return (unsigned)(any() >> 20) % n;
}

bool one_in(unsigned n)
{
    return below(n) == 0;
}

void step_begin(unsigned vcpu, uint64_t step)
{
    uint64_t mixed = random_seed * 0x9e3779b97f4a7c15ULL + step * 0xbf58476d1ce4e5b9ULL +
                     (vcpu + (is_beside() ? 100 : 0)) * 0x94d049bb133111ebULL;

    mixed ^= mixed >> 31;
    state[vcpu] = mixed ? mixed : 1;
    any();
    any();
    used[vcpu] = 0;
}

static uint64_t number(void)
{
    switch (below(6)) {
    case 0:
        return 1ULL << below(64);
    case 1:
        return (1ULL << below(64)) - 1;
    case 2:
        return any();
    case 3:
        return any() >> below(64);
    default:
        return below(40);
    }
}

/* No address of this guest's own by accident. */
static uint64_t harmless(uint64_t n)
{
    return (uint32_t)n >= (uint32_t)VIRT_BASE && (uint32_t)n < 0xf0000000U ? n & ~0xc0000000ULL : n;
}

uint64_t some_number(void)
{
    return harmless(number());
}

unsigned some_domain(void)
{
    static const unsigned special[] = {DOMID_IO, DOMID_XEN, DOMID_COW, DOMID_INVALID, DOMID_IDLE};

    switch (below(8)) {
    case 0:
        return special[below(ARRAY_SIZE(special))];
    case 1:
        return below(0x10000);
    case 2 ... 3:
        return below(3);
    default:
        return DOMID_SELF;
    }
}

unsigned some_port(void)
{
    return one_in(12) ? (unsigned)some_number() : below(24);
}

unsigned some_ref(void)
{
    return one_in(12) ? (unsigned)some_number() : GRANT_FIRST + below(16);
}

/* Never a frame that this guest lives by, if it is not one of those to play with. */
static mfn_t stranger(void)
{
    mfn_t mfn = below(RAM_FRAMES);
    pfn_t pfn = mfn_to_pfn(mfn);

    return pfn < start_info->nr_pages && pfn_to_mfn(pfn) == mfn ? hypervisor_mfn() : mfn;
}

mfn_t some_mfn(void)
{
    switch (below(14)) {
    case 0:
        return stranger();
    case 1:
        return (mfn_t)(RAM_FRAMES + (any() >> below(64)) % (1ULL << 40));
    case 2:
        return (mfn_t)(start_info->shared_info >> PAGE_SHIFT);
    case 3:
        return spare_frames[below(SPARES)];
    case 4 ... 6:
        return va_to_mfn(play_tables[1 + below(ROOT_LEVEL - 1)]);
    default:
        return va_to_mfn(play_pages[below(PAGES)]);
    }
}

mfn_t some_page_mfn(void)
{
    switch (below(8)) {
    case 0:
        return hypervisor_mfn();
    case 1:
        return spare_frames[below(SPARES)];
    case 2:
        return va_to_mfn(play_tables[1 + below(ROOT_LEVEL - 1)]);
    default:
        return va_to_mfn(play_pages[below(PAGES)]);
    }
}

pte_t some_entry(void)
{
    static const uint64_t bits[] = {0,          PAGE_RO,           PAGE_RW, TABLE_BITS,
                                    TABLE_BITS, PAGE_RW | PTE_PSE, PTE_P,   PAGE_RO | PTE_G};
    pte_t pte = pte_make(some_mfn() & 0xffffffffffULL, bits[below(8)]);

    if (one_in(8))
        pte |= PTE_NX;
    return one_in(20) ? pte ^ 1ULL << below(64) : pte;
}

unsigned long some_va(void)
{
    switch (below(10)) {
    case 0:
        return (unsigned long)bad_pointer();
    case 1 ... 3:
        return (unsigned long)play_pages[below(PAGES)];
    default:
        return FREE_BASE +
               (PLAY_FIRST + below(PLAY_ENTRIES)) * LEVEL_SPAN(1 + below(ROOT_LEVEL - 1));
    }
}

void *bad_pointer(void)
{
    static const unsigned long bad[] = {0,
                                        0x1000,
                                        NO_ADDRESS,
                                        HYPERVISOR_VIRT_START,
                                        HYPERVISOR_VIRT_START - 8,
                                        ~0UL,
                                        ~0UL - 4096,
                                        HYPERVISOR_LAST_PAGE,
                                        HYPERVISOR_LAST_PAGE + 4090};

    return (void *)bad[below(ARRAY_SIZE(bad))];
}

unsigned long some_brink(void)
{
    return (unsigned long)brink + PAGE_SIZE - (8UL << below(8));
}

void brink_make(void)
{
    MUST(page_protect(brink + PAGE_SIZE, 0));
}

static void fill(uint32_t *words, size_t count)
{
    for (size_t i = 0; i < count; i++) {
        switch (below(8)) {
        case 0:
            words[i] = (uint32_t)some_number();
            break;
        case 1:
            words[i] = some_domain();
            break;
        case 2:
            words[i] = (uint32_t)harmless(some_mfn());
            break;
        default:
            words[i] = below(4);
        }
    }
}

void *some_room(size_t size)
{
    unsigned vcpu = this_vcpu();
    char *at = arenas[vcpu] + used[vcpu];

    size = (size + 15) & ~15UL;
    if (one_in(25) || used[vcpu] + size > ARENA_PAGES * PAGE_SIZE)
        return bad_pointer();
    used[vcpu] += (unsigned)size;
    fill((uint32_t *)at, size / 4);
    return at;
}

bool is_room(const void *at)
{
    unsigned vcpu = this_vcpu();

    return (const char *)at >= arenas[vcpu] && (const char *)at < arenas[vcpu] + used[vcpu];
}
