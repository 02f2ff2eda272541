//! The parts of `make soak`, and how much of the time each has.
//!
//! In: minutes, the name of a part. Out: parts with their times. Invariant: the shares are per cent
//! of the whole and come to a hundred; a name that is no part's is an error.

use std::time::Duration;

/// One part.
pub(super) struct Part {
    pub(super) name: &'static str,
    /// Per cent.
    pub(super) share: u32,
    pub(super) work: Work,
}

/// What a part does.
pub(super) enum Work {
    /// The fuzz target of the part's name, with inputs of at most `longest` bytes.
    Fuzz { longest: u32 },
    /// Changed plugins that are accepted, opened by the loader.
    Mutants,
    /// Property tests.
    Properties,
    /// The C ABI under the address sanitizer.
    Sanitizer,
    /// Random batches through Rust components under Go's checks of memory.
    Stress,
    /// A Collector under load and reloads.
    Load,
}

const fn fuzz(name: &'static str, share: u32, longest: u32) -> Part {
    Part {
        name,
        share,
        work: Work::Fuzz { longest },
    }
}

const fn part(name: &'static str, share: u32, work: Work) -> Part {
    Part { name, share, work }
}

/// All parts, in their order.
pub(super) const PARTS: [Part; 17] = [
    fuzz("object", 16, 65_536),
    fuzz("pdata", 6, 16_384),
    fuzz("view", 6, 32_768),
    fuzz("yaml", 6, 16_384),
    fuzz("manifest", 6, 16_384),
    fuzz("records", 4, 16_384),
    fuzz("build_info", 4, 16_384),
    fuzz("plugins_lock", 4, 16_384),
    fuzz("go_sum", 4, 16_384),
    fuzz("cargo_lock", 4, 16_384),
    fuzz("library_list", 4, 16_384),
    fuzz("sums", 4, 16_384),
    part("mutants", 6, Work::Mutants),
    part("properties", 6, Work::Properties),
    part("sanitizer", 4, Work::Sanitizer),
    part("stress", 10, Work::Stress),
    part("load", 6, Work::Load),
];

impl Part {
    pub(super) fn is_fuzzed(&self) -> bool {
        matches!(self.work, Work::Fuzz { .. })
    }
}

/// All the time; the error is a text that is no number of minutes.
pub(super) fn whole(text: Option<&str>, default: u64) -> Result<Duration, String> {
    let minutes = match text.filter(|text| !text.is_empty()) {
        None => default,
        Some(text) => text
            .parse()
            .ok()
            .filter(|minutes| (1..=100_000).contains(minutes))
            .ok_or_else(|| text.to_owned())?,
    };
    Ok(Duration::from_mins(minutes))
}

/// Every part with its share of `whole`, or the chosen one with all of it.
pub(super) fn wanted(
    chosen: Option<&str>,
    whole: Duration,
) -> Result<Vec<(&'static Part, Duration)>, String> {
    let Some(chosen) = chosen.filter(|chosen| !chosen.is_empty()) else {
        let share = |part: &'static Part| (part, whole * part.share / 100);
        return Ok(PARTS.iter().map(share).collect());
    };
    match PARTS.iter().find(|part| part.name == chosen) {
        Some(part) => Ok(vec![(part, whole)]),
        None => Err(chosen.to_owned()),
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use bimetal_conformance::distribution::repository;

    use super::*;

    #[test]
    fn the_shares_come_to_a_hundred_and_the_times_to_the_whole() {
        assert_eq!(PARTS.iter().map(|part| part.share).sum::<u32>(), 100);
        let whole = whole(None, 90).unwrap();
        let all = wanted(None, whole).unwrap();
        assert_eq!(all.len(), PARTS.len());
        assert_eq!(all.iter().map(|(_, time)| *time).sum::<Duration>(), whole);
    }

    #[test]
    fn one_part_takes_all_the_time_and_an_unknown_one_is_an_error() {
        let whole = whole(Some("7"), 90).unwrap();
        let one = wanted(Some("yaml"), whole).unwrap();
        assert_eq!(one.len(), 1);
        assert_eq!((one[0].0.name, one[0].1), ("yaml", Duration::from_mins(7)));
        assert_eq!(wanted(Some("yml"), whole).err().as_deref(), Some("yml"));
        assert_eq!(wanted(Some(""), whole).unwrap().len(), PARTS.len());
    }

    #[test]
    fn minutes_that_are_no_number_or_none_at_all_are_an_error() {
        for text in ["0", "-1", "ten", "1.5", "999999999999"] {
            assert_eq!(whole(Some(text), 90), Err(text.to_owned()));
        }
    }

    #[test]
    fn every_fuzz_target_has_a_part() {
        let files = repository()
            .join("fuzz/fuzz_targets")
            .read_dir_utf8()
            .unwrap();
        let files: BTreeSet<String> = files
            .map(|file| file.unwrap().path().file_stem().unwrap().to_owned())
            .collect();
        let parts = PARTS.iter().filter(|part| part.is_fuzzed());
        let parts: BTreeSet<String> = parts.map(|part| part.name.to_owned()).collect();
        assert_eq!(parts, files);
    }
}
