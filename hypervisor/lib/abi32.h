/* The structures of 32-bit guests as the ABI's tools see them, with names that end in _x86_32. */
#ifndef LIB_ABI32_H
#define LIB_ABI32_H

#include "lib/abi.h"

#include <xen/foreign/x86_32.h>

#endif
