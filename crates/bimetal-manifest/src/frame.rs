//! How a text stands in a section: `magic, version, length, text, NUL padding`.
//!
//! In: bytes of a section, untrusted. Out: the text in it. Invariant: a section with anything but
//! one frame gives no text.

use std::str;

/// Name of the section in ELF files.
pub const SECTION: &str = ".otelcol.manifest";

/// The first bytes of every frame.
pub const MAGIC: [u8; 8] = *b"\x89OTELCM\x1a";

/// Version of the framing.
pub const VERSION: u32 = 1;

/// Bytes before the text.
pub const HEADER: usize = MAGIC.len() + size_of::<u32>() + size_of::<u64>();

/// A frame's length is a multiple of this.
pub const ALIGNMENT: usize = 8;

/// Why the bytes of a section are not a frame.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum FrameError {
    #[error("the manifest section is {length} bytes long, its header alone has {HEADER}")]
    TooShort { length: usize },
    #[error("the manifest section does not start with the magic bytes")]
    Magic,
    #[error("the manifest section has framing version {found}, this program reads {VERSION}")]
    Version { found: u32 },
    #[error("the manifest section promises {promised} bytes of text and has {present}")]
    Length { promised: u64, present: usize },
    #[error("the manifest section has more than padding after its text")]
    Trailing,
    #[error("the manifest is not UTF-8")]
    NotUtf8,
}

/// Frames `text` for a section.
pub fn frame(text: &str) -> Vec<u8> {
    let mut bytes = Vec::with_capacity((HEADER + text.len()).next_multiple_of(ALIGNMENT));
    bytes.extend_from_slice(&MAGIC);
    bytes.extend_from_slice(&VERSION.to_le_bytes());
    bytes.extend_from_slice(&(text.len() as u64).to_le_bytes());
    bytes.extend_from_slice(text.as_bytes());
    bytes.resize(bytes.len().next_multiple_of(ALIGNMENT), 0);
    bytes
}

/// The text in the section `bytes`.
pub fn unframe(bytes: &[u8]) -> Result<&str, FrameError> {
    let short = FrameError::TooShort {
        length: bytes.len(),
    };
    let Some((magic, rest)) = bytes.split_first_chunk::<8>() else {
        return Err(short);
    };
    if *magic != MAGIC {
        return Err(FrameError::Magic);
    }
    let Some((version, rest)) = rest.split_first_chunk::<4>() else {
        return Err(short);
    };
    let found = u32::from_le_bytes(*version);
    if found != VERSION {
        return Err(FrameError::Version { found });
    }
    let Some((length, rest)) = rest.split_first_chunk::<8>() else {
        return Err(short);
    };
    let promised = u64::from_le_bytes(*length);
    let (text, padding) = usize::try_from(promised)
        .ok()
        .and_then(|length| rest.split_at_checked(length))
        .ok_or(FrameError::Length {
            promised,
            present: rest.len(),
        })?;
    // Linkers may add NULs of their own. A second frame, from a second array in the same section,
    // is not NUL.
    if padding.iter().any(|&byte| byte != 0) {
        return Err(FrameError::Trailing);
    }
    str::from_utf8(text).map_err(|_| FrameError::NotUtf8)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_framed_text_comes_back_whatever_its_length() {
        for length in 0..40 {
            let text = "ż".repeat(length);
            let bytes = frame(&text);
            assert_eq!(bytes.len() % ALIGNMENT, 0);
            assert_eq!(unframe(&bytes), Ok(text.as_str()));
        }
    }

    #[test]
    fn a_frame_cut_anywhere_is_an_error() {
        let bytes = frame("{}");
        for end in 0..HEADER + 2 {
            assert!(unframe(&bytes[..end]).is_err(), "{end}");
        }
        assert_eq!(unframe(&bytes[..HEADER + 2]), Ok("{}"));
    }

    #[test]
    fn two_frames_in_one_section_are_refused() {
        assert_eq!(
            unframe(&[frame("{}"), frame("{}")].concat()),
            Err(FrameError::Trailing)
        );
    }

    #[test]
    fn another_version_magic_length_or_encoding_is_named() {
        let mut bytes = frame("{}");
        bytes[8] = 2;
        assert_eq!(unframe(&bytes), Err(FrameError::Version { found: 2 }));
        bytes[0] = 0;
        assert_eq!(unframe(&bytes), Err(FrameError::Magic));
        let mut bytes = frame("{}");
        bytes[12..20].fill(0xff);
        assert_eq!(
            unframe(&bytes),
            Err(FrameError::Length {
                promised: u64::MAX,
                present: 4
            })
        );
        let mut bytes = frame("{}");
        bytes[HEADER] = 0xff;
        assert_eq!(unframe(&bytes), Err(FrameError::NotUtf8));
    }
}
