// The table that components call back through. It cannot stand in a Go file: `//export` forbids
// definitions in a preamble.
#include "host.h"

#include <stdlib.h>
#include <unistd.h>

#include "_cgo_export.h"

static void write_log(uint64_t component, int32_t level, otelcol_slice message,
    otelcol_slice fields) {
    bimetalGoLog(component, level, (uint8_t *)message.ptr, message.len, (uint8_t *)fields.ptr,
        fields.len);
}

static int32_t log_is_enabled(uint64_t component, int32_t level) {
    return bimetalGoLogEnabled(component, level);
}

static void report_status(uint64_t component, int32_t status, otelcol_slice message) {
    bimetalGoReportStatus(component, status, (uint8_t *)message.ptr, message.len);
}

static int32_t declare(uint64_t component, const otelcol_instrument *instrument,
    otelcol_error *error) {
    return bimetalGoDeclare(component, (otelcol_instrument *)instrument, error);
}

static void record(uint64_t component, uint32_t instrument, uint32_t set, otelcol_slice values) {
    bimetalGoRecord(component, instrument, set, (uint8_t *)values.ptr, values.len);
}

static void free_text(void *owner, uint8_t *ptr, uint64_t len) {
    (void)ptr;
    (void)len;
    free(owner);
}

void bimetal_say(otelcol_error *error, char *text, uint64_t len) {
    if (error == NULL || error->struct_size < sizeof *error) {
        free(text);
        return;
    }
    error->message = (otelcol_buffer){
        .ptr = (uint8_t *)text, .len = len, .owner = text, .release = free_text};
}

void bimetal_refresh(void (*refresh)(void *owner), void *owner) {
    refresh(owner);
}

void bimetal_release(otelcol_buffer cells) {
    if (cells.release != NULL) {
        cells.release(cells.owner, cells.ptr, cells.len);
    }
}

// What a component sends is checked here as far as C can: sizes of records, and where a table's
// text is.
static int32_t send_on(uint64_t next, const otelcol_context *context, const otelcol_data *data,
    otelcol_error *error) {
    if (context == NULL || context->struct_size < sizeof *context || data == NULL ||
        data->struct_size < sizeof *data || error == NULL ||
        error->struct_size < sizeof *error) {
        return OTELCOL_STATUS_INVALID;
    }
    otelcol_slice text = {NULL, 0};
    if (data->format == OTELCOL_FORMAT_TABLE && data->root != 0) {
        text = *(const otelcol_slice *)(uintptr_t)data->root;
    }
    return bimetalGoSend(next, (otelcol_context *)context, data->signal, data->format,
        (uint8_t *)data->bytes.ptr, data->bytes.len, (uint8_t *)text.ptr, text.len, error);
}

static const otelcol_host table = {
    .struct_size = sizeof(otelcol_host),
    .abi_major = OTELCOL_ABI_MAJOR,
    .abi_minor = OTELCOL_ABI_MINOR,
    .features = OTELCOL_FEATURE_VIEW | OTELCOL_FEATURE_EDITS | OTELCOL_FEATURE_TABLE |
        OTELCOL_FEATURE_WATCH_STATUS | OTELCOL_FEATURE_WATCH_PIPELINES |
        OTELCOL_FEATURE_WATCH_CONFIG,
    .log = write_log,
    .log_enabled = log_is_enabled,
    .report_status = report_status,
    .declare = declare,
    .record = record,
    .send = send_on,
};

const otelcol_host *bimetal_go_table(void) {
    return &table;
}

static void say_exit(void) {
    static const char line[] = "{\"exit\":\"c\"}\n";
    // No reader is left to learn that it could not be written.
    if (write(STDOUT_FILENO, line, sizeof line - 1) < 0) {
        return;
    }
}

void bimetal_note_exit(void) {
    atexit(say_exit);
}
