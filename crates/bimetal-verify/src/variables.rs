//! Which variables of the process count for plugins.
//!
//! In: the process. Out: the plugin directory and the trust that variables name, and whether
//! variables count at all. Invariant: a set-id program takes nothing from its environment.

use std::ffi::OsString;

use camino::Utf8PathBuf;

/// The variable that names the plugin directory when no flag does.
pub const DIRECTORY_VARIABLE: &str = "OTELCOL_PLUGINS_DIR";

/// The variable that says what is trusted when no flag does.
pub const TRUST_VARIABLE: &str = "OTELCOL_PLUGINS_TRUST";

/// `OTELCOL_PLUGINS_DIR`, if it is set, not empty, UTF-8, and the program has no rights
/// beyond its user's.
pub fn plugins_dir_from_environment() -> Option<Utf8PathBuf> {
    of_environment(DIRECTORY_VARIABLE).map(Utf8PathBuf::from)
}

/// `OTELCOL_PLUGINS_TRUST`, on the same conditions.
pub fn trust_from_environment() -> Option<String> {
    of_environment(TRUST_VARIABLE)
}

fn of_environment(name: &str) -> Option<String> {
    let value = std::env::var_os(name).filter(|value| !value.is_empty())?;
    if runs_with_borrowed_rights() {
        return None;
    }
    OsString::into_string(value).ok()
}

/// `AT_SECURE` of the kernel: set-user-id, set-group-id or file capabilities. Where it cannot be
/// read, the careful answer is yes.
pub fn runs_with_borrowed_rights() -> bool {
    const AT_SECURE: usize = 23;
    const WORD: usize = size_of::<usize>();
    let word = |bytes: &[u8]| bytes.try_into().map_or(0, usize::from_ne_bytes);
    let Ok(auxiliary) = fs_err::read("/proc/self/auxv") else {
        return true;
    };
    auxiliary
        .chunks_exact(2 * WORD)
        .map(|pair| pair.split_at(WORD))
        .find(|(key, _)| word(key) == AT_SECURE)
        .is_none_or(|(_, value)| word(value) != 0)
}
