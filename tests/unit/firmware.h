/* Firmware memory for tests of table parsing: a low megabyte and some more, handed out in heap
 * blocks of exactly the size asked for, so that ASan sees one byte too many. */
#ifndef TESTS_UNIT_FIRMWARE_H
#define TESTS_UNIT_FIRMWARE_H

#include <stdlib.h>
#include <string.h>

#include "lib/printk.h"
#include "memory/hypmap.h"

#define FIRMWARE_SIZE 0x120000u

static uint8_t firmware[FIRMWARE_SIZE];
static void *firmware_blocks[4096];
static unsigned firmware_block_count;

const void *map_firmware(maddr_t base, size_t bytes)
{
    void *block;

    if (base.a >= FIRMWARE_SIZE || bytes > FIRMWARE_SIZE - base.a ||
        firmware_block_count == sizeof(firmware_blocks) / sizeof(firmware_blocks[0]))
        return NULL;
    block = malloc(bytes ? bytes : 1);
    memcpy(block, firmware + base.a, bytes);
    firmware_blocks[firmware_block_count++] = block;
    return block;
}

static void firmware_reset(void)
{
    while (firmware_block_count)
        free(firmware_blocks[--firmware_block_count]);
    memset(firmware, 0, sizeof(firmware));
}

void log_at(enum log_level level, const char *fmt, ...)
{
}

#endif
