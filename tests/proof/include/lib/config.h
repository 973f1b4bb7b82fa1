/* The real header; in short root tables the last entry but one is Ringfort's. */
#include_next "lib/config.h"
#ifdef PROOF_ENTRIES
#undef HV_SLOT_FIRST
#undef HV_SLOT_LAST
#define HV_SLOT_FIRST (PROOF_ENTRIES - 2)
#define HV_SLOT_LAST (PROOF_ENTRIES - 2)
#endif
