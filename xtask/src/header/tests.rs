#![expect(
    clippy::disallowed_methods,
    reason = "the C compiler is the subject of these tests"
)]

use std::fmt::Write as _;
use std::mem::offset_of;
use std::process::Command;

use bimetal_abi as abi;

use super::*;

macro_rules! offsets {
    ($($c:literal: $rust:ident { $($field:ident),* })*) => {
        [$($((stringify!($field), $c, offset_of!(abi::$rust, $field)),)*)*]
    };
}

#[test]
fn the_checked_in_headers_are_what_the_types_say() {
    check().unwrap();
}

#[test]
fn a_strict_c11_compiler_sees_the_layout_of_the_rust_types() {
    let fields = offsets! {
        "otelcol_slice": Slice { ptr, len }
        "otelcol_buffer": Buffer { ptr, len, owner, release }
        "otelcol_error": Error {
            struct_size, signal, flags, retry_after_ns, http_status, grpc_code, message, retry_data
        }
        "otelcol_context": Context {
            struct_size, flags, deadline_unix_ns, trace_id, span_id, trace_flags, reserved,
            cancelled, metadata
        }
        "otelcol_data": Data { struct_size, signal, format, reserved, bytes, root }
        "otelcol_output": Output { struct_size, format, data }
        "otelcol_field": Field { message, number, kind, offset, of, size, word }
        "otelcol_host": Host {
            struct_size, abi_major, abi_minor, reserved, features, log, log_enabled, send,
            complete, report_status
        }
        "otelcol_create": Create { struct_size, signal, component, host, id, config, resource,
        next, next_len }
        "otelcol_factory": Factory {
            struct_size, kind, signals, features, type_name, describe, validate, create, start,
            consume, cancel,
            shutdown, destroy, stability
        }
    };
    let mut source = "#include <stddef.h>\n#include \"otelcol_plugin.h\"\n".to_owned();
    for (field, c, offset) in fields {
        writeln!(
            source,
            "_Static_assert(offsetof({c}, {field}) == {offset}, \"{c}.{field}\");"
        )
        .unwrap();
    }
    source +=
        "_Static_assert(OTELCOL_ABI_MAJOR == 1 && OTELCOL_STATUS_INVALID == -5, \"numbers\");\n";
    source += "otelcol_new_factory entry = otelcol_processor_new_factory;\n";
    compile("layout.c", &source);
}

#[test]
fn a_plugin_can_be_written_against_the_header_alone() {
    let source = r#"
#include "otelcol_plugin.h"
static int32_t consume(void *instance, const otelcol_context *context, const otelcol_data *data,
    uint64_t token,
                       otelcol_output *output, otelcol_error *error) {
    (void)instance; (void)context; (void)data; (void)token; (void)output; (void)error;
    return OTELCOL_OUTCOME_PASS_THROUGH;
}
static const otelcol_factory factory = {
    .struct_size = sizeof(otelcol_factory), .kind = OTELCOL_KIND_PROCESSOR,
    .signals = 1u << OTELCOL_SIGNAL_LOGS,
    .type_name = {(const uint8_t *)"nop", 3}, .consume = consume};
int32_t otelcol_processor_new_factory(const otelcol_host *host, const otelcol_factory **out,
    otelcol_error *error) {
    (void)error;
    if (host->abi_major != OTELCOL_ABI_MAJOR) return OTELCOL_STATUS_UNSUPPORTED;
    *out = &factory;
    return OTELCOL_STATUS_OK;
}
"#;
    compile("plugin.c", source);
}

fn compile(name: &str, source: &str) {
    let directory = tempfile::tempdir().unwrap();
    let file = directory.path().join(name);
    fs_err::write(
        directory.path().join("otelcol_plugin.h"),
        generate().unwrap(),
    )
    .unwrap();
    fs_err::write(&file, source).unwrap();
    let answer = Command::new("cc")
        .args([
            "-std=c11",
            "-pedantic",
            "-Wall",
            "-Wextra",
            "-Werror",
            "-c",
            "-o",
        ])
        .arg(directory.path().join("out.o"))
        .arg(&file)
        .output()
        .unwrap();
    assert!(
        answer.status.success(),
        "{}",
        String::from_utf8_lossy(&answer.stderr)
    );
}
