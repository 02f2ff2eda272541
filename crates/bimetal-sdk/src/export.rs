//! The one function that a plugin exports, and how its answers are made.
//!
//! In: the host's table. Out: the component's table, or why this plugin cannot work for this host.
//! Invariant: a static component and a plugin share everything but this file's entry; no panic
//! leaves it.
#![expect(
    unsafe_code,
    reason = "one of the SDK's rooms where the C ABI is touched"
)]

use bimetal_abi as abi;
use bimetal_abi::Kind;

use crate::component::Component;
use crate::runtime::instance::Failure;
use crate::runtime::shim::{self, answer, host_table};

/// Exports a component from a `cdylib`: expands to the one function `otelcol_<kind>_new_factory`.
///
/// The builder writes this line into the crate that it generates around a component; authors do not
/// need it. The crate must be allowed to contain unsafe code, because exporting a symbol is unsafe.
///
/// ```
/// # mod my_crate {
/// #     use bimetal_sdk::{Component, Error, Processor, Settings, Signal, Stability};
/// #     struct Nop;
/// #     impl Processor for Nop {
/// #         type Config = bimetal_sdk::config::Empty;
/// #         fn new(_: &Settings, _: Self::Config) -> Result<Self, Error> { Ok(Self) }
/// #     }
/// #     pub fn component() -> &'static Component {
/// #         static COMPONENT: Component =
/// #             Component::processor::<Nop>("nop", &[(Signal::Logs, Stability::Beta)]);
/// #         &COMPONENT
/// #     }
/// # }
/// bimetal_sdk::export_plugin!(processor, my_crate::component);
/// # fn main() {}
/// ```
#[macro_export]
macro_rules! export_plugin {
    (processor, $component:path) => {
        $crate::export_plugin!(@entry otelcol_processor_new_factory, Processor, $component);
    };
    (exporter, $component:path) => {
        $crate::export_plugin!(@entry otelcol_exporter_new_factory, Exporter, $component);
    };
    (connector, $component:path) => {
        $crate::export_plugin!(@entry otelcol_connector_new_factory, Connector, $component);
    };
    (extension, $component:path) => {
        $crate::export_plugin!(@entry otelcol_extension_new_factory, Extension, $component);
    };
    (receiver, $component:path) => {
        $crate::export_plugin!(@entry otelcol_receiver_new_factory, Receiver, $component);
    };
    ($kind:ident, $component:path) => {
        ::core::compile_error!(::core::concat!("`", ::core::stringify!($kind), "` is no kind of \
            component"));
    };
    (@entry $symbol:ident, $kind:ident, $component:path) => {
        /// Gives the component's table to a host.
        ///
        /// # Safety
        /// As `otelcol_new_factory` in `otelcol_plugin.h` says.
        #[unsafe(no_mangle)]
        pub unsafe extern "C" fn $symbol(
            host: *const $crate::abi::Host,
            out: *mut *const $crate::abi::Factory,
            error: *mut $crate::abi::Error,
        ) -> i32 {
            // SAFETY: the host keeps the contract of `otelcol_new_factory`.
            unsafe {
                $crate::export::new_factory($crate::Kind::$kind, $component, host, out, error)
            }
        }
    };
}

/// Body of the exported function; called by [`export_plugin!`] only.
///
/// # Safety
/// `host` is null or a host table that lives as long as the process. `out` is null or valid for one
/// write. `error` is null or an error record with its `struct_size` filled.
#[doc(hidden)]
pub unsafe fn new_factory(
    kind: Kind,
    component: fn() -> &'static Component,
    host: *const abi::Host,
    out: *mut *const abi::Factory,
    error: *mut abi::Error,
) -> i32 {
    let body = || {
        // SAFETY: the caller vouches for the host's table.
        let host = unsafe { host_table(host)? };
        let factory = component().factory();
        if factory.kind != kind as u32 {
            let text = format!("the component is no {}", kind.as_str());
            return Err(Failure::Invalid(text).into());
        }
        require_features(host, factory)?;
        // SAFETY: the caller gave an `out` that is valid for one write.
        unsafe { shim::put(out, std::ptr::from_ref(factory))? };
        Ok(abi::STATUS_OK)
    };
    // SAFETY: the caller vouches for the error record.
    unsafe { answer(error, body) }
}

/// What the component cannot do without must be known to the host, else it would wait for what
/// never comes. That it changes data, and what it takes beside OTLP, are offers.
fn require_features(host: &abi::Host, factory: &abi::Factory) -> Result<(), Failure> {
    let offers = abi::FEATURE_MUTATES | abi::FEATURE_EDITS | abi::FEATURE_VIEW;
    let missing = factory.features & !offers & !host.features;
    if missing == 0 {
        return Ok(());
    }
    Err(Failure::Unsupported(format!(
        "the component needs features {missing:#x} of the Collector, which has {:#x} \
         (ABI {}.{} there, {}.{} here)",
        host.features,
        host.abi_major,
        host.abi_minor,
        abi::ABI_MAJOR,
        abi::ABI_MINOR
    )))
}
