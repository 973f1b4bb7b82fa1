/* The real header with short pages. */
#include_next "grant/maptrack.h"
#undef MAPTRACK_PER_PAGE
#define MAPTRACK_PER_PAGE 3u
