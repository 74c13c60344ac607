#include "CBuildStamp.h"

#ifndef SG_REVERT_COMMIT
#define SG_REVERT_COMMIT
#endif
#define TEXT(name) #name
#define TEXT_OF(name) TEXT(name)

const char *sg_revert_commit(void) {
    return TEXT_OF(SG_REVERT_COMMIT);
}
