//! Names out of a file, kept within a limit.
//!
//! In: names, one after the other. Out: all of them. Invariant: what a hostile table can make a
//! reader keep is bounded in number and in bytes.

use super::error::ReadError;

const COUNT_LIMIT: u64 = 65_536;
const BYTES_LIMIT: u64 = 8 << 20;

/// Names, at most so many and of at most so many bytes together.
#[derive(Debug)]
pub(super) struct BoundedNames {
    what: &'static str,
    names: Vec<String>,
    count: u64,
    bytes: u64,
}

impl BoundedNames {
    /// `what` names them in an error.
    pub(super) fn new(what: &'static str) -> Self {
        Self {
            what,
            names: Vec::new(),
            count: 0,
            bytes: 0,
        }
    }

    /// Counts a name that is kept elsewhere.
    pub(super) fn count(&mut self, name: &[u8]) -> Result<(), ReadError> {
        self.count += 1;
        self.bytes += name.len() as u64;
        for (found, limit) in [(self.count, COUNT_LIMIT), (self.bytes, BYTES_LIMIT)] {
            if found > limit {
                return Err(ReadError::Limit {
                    what: self.what,
                    found,
                    limit,
                });
            }
        }
        Ok(())
    }

    /// Keeps a name.
    pub(super) fn add(&mut self, name: &[u8]) -> Result<(), ReadError> {
        self.count(name)?;
        self.names.push(String::from_utf8_lossy(name).into_owned());
        Ok(())
    }

    /// What was kept, each name once.
    pub(super) fn into_sorted(mut self) -> Vec<String> {
        self.names.sort_unstable();
        self.names.dedup();
        self.names
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn too_many_names_and_too_long_ones_are_errors() {
        let mut names = BoundedNames::new("names");
        for _ in 0..COUNT_LIMIT {
            names.add(b"x").unwrap();
        }
        assert!(matches!(
            names.add(b"x"),
            Err(ReadError::Limit {
                what: "names",
                limit: COUNT_LIMIT,
                ..
            })
        ));
        assert_eq!(names.into_sorted(), ["x"]);
        let mut names = BoundedNames::new("names");
        let long = vec![b'x'; 4096];
        let fits = BYTES_LIMIT / long.len() as u64;
        for _ in 0..fits {
            names.count(&long).unwrap();
        }
        assert!(names.count(&long).is_err());
    }
}
