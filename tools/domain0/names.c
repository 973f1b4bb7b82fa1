#include "names.h"

#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <xenstore.h>

#define DOMAINS 0x7ff0

/* Over its socket only: the other way waits for ever when no XenStore runs. */
static struct xs_handle *store(void)
{
    static struct xs_handle *xs;
    static bool tried;

    if (!tried)
        xs = xs_open(XS_OPEN_SOCKETONLY);
    tried = true;
    return xs;
}

static char *stored_name(unsigned domain)
{
    char path[64];
    unsigned length;

    snprintf(path, sizeof(path), "/local/domain/%u/name", domain);
    return store() ? xs_read(store(), XBT_NULL, path, &length) : NULL;
}

char *domain_name(unsigned domain)
{
    char *name = stored_name(domain);

    if (!name) {
        name = malloc(16);
        if (name)
            snprintf(name, 16, "%u", domain);
    }
    return name ? name : strdup("?");
}

static int id_of(const char *text)
{
    char *end;
    unsigned long id = strtoul(text, &end, 10);

    return *text >= '0' && *text <= '9' && !*end && id < DOMAINS ? (int)id : -1;
}

int domain_by_name(const char *text)
{
    unsigned count = 0;
    int found = id_of(text);
    char **ids =
        found < 0 && store() ? xs_directory(store(), XBT_NULL, "/local/domain", &count) : NULL;

    for (unsigned i = 0; i < count && found < 0; i++) {
        char *name = stored_name((unsigned)atoi(ids[i]));

        if (name && !strcmp(name, text))
            found = atoi(ids[i]);
        free(name);
    }
    free(ids);
    return found;
}

void json_string(FILE *out, const char *text)
{
    putc('"', out);
    for (const unsigned char *c = (const unsigned char *)text; *c; c++) {
        if (*c == '"' || *c == '\\')
            fprintf(out, "\\%c", *c);
        else if (*c < ' ')
            fprintf(out, "\\u%04x", *c);
        else
            putc(*c, out);
    }
    putc('"', out);
}
