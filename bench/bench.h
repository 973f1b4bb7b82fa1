/*
 * Small measurements of a Linux system, for comparing one kernel on the bare machine with itself
 * under a hypervisor. Each measuring function performs `n` operations and returns the nanoseconds
 * they took, preparation and clearing up left out.
 */
#ifndef BENCH_H
#define BENCH_H

#include <stdint.h>

typedef uint64_t measurement(unsigned n);

/* Nanoseconds: under QEMU's instruction clock the time-stamp counter runs at 1 GHz. */
uint64_t clock_ns(void);
/* Ends the program with a message when `ok` is false. */
void must(int ok, const char *what);
/* Waits for a child process. */
void reap(int pid);

/* process.c */
measurement null_call, null_io, stat_file, open_close, signal_handle;
measurement fork_exit, fork_dirty, fork_exec, shell;
/* memory.c */
measurement mmap_file, protection_fault, file_fault, anonymous_fault, copy_fault;
measurement unmap_page, protect_1mb;
/* ipc.c; one operation is a round trip, 64 KB sent, or a hop from one process to the other. */
measurement context_switch, pipe_trip, unix_trip, tcp_trip, tcp_bulk;
void ipc_prepare(void);

#endif
