/* The page of call stubs that older kernels and small ones ask for. */
#ifndef DOMAIN_HYPERCALL_PAGE_H
#define DOMAIN_HYPERCALL_PAGE_H

#include "lib/types.h"

/* Fills the page at `page` with one stub for each hypercall number, 32 bytes apart: for 64-bit
 * kernels (SYSCALL), or for 32-bit ones (int $0x82). Pure. Source: <xen/arch-x86/xen.h>. */
void hypercall_page_fill(void *page, bool is_compat);

#endif
