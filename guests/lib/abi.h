/* The ABI's headers and the C types that go with them. */
#ifndef GUEST_ABI_H
#define GUEST_ABI_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* Domain0's interfaces too. */
#define __XEN_TOOLS__ 1
#define __XEN_INTERFACE_VERSION__ 0x00040e00

/* What the rings' macros want: the processor keeps loads and stores each in order. */
#define xen_mb() __sync_synchronize()
#define xen_rmb() asm volatile("" : : : "memory")
#define xen_wmb() asm volatile("" : : : "memory")

/* At 32 bits the ABI's hole is the default, and a guest's note may ask for less (x86_32/start.S):
 * these addresses are the hypervisor's in either case. */
#ifdef __i386__
#define HYPERVISOR_VIRT_START HYPERVISOR_VIRT_START_NONPAE
#endif

#include <xen/xen.h>
#include <xen/callback.h>
#include <xen/event_channel.h>
#include <xen/features.h>
#include <xen/grant_table.h>
#include <xen/memory.h>
#include <xen/physdev.h>
#include <xen/platform.h>
#include <xen/sched.h>
#include <xen/sysctl.h>
#include <xen/vcpu.h>
#include <xen/version.h>

/* Error numbers of the ABI as XEN_EPERM and so on, and a bound for telling them from results. */
#define XEN_ERRNO(name, value) XEN_##name = value,
enum xen_errno {
#include <xen/errno.h>
};

typedef unsigned long mfn_t;
typedef unsigned long pfn_t;
typedef uint64_t maddr_t;
typedef uint64_t pte_t;

#define PAGE_SHIFT 12
#define PAGE_SIZE 4096UL

#define ARRAY_SIZE(array) (sizeof(array) / sizeof((array)[0]))

void *memset(void *at, int byte, size_t size);
void *memcpy(void *to, const void *from, size_t size);
int memcmp(const void *a, const void *b, size_t size);
size_t strlen(const char *text);
int strncmp(const char *a, const char *b, size_t size);
int strcmp(const char *a, const char *b);
const char *strstr(const char *text, const char *part);

/* The decimal number that a text begins with; 0 without digits. */
uint64_t number_of(const char *text);

#endif
