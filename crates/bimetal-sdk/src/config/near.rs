//! Finds the key that was probably meant.
//!
//! In: an unknown key and the known ones. Out: at most one of them. Invariant: bounded work,
//! whatever the key's length.

use strsim::levenshtein;

/// Longest key that is compared; longer ones are no slips of the pen.
const LONGEST: usize = 64;

/// The known key that is at most two edits (or the case) away.
pub(super) fn nearest<'a>(key: &str, known: &[&'a str]) -> Option<&'a str> {
    if key.len() > LONGEST {
        return None;
    }
    known
        .iter()
        .filter(|candidate| candidate.len() <= LONGEST)
        .map(|candidate| {
            (
                levenshtein(&key.to_lowercase(), &candidate.to_lowercase()),
                *candidate,
            )
        })
        .filter(|(edits, candidate)| *edits <= 2 && *edits < candidate.len())
        .min_by_key(|(edits, _)| *edits)
        .map(|(_, candidate)| candidate)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn suggests_a_slip_of_the_pen_and_a_wrong_case_but_no_stranger() {
        assert_eq!(nearest("acitons", &["actions", "include"]), Some("actions"));
        assert_eq!(nearest("Actions", &["actions"]), Some("actions"));
        assert_eq!(nearest("exclude_all", &["actions", "include"]), None);
        assert_eq!(nearest("ab", &["xy"]), None);
    }
}
