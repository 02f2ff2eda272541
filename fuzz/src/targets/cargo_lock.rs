//! The reader of Cargo.lock.
//!
//! In: bytes as its text. Out: nothing. Invariant: what was read and written again reads the same.

use bimetal_lockfile::CargoLock;

/// One input.
pub fn run(data: &[u8]) {
    let Ok(text) = std::str::from_utf8(data) else {
        return;
    };
    let Ok(lock) = CargoLock::parse(text) else {
        return;
    };
    let written = lock
        .iter()
        .map(|(name, version, checksum)| {
            format!(
                "[[package]]\nname = {}\nversion = {}\nchecksum = {}\n",
                quoted(name),
                quoted(version),
                quoted(checksum)
            )
        })
        .collect::<String>();
    assert_eq!(CargoLock::parse(&written).as_ref(), Ok(&lock));
    for (name, version, checksum) in lock.iter() {
        assert_eq!(lock.checksum(name, version), Some(checksum));
    }
}

/// A basic string of TOML.
fn quoted(text: &str) -> String {
    let mut quoted = String::from("\"");
    for character in text.chars() {
        match character {
            '"' | '\\' => quoted.extend(['\\', character]),
            control if control.is_control() => {
                quoted.push_str(&format!("\\U{:08x}", u32::from(control)));
            }
            other => quoted.push(other),
        }
    }
    quoted.push('"');
    quoted
}
