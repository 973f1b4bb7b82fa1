/* What front ends of all kinds do to meet their back end in XenStore. */
#ifndef GUEST_DEVICE_H
#define GUEST_DEVICE_H

#include "abi.h"

struct device {
    char here[64];   /* our place in XenStore */
    char there[96];  /* the back end's */
    unsigned domain; /* the back end's */
    evtchn_port_t port;
};

/* Finds the device at this relative path ("device/vbd/51712") and makes its event channel: whether
 * there is one. */
bool device_find(struct device *d, const char *path);

/* Writes a number or a text below our place; ends the test when the store refuses. */
void device_set(const struct device *d, const char *name, const char *value);
void device_set_number(const struct device *d, const char *name, uint64_t value);

/* What the back end says: a number, or `otherwise`. */
uint64_t device_get(const struct device *d, const char *name, uint64_t otherwise);

/* A page of zeros for a ring, granted to the back end, with the reference written under `name`. */
void *device_ring(const struct device *d, const char *name);

/* All is written: says so, and waits until the back end is connected: whether it is. */
bool device_connect(const struct device *d);

/* Says goodbye and waits until the back end has let go of everything: whether it did. */
bool device_close(const struct device *d);

#endif
