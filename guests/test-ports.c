/* Port I/O follows the virtual I/O privilege level and what Domain0 may touch; CLI and STI do
 * nothing when allowed; string forms work and their faults are the guest's. */
#include "guest.h"

static uint8_t inb(uint16_t port)
{
    uint8_t value;

    asm volatile("inb %1, %0" : "=a"(value) : "Nd"(port));
    return value;
}

static uint32_t inl(uint16_t port)
{
    uint32_t value;

    asm volatile("inl %1, %0" : "=a"(value) : "Nd"(port));
    return value;
}

static void outb(uint16_t port, uint8_t value)
{
    asm volatile("outb %0, %1" : : "a"(value), "Nd"(port));
}

static void outl(uint16_t port, uint32_t value)
{
    asm volatile("outl %0, %1" : : "a"(value), "Nd"(port));
}

static long set_iopl(unsigned iopl)
{
    struct physdev_set_iopl set = {.iopl = iopl};

    return physdev_op(PHYSDEVOP_set_iopl, &set);
}

static USER void in_user(void)
{
    asm volatile("in $0x61, %%al; " SYSTEM_CALL "; ud2" : :);
}

static volatile uint8_t kernels_byte = 0xa5;

static USER void insb_user(void)
{
    asm volatile("insb; " SYSTEM_CALL "; ud2" : : "D"(&kernels_byte), "d"(0x71) : "memory");
}

static USER void outsb_user(void)
{
    asm volatile("outsb; " SYSTEM_CALL "; ud2" : : "S"(&kernels_byte), "d"(0x80) : "memory");
}

static void check_levels(void)
{
    CHECK_EQ(set_iopl(0), 0);
    CHECK_EQ(CATCH((void)inb(0x61)), TRAP_GP);
    CHECK_EQ(CATCH(outb(0x80, 0)), TRAP_GP);
    CHECK_EQ(CATCH(asm volatile("cli")), TRAP_GP);
    CHECK_EQ(CATCH(asm volatile("sti")), TRAP_GP);
    CHECK_EQ(set_iopl(4), -XEN_EINVAL);
    CHECK_EQ(physdev_op(PHYSDEVOP_set_iopl, (void *)0x1000), -XEN_EFAULT);
    CHECK_EQ(set_iopl(1), 0);
    CHECK_EQ(CATCH((void)inb(0x61)), NO_TRAP);
    CHECK_EQ(CATCH(outb(0x80, 0)), NO_TRAP);
    event_enable();
    CHECK_EQ(CATCH(asm volatile("cli")), NO_TRAP);
    CHECK_EQ(vcpu_info()->evtchn_upcall_mask, 0);
    CHECK_EQ(CATCH(asm volatile("sti")), NO_TRAP);
    event_disable();
    /* The kernel's level is not its applications'. */
    user_init();
    CHECK_EQ(user_run(USER_ADDRESS(in_user)), TRAP_GP);
    CHECK_EQ(set_iopl(3), 0);
    CHECK_EQ(user_run(USER_ADDRESS(in_user)), ENTRY_SYSTEM_CALL);
    CHECK_EQ(set_iopl(1), 0);
}

static void check_devices(void)
{
    /* The host bridge is a device of QEMU's and Bochs's. */
    outl(0xcf8, 0x80000000);
    CHECK_EQ(inl(0xcf8), 0x80000000);
    CHECK_EQ(inl(0xcfc) & 0xffff, 0x8086);
    outl(0xcf8, 0x80ffff00 & ~0x700U);
    CHECK_EQ(inl(0xcfc), 0xffffffff);
    /* The hypervisor's own: interrupt controllers, its serial line. */
    CHECK_EQ(inb(0x21), 0xff);
    outb(0x21, 0);
    CHECK_EQ(inb(0x21), 0xff);
    CHECK_EQ(inb(0x3fd), 0xff);
    /* CMOS: index and data are a pair. */
    outb(0x70, 0x0f);
    outb(0x71, 0x5a);
    outb(0x70, 0x0f);
    CHECK_EQ(inb(0x71), 0x5a);
}

static void check_strings(void)
{
    char buffer[8] = {0};
    void *at = buffer;
    unsigned long count = 4;

    outb(0x70, 0x0f);
    CHECK_EQ(CATCH(asm volatile("rep insb"
                                : "+D"(at), "+c"(count)
                                : "d"(0x71)
                                : "memory")),
             NO_TRAP);
    CHECK_EQ(count, 0);
    CHECK_EQ(at, buffer + 4);
    CHECK_EQ(buffer[0], 0x5a);
    CHECK_EQ(buffer[3], 0x5a);
    at = buffer;
    count = 2;
    CHECK_EQ(CATCH(asm volatile("rep outsb"
                                : "+S"(at), "+c"(count)
                                : "d"(0x80)
                                : "memory")),
             NO_TRAP);
    CHECK_EQ(count, 0);
    CHECK_EQ(CATCH(asm volatile("insb" : : "D"(0x1000), "d"(0x71) : "memory")), TRAP_PF);
    CHECK_EQ(last_cr2, 0x1000);
    CHECK_EQ(CATCH(asm volatile("outsb" : : "S"(0x1000), "d"(0x80))), TRAP_PF);
    /* Not over what is the hypervisor's, either. */
    CHECK(CATCH(asm volatile("insb"
                             :
                             : "D"(HYPERVISOR_VIRT_START), "d"(0x71)
                             : "memory")) != NO_TRAP);
}

static uint8_t bitmap[65536 / 8];

static long set_bitmap(unsigned ports)
{
    struct physdev_set_iobitmap set = {.nr_ports = ports};

    set_xen_guest_handle(set.bitmap, bitmap);
    return physdev_op(PHYSDEVOP_set_iobitmap, &set);
}

/* The kernel's map of ports for its applications: a clear bit lets them, wherever the map is. */
static void check_bitmap(void)
{
    CHECK_EQ(set_iopl(1), 0);
    CHECK_EQ(set_bitmap(65536), 0);
    CHECK_EQ(user_run(USER_ADDRESS(in_user)), ENTRY_SYSTEM_CALL);
    bitmap[0x61 / 8] = 1 << 0x61 % 8;
    CHECK_EQ(user_run(USER_ADDRESS(in_user)), TRAP_GP);
    bitmap[0x61 / 8] = (uint8_t) ~(1 << 0x61 % 8);
    CHECK_EQ(user_run(USER_ADDRESS(in_user)), ENTRY_SYSTEM_CALL);
    CHECK_EQ(set_bitmap(0x61), 0);
    CHECK_EQ(user_run(USER_ADDRESS(in_user)), TRAP_GP);
    CHECK_EQ(set_bitmap(65537), -XEN_EINVAL);
    CHECK_EQ(set_bitmap(0), 0);
    CHECK_EQ(user_run(USER_ADDRESS(in_user)), TRAP_GP);
}

/* An application with all ports reaches its kernel's memory through none. */
static void check_users_strings(void)
{
    unsigned refused = ROOT_LEVEL == 4 ? TRAP_PF : TRAP_GP;

    CHECK_EQ(set_iopl(3), 0);
    CHECK_EQ(user_run(USER_ADDRESS(insb_user)), refused);
    CHECK_EQ(kernels_byte, 0xa5);
    CHECK_EQ(user_run(USER_ADDRESS(outsb_user)), refused);
    CHECK_EQ(set_iopl(1), 0);
}

void test(void)
{
    check_levels();
    check_devices();
    check_strings();
    check_users_strings();
    check_bitmap();
}
