/* A 16550 serial port (National Semiconductor's data sheet): output by polling, input by either. */
#include "boot/boot.h"
#include "control/console_backend.h"
#include "x86/cpu.h"

enum uart_register {
    UART_DATA = 0,
    UART_DIVISOR_LOW = 0, /* while LINE_DIVISOR is set */
    UART_INTERRUPT_ENABLE = 1,
    UART_DIVISOR_HIGH = 1,
    UART_FIFO = 2,
    UART_LINE = 3,
    UART_MODEM = 4,
    UART_STATUS = 5,
    UART_SCRATCH = 7,
};

#define LINE_8N1 0x03
#define LINE_DIVISOR 0x80
#define MODEM_DTR_RTS_OUT2 0x0b
#define FIFO_ON_CLEARED 0x07
#define STATUS_DATA 0x01
#define STATUS_SEND_EMPTY 0x20
#define STATUS_ALL_SENT 0x40
#define INTERRUPT_RECEIVED 0x01
#define UART_CLOCK 115200
#define SEND_FIFO 16

/* A port that stays busy is broken or gone: output must not stop the machine. */
#define SEND_SPINS 200000

static uint16_t port;

static uint8_t uart_in(enum uart_register r)
{
    return inb(port + r);
}

static void uart_out(enum uart_register r, uint8_t value)
{
    outb(port + r, value);
}

bool serial_init(void)
{
    uint16_t divisor = UART_CLOCK / options.com1_baud;

    port = options.com1_base;
    uart_out(UART_SCRATCH, 0x5a);
    if (uart_in(UART_SCRATCH) != 0x5a)
        return false;
    uart_out(UART_INTERRUPT_ENABLE, 0);
    uart_out(UART_LINE, LINE_DIVISOR);
    uart_out(UART_DIVISOR_LOW, divisor & 0xff);
    uart_out(UART_DIVISOR_HIGH, divisor >> 8);
    uart_out(UART_LINE, LINE_8N1);
    uart_out(UART_FIFO, FIFO_ON_CLEARED);
    uart_out(UART_MODEM, MODEM_DTR_RTS_OUT2);
    return true;
}

static void wait_for_room(void)
{
    for (unsigned i = 0; i < SEND_SPINS && !(uart_in(UART_STATUS) & STATUS_SEND_EMPTY); i++)
        cpu_relax();
}

/* `room` counts the bytes that fit before the status must be looked at again. */
static void send(char c, unsigned *room)
{
    if (*room == 0) {
        wait_for_room();
        *room = SEND_FIFO;
    }
    uart_out(UART_DATA, c);
    *room -= 1;
}

void serial_write(const char *s, size_t n)
{
    unsigned room = 0;

    for (size_t i = 0; i < n; i++) {
        if (s[i] == '\n')
            send('\r', &room);
        send(s[i], &room);
    }
}

void serial_drain(void)
{
    for (unsigned i = 0; i < SEND_SPINS && !(uart_in(UART_STATUS) & STATUS_ALL_SENT); i++)
        cpu_relax();
}

bool serial_read(char *c)
{
    if (!(uart_in(UART_STATUS) & STATUS_DATA))
        return false;
    *c = uart_in(UART_DATA);
    return true;
}

void serial_enable_interrupt(void)
{
    uart_out(UART_INTERRUPT_ENABLE, INTERRUPT_RECEIVED);
}

unsigned serial_gsi(void)
{
    return port == 0x3f8 ? 4 : port == 0x2f8 ? 3 : 0;
}
