/* A guest that tools save to a file, or move to another machine, while it has pages and page
 * tables, but neither grants nor open devices. Its vCPUs but the first may run on, without events.
 */
#ifndef GUEST_SUSPEND_H
#define GUEST_SUSPEND_H

#include "abi.h"

/* Tells the tools where the list of machine frames is: once, before they save the guest. */
void suspend_prepare(void);

/* Suspends the guest if the tools want it to: true when it was, and goes on with frames, an event
 * port for XenStore and one for the console that are others than before. */
bool suspend_if_asked(void);

#endif
