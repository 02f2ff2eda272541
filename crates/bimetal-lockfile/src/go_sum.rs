//! go.sum.
//!
//! In: its text, untrusted. Out: [`GoSum`]. Invariant: a line that `go` would refuse is an error,
//! and a module has one sum or the text is refused: which of two is right cannot be known.

use std::borrow::Cow;
use std::collections::BTreeMap;

use bimetal_terminal::Hint;

/// The `h1:` sums of modules' files, and of go.mod files alone.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct GoSum {
    sums: BTreeMap<(String, String), String>,
    go_mods: BTreeMap<(String, String), String>,
}

/// Why a text is not a go.sum.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum GoSumError {
    /// `go` takes lines of three words only.
    #[error("line {line} has {words} words, not a module, a version and a sum")]
    Words {
        /// Counted from 1.
        line: usize,
        /// How many it has.
        words: usize,
    },
    /// Two different sums for one module.
    #[error("line {line} has another sum for a module than a line before")]
    Twice {
        /// Counted from 1.
        line: usize,
    },
}

impl Hint for GoSumError {
    fn hint(&self) -> Option<Cow<'_, str>> {
        Some("delete go.sum and build again".into())
    }
}

impl GoSum {
    /// Reads the text of a go.sum. Sums of a form other than `h1:` are left out.
    pub fn parse(text: &str) -> Result<Self, GoSumError> {
        let mut read = Self::default();
        for (number, line) in text.lines().enumerate() {
            let line_number = number + 1;
            let words: Vec<_> = line.split_ascii_whitespace().collect();
            let (module, version, sum) = match words.as_slice() {
                [] => continue,
                [module, version, sum] => (*module, *version, *sum),
                other => {
                    return Err(GoSumError::Words {
                        line: line_number,
                        words: other.len(),
                    });
                }
            };
            if !sum.starts_with("h1:") {
                continue;
            }
            let (sums, version) = match version.strip_suffix("/go.mod") {
                Some(version) => (&mut read.go_mods, version),
                None => (&mut read.sums, version),
            };
            let key = (module.to_owned(), version.to_owned());
            let known = sums.entry(key).or_insert_with(|| sum.to_owned());
            if known != sum {
                return Err(GoSumError::Twice { line: line_number });
            }
        }
        Ok(read)
    }

    /// The sum of a module's files.
    pub fn get(&self, module: &str, version: &str) -> Option<&str> {
        let key = (module.to_owned(), version.to_owned());
        self.sums.get(&key).map(String::as_str)
    }

    /// Module, version and sum of all its files, sorted.
    pub fn iter(&self) -> impl Iterator<Item = (&str, &str, &str)> {
        entries(&self.sums)
    }

    /// Module, version and sum of its go.mod file, sorted. More modules have this one than the
    /// other: for most of them only go.mod is read.
    pub fn go_mods(&self) -> impl Iterator<Item = (&str, &str, &str)> {
        entries(&self.go_mods)
    }
}

fn entries(sums: &BTreeMap<(String, String), String>) -> impl Iterator<Item = (&str, &str, &str)> {
    sums.iter()
        .map(|((module, version), sum)| (module.as_str(), version.as_str(), sum.as_str()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sums_of_files_and_those_of_go_mod_alone_are_kept_apart() {
        let text = "example.com/a v1.0.0 h1:AAAA=\nexample.com/a v1.0.0/go.mod h1:BBBB=\n\n\
            example.com/b v0.1.0 h2:CCCC=\n";
        let sums = GoSum::parse(text).unwrap();
        assert_eq!(
            sums.iter().collect::<Vec<_>>(),
            [("example.com/a", "v1.0.0", "h1:AAAA=")]
        );
        assert_eq!(
            sums.go_mods().collect::<Vec<_>>(),
            [("example.com/a", "v1.0.0", "h1:BBBB=")]
        );
        assert_eq!(sums.get("example.com/a", "v1.0.0"), Some("h1:AAAA="));
        assert_eq!(sums.get("example.com/a", "v1.0.1"), None);
    }

    #[test]
    fn a_line_with_too_few_or_too_many_words_is_named_by_its_number() {
        for (text, words) in [("a v1\n", 2), ("\na v1 h1:A more\n", 4)] {
            let error = GoSum::parse(text).unwrap_err();
            assert_eq!(
                error,
                GoSumError::Words {
                    line: text.lines().count(),
                    words
                }
            );
        }
    }

    #[test]
    fn one_module_with_two_sums_is_refused_and_the_same_sum_twice_is_not() {
        assert!(GoSum::parse("a v1 h1:A\na v1 h1:A\n").is_ok());
        assert_eq!(
            GoSum::parse("a v1 h1:A\na v1 h1:B\n"),
            Err(GoSumError::Twice { line: 2 })
        );
    }
}
