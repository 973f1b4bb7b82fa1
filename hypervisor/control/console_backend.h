/* What the console front end asks of the serial port and of the text screen. */
#ifndef CONTROL_CONSOLE_BACKEND_H
#define CONTROL_CONSOLE_BACKEND_H

#include "lib/types.h"

/* Sets up the 16550 at options.com1_base for options.com1_baud, 8n1. False when nothing is there.
 */
bool serial_init(void);
void serial_write(const char *s, size_t n);
/* Waits, not for long, until the last byte has left the machine. */
void serial_drain(void);
/* Takes the next received byte: false when there is none. */
bool serial_read(char *c);
/* Received bytes raise the port's interrupt from now on. */
void serial_enable_interrupt(void);
/* The GSI that COM1 or COM2 has by convention; 0 for another port. */
unsigned serial_gsi(void);

/* Maps and clears the 80x25 colour text screen. */
bool screen_init(void);
void screen_write(const char *s, size_t n);

#endif
