/* What must end in a panic of Ringfort's, rather than go on with something else. */
#ifndef TESTS_HOST_PANICS_H
#define TESTS_HOST_PANICS_H

#include <stdbool.h>

/* Runs `call`: true when it panicked, which ended it there, with the locks that it had. */
bool panics(void (*call)(void));
/* What the last of these said. */
extern char panic_message[256];

#endif
