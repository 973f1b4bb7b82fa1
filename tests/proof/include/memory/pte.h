/* The real header with short tables. */
#include_next "memory/pte.h"
#ifdef PROOF_ENTRIES
#undef TABLE_ENTRIES
#define TABLE_ENTRIES PROOF_ENTRIES
#endif
