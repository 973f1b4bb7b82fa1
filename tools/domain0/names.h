/* Domains' names, from XenStore. Without a XenStore there are none, and ids are used. */
#ifndef TOOLS_NAMES_H
#define TOOLS_NAMES_H

#include <stdio.h>

/* The domain's name, to be freed; its id in digits when it has none. */
char *domain_name(unsigned domain);

/* The id of a domain by id or name, or -1. */
int domain_by_name(const char *text);

/* Writes a string in quotes as JSON wants it. Bytes that are not ASCII pass as they are. */
void json_string(FILE *out, const char *text);

#endif
