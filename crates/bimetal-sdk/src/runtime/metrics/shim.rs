//! An instrument as the host gets it.
//!
//! In: what is declared, words, and what brings them up to date. Out: a call of the host, and the
//! two functions by which it reads and gives back. Invariant: words live until both sides have
//! given them up.
#![expect(
    unsafe_code,
    reason = "one of the SDK's rooms where the C ABI is touched"
)]

use std::ffi::c_void;
use std::sync::atomic::{AtomicBool, Ordering};

use bimetal_abi as abi;
use bimetal_abi::InstrumentKind;

use super::Words;
use crate::error::Error;
use crate::runtime::guard::guard;
use crate::runtime::host::HostCalls;
use crate::runtime::scope::Scope;

/// Brings words up to date, or hands over what waits.
pub(super) type Refresh = Box<dyn Fn() + Send + Sync>;

/// What is declared.
#[derive(Clone, Copy, Debug)]
pub(super) struct Declared<'a> {
    pub(super) kind: InstrumentKind,
    pub(super) floating: bool,
    pub(super) name: &'a str,
    pub(super) unit: &'a str,
    pub(super) description: &'a str,
    /// JSON.
    pub(super) attributes: &'a str,
    /// JSON.
    pub(super) bounds: &'a str,
}

/// What the host holds of an instrument.
struct Held {
    host: HostCalls,
    #[expect(
        dead_code,
        reason = "the host reads them until it gives the owner back"
    )]
    words: Words,
    refresh: Option<Refresh>,
    panicked: AtomicBool,
}

/// Declares an instrument; the answer is its number.
pub(super) fn declare(
    host: HostCalls,
    what: &Declared<'_>,
    words: Words,
    refresh: Option<Refresh>,
) -> Result<u32, Error> {
    let refreshed = refresh.is_some();
    let (ptr, len) = (words.as_ptr().cast_mut(), size_of_val(&*words));
    let owned = Box::new(Held {
        host,
        words,
        refresh,
        panicked: AtomicBool::new(false),
    });
    let text = |text: &str| abi::Slice::from_bytes(text.as_bytes());
    let mut record = abi::Instrument {
        struct_size: abi::struct_size::<abi::Instrument>(),
        kind: what.kind.number(),
        floating: u32::from(what.floating),
        reserved: 0,
        name: text(what.name),
        unit: text(what.unit),
        description: text(what.description),
        attributes: text(what.attributes),
        bounds: text(what.bounds),
        cells: abi::Buffer {
            ptr: ptr.cast(),
            len: len as u64,
            owner: Box::into_raw(owned).cast(),
            release: Some(release),
        },
        refresh: refreshed.then_some(update as unsafe extern "C" fn(*mut c_void)),
    };
    host.declare(&mut record)
        .map_err(|problem| Error::permanent(format_args!("metric `{}`: {problem}", what.name)))
}

/// # Safety
/// `owner` is that of an instrument's cells that were not released yet.
unsafe extern "C" fn update(owner: *mut c_void) {
    // SAFETY: `declare` took the owner out of a box of this type, which lives until `release`.
    let held = unsafe { &*owner.cast::<Held>() };
    let Some(refresh) = &held.refresh else {
        return;
    };
    if held.panicked.load(Ordering::Relaxed) {
        return;
    }
    let _scope = Scope::enter(held.host);
    if let Err(panic) = guard(refresh) {
        held.panicked.store(true, Ordering::Relaxed);
        let text = format!("a metric is no longer observed: {panic}");
        held.host.write(abi::LOG_ERROR, &text, "");
    }
}

/// # Safety
/// As for [`update`]; it is not used afterwards.
unsafe extern "C" fn release(owner: *mut c_void, _bytes: *mut u8, _len: u64) {
    // SAFETY: as above, and the caller gives it back once.
    let held = unsafe { Box::from_raw(owner.cast::<Held>()) };
    let _scope = Scope::enter(held.host);
    // A panic in what an author's closure holds has no caller left to report to.
    let _ = guard(|| drop(held));
}
