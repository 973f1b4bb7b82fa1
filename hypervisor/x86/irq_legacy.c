/* The PC's first interrupt and timer chips, which Ringfort has no use for. */
#include "x86/cpu.h"
#include "x86/irq_table.h"

#define PIC_MASTER_MASK 0x21
#define PIC_SLAVE_MASK 0xa1
#define PIT_COMMAND 0x43
#define PIT_CHANNEL0_ONE_SHOT 0x30

/* In one-shot mode without a count the PIT's first channel does not tick. */
void irq_silence_legacy(void)
{
    outb(PIC_MASTER_MASK, 0xff);
    outb(PIC_SLAVE_MASK, 0xff);
    outb(PIT_COMMAND, PIT_CHANNEL0_ONE_SHOT);
}
