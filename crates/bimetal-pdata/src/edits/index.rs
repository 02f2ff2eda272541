//! Where in the log the rows of each place are.
//!
//! In: the number and the place of each row, in order. Out: the rows of a place. Invariant: places
//! that rise are one sorted segment, however long; there are few segments, the older ones longer.

use std::ops::Range;

use super::place::Place;

/// The rows of each place.
///
/// A component that walks the batch a second time starts a second segment. To sort all runs again
/// whenever a place does not rise took more than a minute for two walks of 8,192 records.
#[derive(Debug, Default)]
pub(super) struct Index {
    segments: Vec<Vec<Run>>,
}

/// Rows that follow each other and are about one place.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Run {
    pub(super) place: Place,
    start: usize,
    end: usize,
}

impl Run {
    pub(super) fn rows(&self) -> Range<usize> {
        self.start..self.end
    }
}

impl Index {
    /// Takes up a row; its number is above all before.
    pub(super) fn push(&mut self, place: Place, number: usize) {
        let run = Run {
            place,
            start: number,
            end: number + 1,
        };
        match self.segments.last_mut() {
            Some(segment) => match segment.last_mut() {
                Some(last) if last.place == place && last.end == number => last.end += 1,
                Some(last) if last.place > place => {
                    self.merge();
                    self.segments.push(vec![run]);
                }
                _ => segment.push(run),
            },
            None => self.segments.push(vec![run]),
        }
    }

    /// Merges the last segments, until each is more than twice as long as the next one: so a run is
    /// moved a few times only.
    fn merge(&mut self) {
        while let [.., before, last] = self.segments.as_mut_slice() {
            if before.len() > 2 * last.len() {
                break;
            }
            before.append(last);
            // A stable sort finds that these are two sorted parts.
            before.sort();
            self.segments.pop();
        }
    }

    /// The numbers of the rows about a place, in order.
    pub(super) fn rows_of(&self, place: Place) -> impl Iterator<Item = usize> + '_ {
        let runs = move |segment: &'_ Vec<Run>| {
            let at = segment.partition_point(|run| run.place < place);
            let len = segment[at..].partition_point(|run| run.place == place);
            at..at + len
        };
        self.segments
            .iter()
            .flat_map(move |segment| &segment[runs(segment)])
            .flat_map(Run::rows)
    }

    /// Whether there are rows about a place or something in it.
    pub(super) fn touches(&self, place: Place) -> bool {
        self.segments.iter().any(|segment| {
            let at = segment.partition_point(|run| run.place < place);
            segment
                .get(at)
                .is_some_and(|run| run.place.is_within(place))
        })
    }

    /// All runs: places rise, and the rows of each are in order.
    pub(super) fn into_runs(self) -> Vec<Run> {
        let mut runs = self.segments.concat();
        runs.sort();
        runs
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const PLACES: u32 = 1024;

    fn index(places: impl Iterator<Item = u32>) -> Index {
        let mut index = Index::default();
        for (number, place) in places.enumerate() {
            index.push(Place::default().below(place), number);
        }
        index
    }

    fn rows(index: &Index, place: u32) -> Vec<usize> {
        index.rows_of(Place::default().below(place)).collect()
    }

    #[test]
    fn two_walks_of_a_batch_are_two_segments() {
        let index = index((0..PLACES).chain(0..PLACES));
        let lengths: Vec<_> = index.segments.iter().map(Vec::len).collect();
        assert_eq!(lengths, [PLACES as usize, PLACES as usize]);
        assert_eq!(rows(&index, 7), [7, PLACES as usize + 7]);
    }

    #[test]
    fn a_walk_backwards_leaves_few_segments() {
        let index = index((0..PLACES).rev().chain((0..PLACES).rev()));
        let count = index.segments.len();
        assert!(count <= 12, "{count}");
        let last = PLACES as usize - 1;
        assert_eq!(rows(&index, 0), [last, PLACES as usize + last]);
        assert_eq!(rows(&index, PLACES), Vec::<usize>::new());
    }

    #[test]
    fn runs_come_out_in_the_order_of_places_and_rows() {
        let runs = index([3, 3, 1, 3, 2, 1].into_iter()).into_runs();
        let rows: Vec<_> = runs.iter().map(Run::rows).collect();
        assert_eq!(rows, [2..3, 5..6, 4..5, 0..2, 3..4]);
    }
}
