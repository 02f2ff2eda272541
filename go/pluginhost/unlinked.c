//go:build bimetal_unlinked

// Stands in for the Rust side where there is none: `go test -tags bimetal_unlinked` of what needs
// no cgo. A caller of one of these has left that ground.
#include <stdlib.h>

#include "host.h"

#define UNLINKED(signature)                                                   \
    signature {                                                               \
        abort();                                                              \
    }

UNLINKED(void bimetal_main_init(void))
UNLINKED(int32_t bimetal_host_open(const uint8_t *json, uint64_t len, const otelcol_host *table,
    otelcol_buffer *out))
UNLINKED(int32_t bimetal_host_catalog(otelcol_buffer *out))
UNLINKED(int32_t bimetal_host_verify(const uint8_t *json, uint64_t len, otelcol_buffer *out))
UNLINKED(int32_t bimetal_host_verify_files(const uint8_t *json, uint64_t len, otelcol_buffer *out))
UNLINKED(int32_t bimetal_plugin_load(uint64_t handle, otelcol_buffer *out))
UNLINKED(int32_t bimetal_plugin_take(uint64_t handle, otelcol_buffer *out))
UNLINKED(int32_t bimetal_plugins_run(const uint8_t *json, uint64_t len))
UNLINKED(int32_t bimetal_process_changes(otelcol_buffer *out))
UNLINKED(void bimetal_plugins_interrupt(void))
UNLINKED(int32_t bimetal_factory_validate(uint64_t factory, const uint8_t *config, uint64_t len,
    otelcol_buffer *out))
UNLINKED(int32_t bimetal_factory_create(uint64_t factory, const uint8_t *json, uint64_t len,
    otelcol_buffer *out))
UNLINKED(int32_t bimetal_component_start(uintptr_t component, otelcol_buffer *out))
UNLINKED(int32_t bimetal_component_shutdown(uintptr_t component, uint64_t deadline_unix_ns,
    otelcol_buffer *out))
UNLINKED(int32_t bimetal_component_notify(uintptr_t component, uint32_t event, const uint8_t *text,
    uint64_t len, otelcol_buffer *out))
UNLINKED(void bimetal_component_free(uintptr_t component))
UNLINKED(int32_t bimetal_component_consume(uintptr_t component, uintptr_t call,
    const uint8_t *data, uint64_t len))
UNLINKED(void bimetal_call_reset(bimetal_call *call))

// A record is plain memory, so that what Go does with it can be tested.
bimetal_call *bimetal_call_new(void) {
    bimetal_call *call = calloc(1, sizeof *call);
    if (call == NULL) {
        abort();
    }
    call->context.struct_size = sizeof call->context;
    call->output.struct_size = sizeof call->output;
    call->error.struct_size = sizeof call->error;
    return call;
}

// Nothing reads in place here.
int32_t bimetal_view_encode(uint32_t signal, const uint8_t *table, uint64_t len, uint64_t root,
    otelcol_buffer *out) {
    return OTELCOL_STATUS_UNSUPPORTED;
}

int32_t bimetal_view_table(uint32_t signal, const uint8_t *layout, uint64_t len, uint64_t root,
    otelcol_buffer *rows, otelcol_buffer *text) {
    return OTELCOL_STATUS_UNSUPPORTED;
}

int32_t bimetal_table_encode(uint32_t signal, const uint8_t *rows, uint64_t rows_len,
    const uint8_t *text, uint64_t text_len, otelcol_buffer *out) {
    return OTELCOL_STATUS_UNSUPPORTED;
}

void bimetal_buffer_free(otelcol_buffer *buffer) {
}

void bimetal_call_free(bimetal_call *call) {
    free(call);
}
