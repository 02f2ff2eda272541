//! Two parts of a step at once, which mostly wait for their processes.
//!
//! In: the work of both. Out: both results. Invariant: both are done even if one fails; an
//! interrupt ends the processes of both, because each looks at the same flag.

use std::num::NonZero;
use std::thread;

/// Both results. With one core the parts follow each other.
pub fn side_by_side<T, U: Send>(
    first: impl FnOnce() -> T,
    second: impl FnOnce() -> U + Send,
) -> (T, U) {
    if thread::available_parallelism().is_ok_and(|cores| cores == NonZero::<usize>::MIN) {
        let first = first();
        return (first, second());
    }
    thread::scope(|scope| {
        let second = scope.spawn(second);
        let first = first();
        match second.join() {
            Ok(second) => (first, second),
            Err(panic) => std::panic::resume_unwind(panic),
        }
    })
}

#[cfg(test)]
mod tests {
    use std::sync::mpsc::channel;

    use super::*;

    #[test]
    fn both_results_come_and_neither_part_waits_for_the_end_of_the_other() {
        if thread::available_parallelism().map_or(1, NonZero::get) == 1 {
            return assert_eq!(side_by_side(|| 1, || 2), (1, 2));
        }
        let (to_second, from_first) = channel();
        let (to_first, from_second) = channel();
        let results = side_by_side(
            || {
                to_second.send(1).unwrap();
                from_second.recv().unwrap()
            },
            move || {
                to_first.send(2).unwrap();
                from_first.recv().unwrap()
            },
        );
        assert_eq!(results, (2, 1));
    }
}
