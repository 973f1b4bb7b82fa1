/* console_io writes what it is given, reads nothing when nothing was typed, refuses commands it
 * does not know and buffers that are not there. */
#include "guest.h"

void test(void)
{
    char byte;

    CHECK_EQ(console_io(CONSOLEIO_write, 6, "hello\n"), 0);
    CHECK_EQ(console_io(CONSOLEIO_write, 0, NULL), 0);
    CHECK_EQ(console_io(CONSOLEIO_read, 1, &byte), 0);
    CHECK_EQ(console_io(CONSOLEIO_write, 5, (char *)0x1000), -XEN_EFAULT);
    CHECK_EQ(console_io(CONSOLEIO_write, 5, (char *)HYPERVISOR_LAST_PAGE), -XEN_EFAULT);
    CHECK_EQ(console_io(7, 0, NULL), -XEN_ENOSYS);
}
