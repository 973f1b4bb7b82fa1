/* Ringfort's console: log ring (xl dmesg), serial port, debug keys, Domain0's hvc0. */
#ifndef CONTROL_CONSOLE_H
#define CONTROL_CONSOLE_H

#include "lib/types.h"

/* Boot, as early as possible, after options_parse(): picks the back ends named by console= (com1
 * and vga; com1 when there is no such option), and shows on them what the ring holds already. */
void console_init_early(const char *cmdline);
/* Once Ringfort can map devices: the text screen, if it is a back end. */
void console_init_screen(void);
/* Once interrupts and timers work: serial interrupt or polling. */
void console_init_interrupts(void);
/* Leaves the screen to Domain0. */
void console_leave_screen(void);
/* Raw output to all back ends and the ring; any context. */
void console_write(const char *s, size_t n);
/* Waits until what was written has left the machine: before it is switched off. */
void console_drain(void);
/* Output without locks from now on (panic). */
void console_force_unlock(void);
/* The serial port's interrupt / WORK_CONSOLE: input to Domain0 or, after three Ctrl-A, debug keys.
 */
void console_interrupt(void);
void console_work(void);
/* Reads Domain0's pending input. */
size_t console_read(char *buf, size_t n);
/* The log ring for sysctl readconsole and xl dmesg: copies from absolute index *index on. `index`
 * is advanced by what was copied, and first moved to the oldest byte kept when that is later, or
 * always when not `incremental`. With `clear` the next reader that is not incremental starts here.
 */
size_t console_ring_read(char *buf, size_t n, uint32_t *index, bool clear, bool incremental);
/* Runs a debug key as if typed (sysctl debug_keys). */
void debug_key(char key);

#endif
