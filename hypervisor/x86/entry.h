/* What the entry stubs call and what others may ask of the guest's processor state. */
#ifndef X86_ENTRY_H
#define X86_ENTRY_H

#include "lib/abi.h"

#include "lib/types.h"
#include "x86/cpu.h"

struct vcpu;
struct domain;

/* Boot: IDT, gates, SYSCALL MSRs, CR0/CR4, this CPU's GDT and TSS. Each CPU. */
void traps_init(void); /* boot CPU: builds the IDT frame */
void cpu_init_descriptors(unsigned cpu);

/* What the SYSCALL stubs need before they have a stack; at CPU_AREA_DATA of each CPU. */
struct entry_data {
    uint64_t guest_rsp;
    uint64_t syscall_target; /* syscall_entry in the image: too far away for a direct jump */
};

/* entry_vector of entries that have no vector of their own. */
#define ENTRY_SYSCALL 0x100
#define ENTRY_SYSENTER 0x101

/* C side of the stubs, called from entry.S only. From a guest, interrupts off, on the main stack:
 */
void handle_exception(struct cpu_user_regs *regs);
void handle_interrupt(struct cpu_user_regs *regs);
void handle_guest_syscall(struct cpu_user_regs *regs);
void handle_sysenter(struct cpu_user_regs *regs);
/* IRET to the guest faulted: `regs` is the state that could not be returned to. */
void handle_failed_return(struct cpu_user_regs *regs);
/* Exceptions inside Ringfort: fixes up or panics. The second is for those on stacks of their own
 * (NMI, #DB, #MC, #DF), which may have interrupted an entry stub: touches nothing of the guest's.
 */
void handle_own_exception(struct cpu_user_regs *regs);
void handle_ist_exception(struct cpu_user_regs *regs);
/* Everything that must happen before `current` may run: pending work (which may switch to another
 * vCPU and then not return), dying tables, NMI, events. Interrupts are off before and after. */
void prepare_exit(void);

/* In entry.S: leaves the present stack and enters the exit path of `current`. */
void resume_guest(void) __attribute__((noreturn));
/* In entry.S: empties the present stack and calls `loop`, which must not return. */
void call_on_empty_stack(void (*loop)(void)) __attribute__((noreturn));

/* Delivers to `current`, at once, an exception through the trap table; guest_regs() then are those
 * of the handler's entry. `error` is ignored for vectors without one. No lock may be held: the
 * guest's stack is written. Where that fails or nobody handles the vector, the domain is crashed.
 */
void inject_trap(unsigned vector, uint32_t error);
/* The same for a page fault at `va`; the guest sees the user bit of `error` by its own mode. */
void inject_page_fault(uint64_t va, uint32_t error);

/* Hypercalls of x86/. */
long do_set_trap_table(uint64_t traps);
long do_set_callbacks(uint64_t event, uint64_t failsafe, uint64_t syscall);
long do_callback_op(int cmd, uint64_t arg);
long do_stack_switch(uint64_t ss, uint64_t sp);
long do_fpu_taskswitch(int set);
long do_set_debugreg(int reg, uint64_t value);
uint64_t do_get_debugreg(int reg);
long do_set_segment_base(unsigned which, uint64_t base);
long do_iret(void);
long do_nmi_op(unsigned cmd, uint64_t arg);

/* Checks and installs a debug register of a vCPU. 0; -EPERM: not an address to watch; -EINVAL. */
int vcpu_set_debugreg(struct vcpu *v, int reg, uint64_t value);

/* Makes / frees the trap table and FPU area; reset state as the ABI's start of day. */
int vcpu_arch_init(struct vcpu *v);
void vcpu_arch_destroy(struct vcpu *v);

/* vcpu_guest_context in and out (VCPUOP_initialise, domctl): checks everything, then changes.
 * The vCPU does not run. set: 0, -EINVAL, -ERESTART. */
struct vcpu_guest_context;
int vcpu_set_context(struct vcpu *v, const struct vcpu_guest_context *c);
void vcpu_get_context(struct vcpu *v, struct vcpu_guest_context *c);
/* A context between `current`'s memory and Ringfort's, in the layout of `d`, whose vCPU it is for;
 * writing uses *c up. 0, -EFAULT, -ENOMEM. */
int vcpu_context_read(const struct domain *d, struct vcpu_guest_context *c, uint64_t va);
int vcpu_context_write(const struct domain *d, uint64_t va, struct vcpu_guest_context *c);

/* CPUID as `current` may see it, kernel (forced) view. */
struct cpuid_regs guest_cpuid(const struct vcpu *v, uint32_t leaf, uint32_t subleaf);
/* Makes the default policy of a domain from the machine's. 0 or -ENOMEM. */
int cpu_policy_init(struct domain *d);
void cpu_policy_free(struct domain *d);

/* Prints registers and, in debug builds, the guest's or Ringfort's stack. */
void show_registers(const struct cpu_user_regs *regs);
/* Ringfort's back trace with symbols from a frame pointer. */
void show_backtrace(uint64_t frame_pointer, uint64_t ip);
/* Name of the function around an address of Ringfort, and offset; "?" outside. */
const char *symbol_lookup(uint64_t ip, unsigned long *offset);

#endif
