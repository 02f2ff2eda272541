//! What Go calls: the C functions of `go/pluginhost/bimetal_host.h`.
//!
//! In: JSON on the control path; numbers and one record on the data path. Out: a status, and JSON
//! or the same record. Invariant: no panic leaves a function. A buffer that Go is given stays valid
//! until Go gives it back with `bimetal_buffer_free`.

mod call;
mod control;
mod factory;
mod message;
mod reply;
mod table;
mod view;
mod wire;

pub use call::{
    Call, bimetal_call_free, bimetal_call_new, bimetal_call_reset, bimetal_component_consume,
};
pub use control::{
    bimetal_host_catalog, bimetal_host_open, bimetal_host_verify, bimetal_host_verify_files,
    bimetal_plugin_load, bimetal_plugin_take, bimetal_plugins_interrupt, bimetal_plugins_run,
    bimetal_process_changes,
};
pub use factory::{
    bimetal_component_free, bimetal_component_notify, bimetal_component_shutdown,
    bimetal_component_start, bimetal_factory_create, bimetal_factory_validate,
};
pub use reply::bimetal_buffer_free;
pub use table::bimetal_table_encode;
pub use view::{bimetal_view_encode, bimetal_view_table};

use std::sync::OnceLock;

use crate::host::Host;

/// The functions that Go calls, by name; `bimetal_host.h` declares these and `bimetal_main_init`,
/// which is generated.
pub const FUNCTIONS: &[&str] = &[
    "bimetal_buffer_free",
    "bimetal_call_free",
    "bimetal_call_new",
    "bimetal_call_reset",
    "bimetal_component_consume",
    "bimetal_component_free",
    "bimetal_component_notify",
    "bimetal_component_shutdown",
    "bimetal_component_start",
    "bimetal_factory_create",
    "bimetal_factory_validate",
    "bimetal_host_catalog",
    "bimetal_host_open",
    "bimetal_host_verify",
    "bimetal_host_verify_files",
    "bimetal_plugin_load",
    "bimetal_plugin_take",
    "bimetal_plugins_interrupt",
    "bimetal_plugins_run",
    "bimetal_process_changes",
    "bimetal_table_encode",
    "bimetal_view_encode",
    "bimetal_view_table",
];

static HOST: OnceLock<Host> = OnceLock::new();
