//! A plugin as small as one can be: the manifest and one factory symbol.
#[used]
#[unsafe(no_mangle)]
#[unsafe(link_section = ".otelcol.manifest")]
pub static collector_plugin_manifest: [u8; include!("manifest.len")] =
    *include_bytes!("manifest.bin");

#[unsafe(no_mangle)]
pub extern "C" fn otelcol_processor_new_factory() -> *const u8 {
    std::ptr::null()
}
