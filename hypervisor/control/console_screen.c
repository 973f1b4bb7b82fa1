/* The 80x25 colour text screen of PC firmware. */
#include "control/console_backend.h"
#include "lib/string.h"
#include "memory/hypmap.h"

#define COLUMNS 80
#define ROWS 25
#define SCREEN_BASE 0xb8000
#define BLANK 0x0720 /* light grey on black */

static volatile uint16_t *screen;
static unsigned column;

bool screen_init(void)
{
    screen = map_device(maddr(SCREEN_BASE), COLUMNS * ROWS * sizeof(*screen));
    for (unsigned i = 0; screen != NULL && i < COLUMNS * ROWS; i++)
        screen[i] = BLANK;
    return screen != NULL;
}

static void new_line(void)
{
    for (unsigned i = 0; i < COLUMNS * (ROWS - 1); i++)
        screen[i] = screen[i + COLUMNS];
    for (unsigned i = COLUMNS * (ROWS - 1); i < COLUMNS * ROWS; i++)
        screen[i] = BLANK;
    column = 0;
}

void screen_write(const char *s, size_t n)
{
    for (size_t i = 0; i < n; i++) {
        if (s[i] == '\n' || column == COLUMNS)
            new_line();
        if (s[i] >= ' ')
            screen[COLUMNS * (ROWS - 1) + column++] = (BLANK & 0xff00) | (uint8_t)s[i];
    }
}
