#include "trace_json.h"

#include <stdlib.h>
#include <string.h>

/* A merge of two halves, each in order. */
static void merge(struct ringfort_record *to, const struct ringfort_record *a, size_t na,
                  const struct ringfort_record *b, size_t nb)
{
    while (na && nb) {
        if (b->time_ns < a->time_ns) {
            *to++ = *b++;
            nb--;
        } else {
            *to++ = *a++;
            na--;
        }
    }
    memcpy(to, na ? a : b, (na + nb) * sizeof(*to));
}

int trace_sort(struct ringfort_record *records, size_t count)
{
    struct ringfort_record *spare = malloc(count * sizeof(*spare) + 1);

    if (!spare)
        return -1;
    for (size_t run = 1; run < count; run *= 2) {
        for (size_t at = 0; at < count; at += 2 * run) {
            size_t na = count - at < run ? count - at : run;
            size_t nb = count - at - na < run ? count - at - na : run;

            merge(spare + at, records + at, na, records + at + na, nb);
        }
        memcpy(records, spare, count * sizeof(*spare));
    }
    free(spare);
    return 0;
}
