/* The real header with short pages. */
#include_next "memory/descriptor.h"
#undef DESCRIPTORS_PER_PAGE
#define DESCRIPTORS_PER_PAGE 4u
