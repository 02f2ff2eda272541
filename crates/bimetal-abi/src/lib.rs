//! The C ABI between a Collector and Rust components, as types.
//!
//! In: nothing. Out: `#[repr(C)]` tables and numbers, and `include/otelcol_plugin.h` generated from
//! them. Invariant: no logic but the rule for a type and the one for a borrow. Fixed-width integers
//! only; every table starts with its own size, grows only at the end and says with feature bits
//! what it can do; numbers are append-only. The side that allocated memory frees it.
#![expect(
    unsafe_code,
    reason = "function pointers of a C ABI are unsafe to call"
)]
#![warn(missing_docs, missing_debug_implementations)]

mod borrow;
mod empty;
mod kinds;
mod number;
mod table;
mod type_name;
mod value;

pub use borrow::SliceError;
pub use empty::struct_size;
pub use kinds::*;
pub use number::*;
pub use table::*;
pub use type_name::is_component_type;
pub use value::*;
