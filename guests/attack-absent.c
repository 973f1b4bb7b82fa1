/* Entries that are not present (advisory 273, the processors' L1TF): such a processor reads ahead
 * through them all the same, as far as memory is in its first cache, so that an absent entry is a
 * way to read whatever frame it names. What must hold on it: a domain without privileges has no
 * absent entry that names memory of the machine: -EINVAL by each way to an entry and in fresh
 * tables, a fault for its own store, and the entry stays what it was; entries that name nothing, or
 * what is beyond all memory (as Linux keeps swapped-out pages), are the guest's. Above level 1 an
 * absent large page is all of the memory that its address is rounded down to: none is allowed. */
#include "guest.h"

#define RAM_FRAMES 0x10000U /* 256 MiB */

/* The last two are no RAM to the machine's map, but the firmware's. */
static const mfn_t ram[] = {1, 0x9f, 0x100, 0x200, RAM_FRAMES / 2, RAM_FRAMES - 1, 0xfffff};

static long refused; /* what such an entry comes to */

static void cpuid(uint32_t leaf, uint32_t out[4])
{
    asm volatile("cpuid"
                 : "=a"(out[0]), "=b"(out[1]), "=c"(out[2]), "=d"(out[3])
                 : "a"(leaf), "c"(0));
}

/* Of Intel's, and silent on whether it is one of the newer ones. */
static bool reads_ahead(void)
{
    uint32_t vendor[4], features[4];

    cpuid(0, vendor);
    cpuid(7, features);
    return vendor[1] == 0x756e6547 && (vendor[0] < 7 || !(features[3] & 1U << 29));
}

static void check_entry(pte_t *entry, pte_t value, long result)
{
    CHECK_EQ(entry_write(entry, value), result);
    CHECK_EQ(*entry, result ? 0 : value);
    CHECK_EQ(entry_write(entry, 0), 0);
    CHECK_EQ(mmu_update_one(va_to_maddr(entry) | MMU_PT_UPDATE_PRESERVE_AD, value), result);
    CHECK_EQ(*entry, result ? 0 : value);
    CHECK_EQ(entry_write(entry, 0), 0);
}

static void check_frame(mfn_t mfn, long result)
{
    pte_t *leaf = tables_for(FREE_BASE), *fresh = page_alloc();
    pte_t value = pte_make(mfn, PAGE_RW & ~PTE_P);
    uint32_t half = (uint32_t)value;

    check_entry(leaf, value, result);
    for (unsigned level = 2; level < ROOT_LEVEL; level++) {
        pte_t *entry = entry_of(FREE_BASE + 5 * LEVEL_SPAN(level), level);

        check_entry(entry, value, result);
        check_entry(entry, value | PTE_PSE, refused);
    }
    CHECK_EQ(update_va_mapping(FREE_BASE, value, UVMF_INVLPG), result);
    CHECK_EQ(*leaf, result ? 0 : value);
    CHECK_EQ(entry_write(leaf, 0), 0);
    if (half == value) {
        CHECK_EQ(CATCH(*(volatile uint32_t *)leaf = half), result ? TRAP_PF : NO_TRAP);
        CHECK_EQ(*leaf, result ? 0 : value);
        CHECK_EQ(entry_write(leaf, 0), 0);
    }
    fresh[TABLE_ENTRIES - 1] = value;
    page_make_readonly(fresh);
    for (unsigned cmd = MMUEXT_PIN_L1_TABLE; cmd <= MMUEXT_PIN_L2_TABLE; cmd++) {
        CHECK_EQ(mmuext_mfn(cmd, va_to_mfn(fresh)), result);
        if (!result)
            MUST(mmuext_mfn(MMUEXT_UNPIN_TABLE, va_to_mfn(fresh)));
    }
    MUST(page_protect(fresh, PAGE_RW));
}

void test(void)
{
    refused = is_beside() && reads_ahead() ? -XEN_EINVAL : 0;
    print("absent entries are %s\n", refused ? "looked at" : "the guest's");
    check_frame(0, 0);
    for (unsigned i = 0; i < ARRAY_SIZE(ram); i++) {
        check_frame(ram[i], refused);
        /* Inverted, as Linux does. */
        check_frame(~ram[i] & (PTE_FRAME >> PAGE_SHIFT), 0);
    }
    if (!is_beside())
        beside_wait(20 * SECOND);
}
