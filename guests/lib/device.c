#include "device.h"

#include "guest.h"

#define PATIENCE (20 * SECOND)

bool device_find(struct device *d, const char *path)
{
    const char *there = xenstore_read(text("%s/backend", path));

    if (!there || strlen(there) >= sizeof(d->there) || strlen(path) >= sizeof(d->here))
        return false;
    memcpy(d->there, there, strlen(there) + 1);
    memcpy(d->here, path, strlen(path) + 1);
    d->domain = (unsigned)xenstore_number(text("%s/backend-id", path), 0);
    long port = event_alloc_unbound(DOMID_SELF, d->domain);

    if (port < 0)
        return false;
    d->port = (evtchn_port_t)port;
    device_set_number(d, "event-channel", d->port);
    return true;
}

void device_set(const struct device *d, const char *name, const char *value)
{
    if (!xenstore_write(text("%s/%s", d->here, name), value))
        check_abort("XenStore takes no value");
}

void device_set_number(const struct device *d, const char *name, uint64_t value)
{
    device_set(d, name, text("%llu", (unsigned long long)value));
}

uint64_t device_get(const struct device *d, const char *name, uint64_t otherwise)
{
    return xenstore_number(text("%s/%s", d->there, name), otherwise);
}

void *device_ring(const struct device *d, const char *name)
{
    void *page = page_alloc();

    device_set_number(d, name, grant_give(d->domain, va_to_mfn(page), 0));
    return page;
}

static bool wait_state(const struct device *d, enum xenbus_state state)
{
    return xenstore_wait(text("%s/state", d->there), state, PATIENCE);
}

bool device_connect(const struct device *d)
{
    device_set_number(d, "state", XenbusStateConnected);
    return wait_state(d, XenbusStateConnected);
}

bool device_close(const struct device *d)
{
    device_set_number(d, "state", XenbusStateClosing);
    if (!wait_state(d, XenbusStateClosing) && device_get(d, "state", 0) != XenbusStateClosed)
        return false;
    device_set_number(d, "state", XenbusStateClosed);
    return wait_state(d, XenbusStateClosed) && !event_close(d->port);
}
