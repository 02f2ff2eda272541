//! What code does to the handling of signals, which the whole process shares.
//!
//! In: the action of every signal, before and after. Out: a sentence for each change. Invariant:
//! pure but for the memory of what was seen last; Go's runtime relies on handlers of its own, on a
//! stack of their own.

use std::collections::BTreeMap;
use std::sync::{Mutex, PoisonError};

/// What the process does when a signal comes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Action {
    Default,
    Ignored,
    Handler {
        address: usize,
        /// It runs on the stack that the thread set aside for handlers.
        on_own_stack: bool,
    },
}

/// Number of a signal -> what happens when it comes.
pub(crate) type Actions = BTreeMap<i32, Action>;

static LAST: Mutex<Option<Actions>> = Mutex::new(None);

/// What differs from what was there at the last call; the first call only looks.
pub(crate) fn changes(now: Actions) -> Vec<String> {
    let mut last = LAST.lock().unwrap_or_else(PoisonError::into_inner);
    let found = last.as_ref().map(|before| between(before, &now));
    *last = Some(now);
    found.unwrap_or_default()
}

fn between(before: &Actions, now: &Actions) -> Vec<String> {
    let changed = now
        .iter()
        .filter(|(signal, action)| before.get(signal).is_some_and(|before| before != *action));
    changed
        .map(|(signal, action)| sentence(*signal, *action))
        .collect()
}

fn sentence(signal: i32, action: Action) -> String {
    let name = name(signal);
    match action {
        Action::Default => {
            format!("{name} has the default action again, and Go's handler is gone")
        }
        Action::Ignored => format!("{name} is ignored, and Go's handler is gone"),
        Action::Handler {
            on_own_stack: true, ..
        } => format!("{name} has another handler"),
        Action::Handler {
            on_own_stack: false,
            ..
        } => format!(
            "{name} has another handler, without `SA_ONSTACK`: on the small stacks of Go's code it \
             overwrites memory"
        ),
    }
}

fn name(signal: i32) -> String {
    let name = match signal {
        libc::SIGABRT => "SIGABRT",
        libc::SIGALRM => "SIGALRM",
        libc::SIGBUS => "SIGBUS",
        libc::SIGCHLD => "SIGCHLD",
        libc::SIGFPE => "SIGFPE",
        libc::SIGHUP => "SIGHUP",
        libc::SIGILL => "SIGILL",
        libc::SIGINT => "SIGINT",
        libc::SIGPIPE => "SIGPIPE",
        libc::SIGPROF => "SIGPROF",
        libc::SIGQUIT => "SIGQUIT",
        libc::SIGSEGV => "SIGSEGV",
        libc::SIGTERM => "SIGTERM",
        libc::SIGTRAP => "SIGTRAP",
        libc::SIGURG => "SIGURG",
        libc::SIGUSR1 => "SIGUSR1",
        libc::SIGUSR2 => "SIGUSR2",
        number => return format!("signal {number}"),
    };
    name.to_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_signal_whose_action_is_another_one_is_named() {
        let handler = |address, on_own_stack| Action::Handler {
            address,
            on_own_stack,
        };
        let before = Actions::from([
            (libc::SIGPIPE, handler(1, true)),
            (libc::SIGUSR1, handler(1, true)),
            (libc::SIGTERM, handler(1, true)),
        ]);
        let now = Actions::from([
            (libc::SIGPIPE, Action::Default),
            (libc::SIGUSR1, handler(2, false)),
            (libc::SIGTERM, handler(1, true)),
        ]);
        let found = between(&before, &now);
        assert_eq!(found.len(), 2, "{found:?}");
        assert!(found[0].starts_with("SIGUSR1 has another handler, without"));
        assert!(found[1].starts_with("SIGPIPE has the default action again"));
        assert!(between(&now, &now).is_empty());
    }
}
