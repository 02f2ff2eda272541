// What the Go side of main calls in its Rust side (crates/bimetal-host, src/ffi).
//
// Texts go in as `ptr, len` and may be read during the call. Answers come back as JSON in a buffer
// that `bimetal_buffer_free` takes back. A function that answers an `int32_t` answers 0 for success
// and a negative OTELCOL_STATUS_... otherwise; then the JSON is `{"message": ..., "hint": ...}`. A
// test of bimetal-host compares the names here with those in Rust.
#ifndef BIMETAL_HOST_H
#define BIMETAL_HOST_H

#include "otelcol_plugin.h"

// One call of `consume`, in memory of the Rust side, so that nothing of Go's is pointed to from
// outside.
typedef struct bimetal_call {
    // Filled by Go, `struct_size` and `cancelled` excepted.
    otelcol_context context;
    // Set by Go to something other than 0 when the caller no longer waits.
    uint32_t cancelled;
    // OTELCOL_SIGNAL_..., filled by Go.
    uint32_t signal;
    // OTELCOL_FORMAT_..., filled by Go.
    uint32_t format;
    uint32_t reserved;
    // Address of the telemetry in Go's memory (OTELCOL_FORMAT_VIEW), filled by Go as a number: what
    // it leads to is kept alive by Go for the call.
    uint64_t root;
    // Filled by the component.
    otelcol_output output;
    // Filled by the component.
    otelcol_error error;
    // Where short answers lie. `output` names it; a Collector never writes into it.
    uint64_t room[128];
} bimetal_call;

_Static_assert(sizeof(bimetal_call) == 1304, "size of bimetal_call");

// Generated with main: announces the factories that are linked in. Called once, before
// bimetal_host_open.
void bimetal_main_init(void);

int32_t bimetal_host_open(const uint8_t *json, uint64_t len, const otelcol_host *table,
    otelcol_buffer *out);
int32_t bimetal_host_catalog(otelcol_buffer *out);
int32_t bimetal_host_verify(const uint8_t *json, uint64_t len, otelcol_buffer *out);
int32_t bimetal_host_verify_files(const uint8_t *json, uint64_t len, otelcol_buffer *out);

// Both use the handle up.
int32_t bimetal_plugin_load(uint64_t handle, otelcol_buffer *out);
int32_t bimetal_plugin_take(uint64_t handle, otelcol_buffer *out);

// What was done to the handling of signals since the last call.
int32_t bimetal_process_changes(otelcol_buffer *out);

// Answers an exit code.
int32_t bimetal_plugins_run(const uint8_t *json, uint64_t len);
// From another thread: asks a running bimetal_plugins_run to end.
void bimetal_plugins_interrupt(void);

int32_t bimetal_factory_validate(uint64_t factory, const uint8_t *config, uint64_t len,
    otelcol_buffer *out);
int32_t bimetal_factory_create(uint64_t factory, const uint8_t *json, uint64_t len,
    otelcol_buffer *out);

int32_t bimetal_component_start(uintptr_t component, otelcol_buffer *out);
int32_t bimetal_component_shutdown(uintptr_t component, uint64_t deadline_unix_ns,
    otelcol_buffer *out);
int32_t bimetal_component_notify(uintptr_t component, uint32_t event, const uint8_t *text,
    uint64_t len, otelcol_buffer *out);
void bimetal_component_free(uintptr_t component);

// Answers OTELCOL_OUTCOME_... or a negative OTELCOL_STATUS_...; `call` is the address of a
// bimetal_call, whose answers are given back by bimetal_call_reset.
int32_t bimetal_component_consume(uintptr_t component, uintptr_t call, const uint8_t *data,
    uint64_t len);
bimetal_call *bimetal_call_new(void);
void bimetal_call_reset(bimetal_call *call);
void bimetal_call_free(bimetal_call *call);

// Encodes the telemetry at the address `root`, which lies as the table says, without JSON. Where it
// cannot be read, nothing is written.
int32_t bimetal_view_encode(uint32_t signal, const uint8_t *table, uint64_t len, uint64_t root,
    otelcol_buffer *out);

// The same telemetry as a table: rows and text.
int32_t bimetal_view_table(uint32_t signal, const uint8_t *layout, uint64_t len, uint64_t root,
    otelcol_buffer *rows, otelcol_buffer *text);

// Encodes a table, without JSON. With a negative answer `out` is a text that says what is wrong.
int32_t bimetal_table_encode(uint32_t signal, const uint8_t *rows, uint64_t rows_len,
    const uint8_t *text, uint64_t text_len, otelcol_buffer *out);

void bimetal_buffer_free(otelcol_buffer *buffer);

#endif // BIMETAL_HOST_H
