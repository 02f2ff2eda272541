//! The log of a batch that is over, for the next one.
//!
//! In: logs that no reader needs any more. Out: the same, cleared. Invariant: a thread keeps one
//! log, and at most [`LARGEST`] bytes of each of its lists; no call ever waits here.
//!
//! A batch of one record spent as long in the allocator as on its edit.

use std::cell::{Cell, RefCell};

use super::log::Log;

/// Longer lists go back to the allocator: in such a batch the work is what takes time.
const LARGEST: usize = 16 << 10;

thread_local! {
    static SPARE: Cell<Option<Box<RefCell<Log>>>> = const { Cell::new(None) };
}

/// An empty log.
#[cold]
#[inline(never)]
pub(super) fn take(metrics: bool) -> Box<RefCell<Log>> {
    // On a thread that ends there is none.
    match SPARE.try_with(Cell::take) {
        Ok(Some(mut log)) => {
            log.get_mut().again(metrics);
            log
        }
        _ => Box::new(RefCell::new(Log::new(metrics))),
    }
}

/// Takes back a log that no reader needs any more.
pub(super) fn keep(mut log: Box<RefCell<Log>>) {
    if log.get_mut().cleared(LARGEST).is_some() {
        let _ = SPARE.try_with(|spare| spare.set(Some(log)));
    }
}

#[cfg(test)]
mod tests {
    use super::super::log::row;
    use super::super::place::Place;
    use super::*;

    fn used(rows: usize) -> Box<RefCell<Log>> {
        let mut log = Box::new(RefCell::new(Log::new(false)));
        let place = Place::default().below(0).below(0);
        for record in 0..rows {
            log.get_mut().text().put(b"some text");
            let record = u32::try_from(record).unwrap();
            log.get_mut()
                .push(place.below(record), row(bimetal_abi::EDIT_DELETE));
        }
        log
    }

    #[test]
    fn a_log_comes_back_as_if_it_was_new() {
        let log = used(10);
        let at = log.as_ptr();
        keep(log);
        let again = take(true);
        assert_eq!(again.as_ptr(), at);
        let new = Log::new(true);
        assert_eq!(format!("{:?}", again.borrow()), format!("{new:?}"));
        assert_ne!(take(true).as_ptr(), at);
    }

    #[test]
    fn the_memory_of_a_large_batch_is_not_kept() {
        keep(used(LARGEST));
        assert!(SPARE.take().is_none());
        keep(used(1));
        assert!(SPARE.take().is_some());
    }
}
