//! Which version of the C ABI the crates in the workspace have.
//!
//! In: the carried crate that defines the C ABI. Out: its numbers. Invariant: read from what is
//! compiled, not from what the builder was built with.

use bimetal_manifest::schema::Abi;

use super::error::StampError;
use crate::model::Plan;

/// The numbers are constants of a crate that the builder carries but does not link.
const SOURCE: &str = "rust/bimetal/bimetal-abi/src/number.rs";

/// Reads the numbers from the source that rustc will read.
pub(super) fn read(plan: &Plan) -> Result<Abi, StampError> {
    let path = plan.out.join(SOURCE);
    let text = bimetal_files::read_to_string(&path)?;
    match (constant(&text, "ABI_MAJOR"), constant(&text, "ABI_MINOR")) {
        (Some(major), Some(minor)) => Ok(Abi {
            major,
            minor,
            features: Vec::new(),
        }),
        _ => Err(StampError::Abi { path }),
    }
}

fn constant(text: &str, name: &str) -> Option<u32> {
    let start = format!("pub const {name}: u32 = ");
    text.lines()
        .find_map(|line| line.strip_prefix(&start)?.strip_suffix(';')?.parse().ok())
}

#[cfg(test)]
mod tests {
    #[test]
    fn the_numbers_are_found_in_the_crate_that_is_carried() {
        let text = include_str!("../../../../bimetal-abi/src/number.rs");
        assert_eq!(super::constant(text, "ABI_MAJOR"), Some(1));
        assert!(super::constant(text, "ABI_MINOR").is_some());
    }
}
