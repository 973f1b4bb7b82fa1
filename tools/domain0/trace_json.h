/*
 * Ringfort's trace records as trace-event JSON, which Perfetto and Chrome's viewer open. Pure.
 *
 * One track per processor shows which vCPU runs there; one track per vCPU its states, and within
 * them its hypercalls; arrows lead from what woke a vCPU to where it then ran.
 */
#ifndef TOOLS_TRACE_JSON_H
#define TOOLS_TRACE_JSON_H

#include <stddef.h>
#include <stdio.h>

#include "interface/ringfort.h"

struct trace_input {
    const struct ringfort_record *records; /* of all processors, by time */
    size_t count;
    unsigned cpus;
    uint64_t end_ns;                   /* when recording stopped */
    uint64_t lost;                     /* records that were replaced before they were read */
    char *(*name_of)(unsigned domain); /* to be freed */
};

/* Puts records into the order of their times; those of one processor keep theirs. 0, or -1 without
 * memory. */
int trace_sort(struct ringfort_record *records, size_t count);

/* Writes the whole file. 0, or -1 without memory; the caller looks at the stream's error. */
int trace_write_json(FILE *out, const struct trace_input *in);

#endif
