/* Stores to page tables, which Ringfort carries out as updates or hands back as page faults. */
#include "random.h"

/* With the instructions that kernels use; `size` is the power of two of its bytes. */
static void store(void *at, unsigned long value, unsigned long other, unsigned kind, unsigned size)
{
    unsigned long high = 0;

    switch (kind * 4 + size) {
    case 0:
        asm volatile("movb %b1, %0" : "+m"(*(uint8_t *)at) : "q"(value));
        return;
    case 1:
        asm volatile("movw %w1, %0" : "+m"(*(uint16_t *)at) : "r"(value));
        return;
    case 2:
        asm volatile("movl %k1, %0" : "+m"(*(uint32_t *)at) : "r"(value));
        return;
    case 3:
        asm volatile("mov %1, %0" : "+m"(*(unsigned long *)at) : "r"(value));
        return;
    case 4 ... 5:
        asm volatile("xchg %0, %1" : "+m"(*(unsigned long *)at), "+r"(value));
        return;
    case 6:
        asm volatile("lock cmpxchg %k2, %0"
                     : "+m"(*(uint32_t *)at), "+a"(other)
                     : "r"(value)
                     : "cc");
        return;
    case 7:
        asm volatile("lock cmpxchg %2, %0"
                     : "+m"(*(unsigned long *)at), "+a"(other)
                     : "r"(value)
                     : "cc");
        return;
    case 8:
        asm volatile("lock orb $2, %0" : "+m"(*(uint8_t *)at) : : "cc");
        return;
    case 9:
        asm volatile("lock andb $0xfd, %0" : "+m"(*(uint8_t *)at) : : "cc");
        return;
    case 10:
        asm volatile("lock xadd %1, %0" : "+m"(*(unsigned long *)at), "+r"(value) : : "cc");
        return;
    case 11:
        asm volatile("lock btrl $1, %0" : "+m"(*(uint32_t *)at) : : "cc");
        return;
    default:
        asm volatile("lock cmpxchg8b %0"
                     : "+m"(*(uint64_t *)at), "+a"(other), "+d"(high)
                     : "b"((uint32_t)value), "c"(0)
                     : "cc");
    }
}

bool store_random(void)
{
    unsigned level = one_in(6) ? 1 + below(ROOT_LEVEL - 1) : 1;
    char *at = (char *)&play_tables[level][PLAY_FIRST + below(PLAY_ENTRIES)];
    unsigned kind = below(4), size = below(4);
    pte_t value = some_entry(), other = one_in(2) ? *(pte_t *)at : some_entry();
    unsigned long part = (unsigned long)(one_in(3) ? value >> 8 * below(5) : value);

    if (one_in(4))
        at += one_in(2) ? 4 : below(8);
    return CATCH(store(at, part, (unsigned long)other, kind, size)) == NO_TRAP;
}
