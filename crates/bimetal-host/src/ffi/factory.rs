//! Factories and instances, as Go names them.
//!
//! In: a factory's number or an instance's address. Out: a status and JSON. Invariant: an address
//! that Go has given back is never used.
#![expect(unsafe_code, reason = "functions that Go calls")]

use std::panic::{AssertUnwindSafe, catch_unwind};

use bimetal_abi::Buffer;

use super::control::{host, parse};
use super::message::CreateRequest;
use super::reply::{Failure, reply, text};
use crate::component::{Component, ComponentError, CreateArguments};

/// Checks a configuration as `create` would.
///
/// # Safety
/// `config` and `len` name text; `out` is valid for one write.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn bimetal_factory_validate(
    factory: u64,
    config: *const u8,
    len: u64,
    out: *mut Buffer,
) -> i32 {
    let run = || {
        // SAFETY: the caller keeps the text readable for this call.
        let config = unsafe { text(config, len) }?;
        let entry = host()?.registry().get(factory)?;
        entry.table.validate(config).map_err(failure)
    };
    // SAFETY: the caller promises that `out` may be written.
    unsafe { reply(out, run) }
}

/// Makes an instance; the answer is its address as a number.
///
/// # Safety
/// `json` and `len` name text; `out` is valid for one write.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn bimetal_factory_create(
    factory: u64,
    json: *const u8,
    len: u64,
    out: *mut Buffer,
) -> i32 {
    let run = || {
        // SAFETY: the caller keeps the text readable for this call.
        let request: CreateRequest = parse(unsafe { text(json, len) }?)?;
        let host = host()?;
        let entry = host.registry().get(factory)?;
        let arguments = CreateArguments {
            signal: request.signal,
            output: request.output,
            component: request.component,
            host: host.table(),
            log_level: request.log_level,
            id: &request.id,
            config: &request.config,
            resource: &request.resource,
            build: &request.build,
        };
        let component = entry.table.create(&arguments).map_err(failure)?;
        Ok(Box::into_raw(Box::new(component)).expose_provenance())
    };
    // SAFETY: the caller promises that `out` may be written.
    unsafe { reply(out, run) }
}

/// Starts an instance.
///
/// # Safety
/// `component` was made by `bimetal_factory_create` and not given back; `out` is valid for one
/// write.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn bimetal_component_start(component: usize, out: *mut Buffer) -> i32 {
    let run = || {
        // SAFETY: the caller promises a living instance.
        let component = unsafe { instance(component) }?;
        component.start().map_err(failure)
    };
    // SAFETY: the caller promises that `out` may be written.
    unsafe { reply(out, run) }
}

/// Says what happened around an instance.
///
/// # Safety
/// As for `bimetal_component_start`; `event_text` and `len` name text.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn bimetal_component_notify(
    component: usize,
    event: u32,
    event_text: *const u8,
    len: u64,
    out: *mut Buffer,
) -> i32 {
    let run = || {
        // SAFETY: the caller promises a living instance.
        let component = unsafe { instance(component) }?;
        // SAFETY: the caller keeps the text readable for this call.
        let event_text = unsafe { text(event_text, len) }?;
        component.notify(event, event_text).map_err(failure)
    };
    // SAFETY: the caller promises that `out` may be written.
    unsafe { reply(out, run) }
}

/// Stops an instance; a deadline of 0 is none.
///
/// # Safety
/// As for `bimetal_component_start`.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn bimetal_component_shutdown(
    component: usize,
    deadline_unix_ns: u64,
    out: *mut Buffer,
) -> i32 {
    let run = || {
        // SAFETY: the caller promises a living instance.
        let component = unsafe { instance(component) }?;
        component.shutdown(deadline_unix_ns).map_err(failure)
    };
    // SAFETY: the caller promises that `out` may be written.
    unsafe { reply(out, run) }
}

/// Frees an instance.
///
/// # Safety
/// `component` is 0, or was made by `bimetal_factory_create`, is in no call, and is not used
/// afterwards.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn bimetal_component_free(component: usize) {
    if component == 0 {
        return;
    }
    let address = std::ptr::with_exposed_provenance_mut::<Component>(component);
    // SAFETY: the address came out of a box, and nothing else uses it now.
    let component = unsafe { Box::from_raw(address) };
    let _ = catch_unwind(AssertUnwindSafe(|| drop(component)));
}

/// The instance at an address.
///
/// # Safety
/// `address` is 0 or was made by `bimetal_factory_create` and is not given back during `'a`.
pub(super) unsafe fn instance<'a>(address: usize) -> Result<&'a Component, Failure> {
    let address = std::ptr::with_exposed_provenance::<Component>(address);
    if !address.is_aligned() {
        return Err(Failure::invalid("an address of no instance"));
    }
    // SAFETY: the caller promises a living instance, unless the address is null.
    unsafe { address.as_ref() }.ok_or_else(|| Failure::invalid("no instance"))
}

/// A component's own words reach the user as they are: they are what Go's validation would print.
fn failure(error: ComponentError) -> Failure {
    let is_panic = error.is_panic();
    match error {
        ComponentError::Failed { message, .. } if is_panic => Failure::panicked(message),
        ComponentError::Failed { message, .. } => Failure::verbatim(message),
        error => error.into(),
    }
}
