/* The pending-work words behind work_raise(). */
#ifndef SCHEDULE_WORK_H
#define SCHEDULE_WORK_H

#include "schedule/schedule.h"

/* Clears one piece of work of a CPU; true when it was pending. */
bool work_take(unsigned cpu, enum cpu_work work);

#endif
