//! The frame and the text of manifests.
//!
//! In: bytes, as a section and as the text in one. Out: nothing. Invariant: a text comes out of a
//! frame as it went in, and a manifest that was read and written again reads the same.

use bimetal_manifest::Manifest;
use bimetal_manifest::frame::{ALIGNMENT, frame, unframe};
use bimetal_manifest::schema::parse_main;

/// One input.
pub fn run(data: &[u8]) {
    if let Ok(text) = unframe(data) {
        assert!(data.starts_with(&frame(text)[..20 + text.len()]));
        read(text);
    }
    // A changed length in the frame hides its text, so the text is also tried as it is.
    if let Ok(text) = std::str::from_utf8(data) {
        let framed = frame(text);
        assert_eq!(framed.len() % ALIGNMENT, 0);
        assert_eq!(unframe(&framed), Ok(text));
        read(text);
    }
}

fn read(text: &str) {
    if let Ok(manifest) = Manifest::parse(text) {
        let written = serde_json::to_string(&manifest).expect("a manifest is always JSON");
        assert_eq!(Manifest::parse(&written).as_ref(), Ok(&manifest));
    }
    if let Ok(parts) = parse_main(text) {
        let written = serde_json::to_string(&parts).expect("manifests are always JSON");
        assert_eq!(parse_main(&written).as_ref(), Ok(&parts));
    }
}
