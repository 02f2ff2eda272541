//! Unchecked text.
//!
//! In: bytes. Out: [`Text`]. Invariant: bytes that are not UTF-8 are carried as they are, as in the
//! Collector.

use std::borrow::Cow;
use std::fmt;

/// Text as the Collector carries it: bytes that ought to be UTF-8 but need not be.
///
/// ```
/// use bimetal_pdata::Text;
///
/// let text = Text::from("checkout");
/// assert_eq!(text, "checkout");
/// assert_eq!(text.to_str(), Some("checkout"));
/// ```
#[derive(Clone, Copy, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Text<'v>(&'v [u8]);

/// Whether two texts of one length are equal. Keys of one length are common, and a quarter of an
/// upsert was calls of the library's function that compares bytes. Most keys differ at their end.
#[inline]
pub(crate) fn is_equal(found: &[u8], wanted: &[u8]) -> bool {
    match found.len() {
        4..8 => ends::<4>(found) == ends::<4>(wanted),
        8..=16 => ends::<8>(found) == ends::<8>(wanted),
        17..=32 => ends::<16>(found) == ends::<16>(wanted),
        _ => found == wanted,
    }
}

/// The last and the first bytes; all there are of at most twice as many.
#[inline]
fn ends<const N: usize>(bytes: &[u8]) -> (Option<&[u8; N]>, Option<&[u8; N]>) {
    (bytes.last_chunk(), bytes.first_chunk())
}

impl<'v> Text<'v> {
    /// Takes any bytes.
    pub const fn from_bytes(bytes: &'v [u8]) -> Self {
        Self(bytes)
    }

    /// The bytes as they are.
    pub const fn as_bytes(self) -> &'v [u8] {
        self.0
    }

    /// The text, if it is UTF-8.
    pub fn to_str(self) -> Option<&'v str> {
        std::str::from_utf8(self.0).ok()
    }

    /// The text, with a replacement character where it is not UTF-8.
    pub fn to_str_lossy(self) -> Cow<'v, str> {
        String::from_utf8_lossy(self.0)
    }

    /// Whether there is nothing in it.
    pub const fn is_empty(self) -> bool {
        self.0.is_empty()
    }
}

impl<'v> From<&'v str> for Text<'v> {
    fn from(text: &'v str) -> Self {
        Self(text.as_bytes())
    }
}

impl<'v> From<&'v String> for Text<'v> {
    fn from(text: &'v String) -> Self {
        text.as_str().into()
    }
}

impl PartialEq<str> for Text<'_> {
    fn eq(&self, other: &str) -> bool {
        self.0 == other.as_bytes()
    }
}

impl PartialEq<&str> for Text<'_> {
    fn eq(&self, other: &&str) -> bool {
        self.0 == other.as_bytes()
    }
}

impl fmt::Debug for Text<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Debug::fmt(&self.to_str_lossy(), f)
    }
}

impl fmt::Display for Text<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.to_str_lossy())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn keys_are_equal_where_every_byte_is() {
        let key = [b'a'; 40];
        for len in 0..=key.len() {
            let key = &key[..len];
            assert!(is_equal(key, key));
            for changed in 0..len {
                let mut found = key.to_vec();
                found[changed] = b'b';
                assert!(!is_equal(&found, key), "{len} {changed}");
            }
        }
    }
}
