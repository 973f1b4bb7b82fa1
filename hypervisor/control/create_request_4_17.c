#include "control/create_request_fields.h"

void create_request_4_17(struct create_request *to, const void *u)
{
    create_request_fields(to, u);
}
