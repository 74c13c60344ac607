#pragma once

/// The commit that the program was built from; empty where the build did not say.
const char *sg_revert_commit(void);
