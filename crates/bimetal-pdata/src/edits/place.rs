//! Where in a batch an edit applies.
//!
//! In: ordinals, from above. Out: [`Place`]. Invariant: places sort as the batch is read: what is
//! above before what is below it, and among neighbours the first one first.

/// Which message: the ordinals of the resource, the scope, the record or metric, and the point, in
/// the batch as it came. Each has 32 bits and is one more than it is, since 0 says that the place
/// ends above.
///
/// One number, and no array: a place is made for each record, and reading an array at once right
/// after one of its elements was written cost a third of a walk through a batch.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Place(u128);

/// Levels that a place may have.
const LEVELS: usize = 4;
/// Of one ordinal.
const BITS: usize = 32;

impl Place {
    /// No place comes after it.
    pub(super) const LAST: Self = Self(u128::MAX);

    /// How far below the batch it is: 1 for a resource.
    #[inline]
    pub(crate) fn depth(self) -> usize {
        LEVELS - (self.0.trailing_zeros() as usize / BITS).min(LEVELS)
    }

    /// The distance from one message to the next one below.
    #[inline]
    fn step(self) -> u128 {
        const STEPS: [u128; LEVELS + 1] = [1 << 96, 1 << 64, 1 << 32, 1, 0];
        STEPS[self.depth()]
    }

    /// Where the ordinal of a message is that lies in one at `depth`.
    #[inline]
    #[expect(clippy::cast_possible_truncation, reason = "below the bits of a place")]
    fn shift(depth: usize) -> u32 {
        match (LEVELS - 1).checked_sub(depth) {
            Some(levels) => (levels * BITS) as u32,
            None => u128::BITS,
        }
    }

    /// The messages below, from the first one on. There are fewer than 2^32 of them: a batch has
    /// not so many bytes.
    #[inline]
    pub(crate) fn all_below(self) -> Below {
        Below {
            place: self,
            step: self.step(),
        }
    }

    /// The message with this ordinal below.
    pub(crate) fn below(self, ordinal: u32) -> Self {
        Self(self.0 + self.step() * (u128::from(ordinal) + 1))
    }

    /// The ordinal at a depth of at least one.
    #[inline]
    #[expect(clippy::cast_possible_truncation, reason = "the lowest bits are it")]
    pub(crate) fn ordinal(self, depth: usize) -> u32 {
        ((self.0 >> Self::shift(depth - 1)) as u32).saturating_sub(1)
    }

    /// Whether it comes after `last` among the lowest messages of one list, which are records, or
    /// the points of metrics.
    #[inline]
    pub(super) fn follows(self, last: Self, metrics: bool) -> bool {
        let ordinals = if metrics {
            u128::from(u32::MAX)
        } else {
            u128::from(u64::MAX)
        };
        last.0 & ordinals != 0 && (self.0 ^ last.0) & !ordinals == 0 && self > last
    }

    /// Whether it is `above`, or lies in it.
    pub(super) fn is_within(self, above: Self) -> bool {
        self.up_to(above.depth()) == above
    }

    /// So much of it: a place above.
    pub(super) fn up_to(self, depth: usize) -> Self {
        match depth {
            0 => Self::default(),
            _ => Self(self.0 >> Self::shift(depth - 1) << Self::shift(depth - 1)),
        }
    }
}

/// Places that follow each other.
#[derive(Clone, Debug)]
pub(crate) struct Below {
    place: Place,
    step: u128,
}

impl Below {
    /// The next one.
    #[inline]
    pub(crate) fn step(&mut self) -> Place {
        self.place.0 = self.place.0.wrapping_add(self.step);
        self.place
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn places_sort_as_a_batch_is_read() {
        let batch = Place::default();
        let scope = batch.below(1).below(0);
        let point = scope.below(2).below(7);
        assert_eq!(point.depth(), 4);
        let ordinals: Vec<_> = (1..=4).map(|depth| point.ordinal(depth)).collect();
        assert_eq!(ordinals, [1, 0, 2, 7]);
        assert!(batch.below(0) < batch.below(1) && batch.below(1) < scope);
        assert!(scope < point && point < scope.below(3) && scope.below(3) < batch.below(2));
        assert_eq!(point.up_to(2), scope);
        assert_eq!((point.up_to(0), point.up_to(4)), (batch, point));
        assert!(point.is_within(scope) && point.is_within(batch) && !scope.is_within(point));
        let mut below = scope.all_below();
        assert_eq!(
            (below.step(), below.step()),
            (scope.below(0), scope.below(1))
        );
        assert!(point <= Place::LAST);
        assert!(scope.below(1).follows(scope.below(0), false));
        assert!(!scope.below(0).follows(scope.below(0), false));
        assert!(!scope.below(0).follows(scope, false));
        assert!(
            !batch
                .below(2)
                .below(0)
                .below(9)
                .follows(scope.below(0), false)
        );
        assert!(point.follows(scope.below(2).below(1), true));
        assert!(!scope.below(3).below(0).follows(point, true));
        assert!(!scope.below(3).follows(scope.below(2), true));
    }
}
