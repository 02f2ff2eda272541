// What Go and C of this package share.
#ifndef BIMETAL_GO_HOST_H
#define BIMETAL_GO_HOST_H

#include "bimetal_host.h"

// What this Collector offers to components. Lives as long as the process.
const otelcol_host *bimetal_go_table(void);

// Lets this process say on its standard output when C's `exit` ends it, which Go's `os.Exit` does
// not call.
void bimetal_note_exit(void);

#endif // BIMETAL_GO_HOST_H
