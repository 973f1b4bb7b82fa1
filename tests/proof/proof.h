/* What the proofs share: values without a limit, and failures that CBMC reports. */
#ifndef TESTS_PROOF_PROOF_H
#define TESTS_PROOF_PROOF_H

#include "lib/assert.h"
#include "lib/types.h"

/* Any value at all, which is what CBMC takes a function of such a name for. */
uint64_t nondet_u64(void);
unsigned nondet_unsigned(void);
bool nondet_bool(void);
#define any_u64() nondet_u64()
#define any_unsigned() nondet_unsigned()
#define any_bool() nondet_bool()

#define ASSUME(cond) __CPROVER_assume(cond)
#define PROVE(cond, what) __CPROVER_assert((cond), what)

/* The code's own assertions are proved along with the property. */
void assert_failed(const char *expr, const char *file, int line)
{
    __CPROVER_assert(false, "no assertion of the code fails");
    __CPROVER_assume(false);
    for (;;)
        ;
}

void panic(const char *fmt, ...)
{
    __CPROVER_assert(false, "no panic");
    __CPROVER_assume(false);
    for (;;)
        ;
}

int refuse_at(int error, const char *file, int line)
{
    return error;
}

#endif
