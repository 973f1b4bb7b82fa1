/* The unit of work that guests and native processes do alike. */
#ifndef BENCH_WORK_H
#define BENCH_WORK_H

/* 100,000 instructions, which are 100 us where the machine counts instructions for time. Almost all
 * do nothing: the machine charges the same for them, and emulates them quickly. */
static inline void work_unit(void)
{
    unsigned turns = 200;

    __asm__ volatile("1: .rept 498\n nop\n .endr\n dec %0\n jnz 1b" : "+r"(turns) : : "cc");
}

#endif
