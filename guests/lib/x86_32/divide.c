/* Division of 64-bit numbers, which the compiler leaves to functions of these names. */
#include "abi.h"

uint64_t __udivdi3(uint64_t number, uint64_t by);
uint64_t __umoddi3(uint64_t number, uint64_t by);
int64_t __divdi3(int64_t number, int64_t by);

/* The quotient of long division, bit by bit; *rest is what is left. */
static uint64_t divide(uint64_t number, uint64_t by, uint64_t *rest)
{
    uint64_t quotient = 0;

    *rest = 0;
    for (int bit = 63; bit >= 0; bit--) {
        bool carry = *rest >> 63;

        *rest = *rest << 1 | (number >> bit & 1);
        if (carry || *rest >= by) {
            *rest -= by;
            quotient |= 1ULL << bit;
        }
    }
    return quotient;
}

uint64_t __udivdi3(uint64_t number, uint64_t by)
{
    uint64_t rest;

    return divide(number, by, &rest);
}

uint64_t __umoddi3(uint64_t number, uint64_t by)
{
    uint64_t rest;

    divide(number, by, &rest);
    return rest;
}

int64_t __divdi3(int64_t number, int64_t by)
{
    uint64_t rest;
    uint64_t quotient = divide(number < 0 ? -(uint64_t)number : (uint64_t)number,
                               by < 0 ? -(uint64_t)by : (uint64_t)by, &rest);

    return (number < 0) == (by < 0) ? (int64_t)quotient : -(int64_t)quotient;
}
