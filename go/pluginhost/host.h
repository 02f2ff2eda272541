// What Go and C of this package share.
#ifndef BIMETAL_GO_HOST_H
#define BIMETAL_GO_HOST_H

#include "bimetal_host.h"

// What this Collector offers to components. Lives as long as the process.
const otelcol_host *bimetal_go_table(void);

// Puts a text of malloc's into an error record, which frees it.
void bimetal_say(otelcol_error *error, char *text, uint64_t len);

// Calls the functions that came with the values of an instrument.
void bimetal_refresh(void (*refresh)(void *owner), void *owner);
void bimetal_release(otelcol_buffer cells);
// Lets this process say on its standard output when C's `exit` ends it, which Go's `os.Exit` does
// not call.
void bimetal_note_exit(void);

#endif // BIMETAL_GO_HOST_H
