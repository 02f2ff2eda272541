//! Where in a batch an edit applies.
//!
//! In: ordinals, from above. Out: [`Place`]. Invariant: places sort as the batch is read: what is
//! above before what is below it, and among neighbours the first one first.

/// Which message: the ordinals of the resource, the scope, the record or metric, and the point, in
/// the batch as it came. Each is one more than it is, since 0 says that the place ends above.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Place([u32; 4]);

impl Place {
    /// No place comes after it.
    pub(super) const LAST: Self = Self([u32::MAX; 4]);

    /// How far below the batch it is: 1 for a resource.
    pub(crate) fn depth(self) -> usize {
        self.0.iter().take_while(|ordinal| **ordinal != 0).count()
    }

    /// The message with this ordinal at `depth`, in the one that this is.
    #[inline]
    pub(crate) fn at(mut self, depth: usize, ordinal: u32) -> Self {
        if let Some(place) = self.0.get_mut(depth) {
            *place = ordinal.saturating_add(1);
        }
        self
    }

    /// The message with this ordinal below.
    pub(crate) fn below(self, ordinal: u32) -> Self {
        self.at(self.depth(), ordinal)
    }

    /// The ordinal at a depth of at least one.
    pub(super) fn ordinal(self, depth: usize) -> u32 {
        self.0[depth - 1].saturating_sub(1)
    }

    /// Whether it is `above`, or lies in it.
    pub(super) fn is_within(self, above: Self) -> bool {
        let depth = above.depth();
        self.0[..depth] == above.0[..depth]
    }

    /// So much of it: a place above.
    pub(super) fn up_to(mut self, depth: usize) -> Self {
        self.0[depth..].fill(0);
        self
    }
}
