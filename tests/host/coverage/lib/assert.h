/* For measuring coverage: assertions have no branch that a test should reach. */
#ifndef TESTS_HOST_COVERAGE_ASSERT_H
#define TESTS_HOST_COVERAGE_ASSERT_H

#include_next "lib/assert.h"

#undef assert
#define assert(cond) ((void)sizeof(!(cond)))
#undef refuse
#define refuse(error) (error)

#endif
