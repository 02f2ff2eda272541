//! How large a plugin's file may be.
//!
//! In: a size. Out: nothing, or the refusal. Invariant: prediction and start ask here, so that they
//! agree and say it in the same words.

use super::error::ReadError;

/// Most bytes that a plugin's file may have. Plugins are tens of megabytes; anything much larger is
/// a mistake or an attack.
pub const LARGEST_PLUGIN: u64 = 512 << 20;

/// Refuses a plugin's file of `size` bytes if that is too large to be read as a whole.
pub fn check_plugin_size(size: u64) -> Result<(), ReadError> {
    if size > LARGEST_PLUGIN {
        Err(ReadError::TooLarge {
            size,
            limit: LARGEST_PLUGIN,
        })
    } else {
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_largest_plugin_passes_and_one_byte_more_does_not() {
        assert!(check_plugin_size(LARGEST_PLUGIN).is_ok());
        let error = check_plugin_size(LARGEST_PLUGIN + 1).unwrap_err();
        assert_eq!(
            error.to_string(),
            "the file has 536870913 bytes, more than the 536870912 that a plugin may have"
        );
        assert!(!error.is_io(), "it is refused, not undecided");
    }
}
