//! Lists in lists, read as one.
//!
//! In: an iterator over messages, and how one of them is opened. Out: what lies in all of them, in
//! order. Invariant: allocates nothing.

/// What lies in the messages of a list: a `flat_map` for `for` loops.
///
/// The next item of an open list is one call that the compiler puts into the caller's loop; opening
/// the next list is kept out of it. Through two levels of `flat_map` each handle went from one
/// stack frame to the next as bytes, which took as long as reading the record.
#[derive(Debug)]
pub(crate) struct Nested<O: Iterator, I> {
    outer: O,
    open: fn(O::Item) -> I,
    inner: Option<I>,
}

impl<O: Iterator, I: Iterator> Nested<O, I> {
    #[inline]
    pub(crate) fn new(outer: O, open: fn(O::Item) -> I) -> Self {
        Self {
            outer,
            open,
            inner: None,
        }
    }

    #[inline(never)]
    fn open_next(&mut self) -> Option<()> {
        self.inner = Some((self.open)(self.outer.next()?));
        Some(())
    }
}

impl<O: Iterator, I: Iterator> Iterator for Nested<O, I> {
    type Item = I::Item;

    #[inline]
    fn next(&mut self) -> Option<I::Item> {
        loop {
            if let Some(inner) = &mut self.inner
                && let Some(item) = inner.next()
            {
                return Some(item);
            }
            self.open_next()?;
        }
    }
}
