//! The memory of Go that a batch lies in.
//!
//! In: the address of the batch, and steps that a [`Layout`] gives. Out: numbers, bytes and further
//! addresses. Invariant: an [`Address`] is the batch's own, or was reached from it by the layout; a
//! null is none; a length is checked before it is followed. Nothing is written.
#![expect(
    unsafe_code,
    reason = "the one file of this crate that reads memory by address"
)]

#[cfg(target_arch = "x86_64")]
use std::arch::x86_64::{_MM_HINT_T0, _mm_prefetch};
use std::marker::PhantomData;
#[cfg(not(feature = "bounded"))]
use std::ptr::with_exposed_provenance;
use std::sync::atomic::{AtomicBool, Ordering};

use bimetal_abi::{LONGEST_DATA, Slice};

use super::layout::Layout;

#[cfg(feature = "bounded")]
pub use bounded::FIRST;

/// A batch that lies in Go's memory, for the call that lends it.
#[derive(Debug)]
pub struct Batch<'a> {
    pub(super) layout: &'a Layout,
    root: Address<'a>,
    unread: AtomicBool,
}

/// Where something of the batch lies.
#[derive(Clone, Copy, Debug)]
pub(super) struct Address<'a>(usize, PhantomData<&'a ()>);

impl<'a> Batch<'a> {
    /// The batch whose export request lies at `root`; `None` if that is no address.
    ///
    /// # Safety
    /// `root` leads to telemetry that lies as `layout` says and does not change during `'a`.
    pub unsafe fn new(layout: &'a Layout, root: u64) -> Option<Self> {
        Some(Self {
            layout,
            root: Address::of(root)?,
            unread: AtomicBool::new(false),
        })
    }

    pub(super) fn root(&self) -> Address<'a> {
        self.root
    }

    /// Whether something was met that cannot be read. What was read or written meanwhile does not
    /// count then.
    pub fn unread(&self) -> bool {
        self.unread.load(Ordering::Relaxed)
    }

    #[cold]
    pub(super) fn cannot_read(&self) {
        self.unread.store(true, Ordering::Relaxed);
    }
}

impl<'a> Address<'a> {
    fn of(address: u64) -> Option<Self> {
        let address = usize::try_from(address).ok()?;
        (address != 0).then_some(Self(address, PhantomData))
    }

    /// So many bytes on, in the same struct or slice.
    #[inline]
    pub(super) fn plus(self, bytes: usize) -> Self {
        Self(self.0.wrapping_add(bytes), PhantomData)
    }

    /// Where so many bytes lie.
    #[cfg(feature = "bounded")]
    fn place(self, len: u64) -> Option<*const u8> {
        bounded::place(self.0, len)
    }

    /// Where so many bytes lie: where the maker of the batch promised.
    #[cfg(not(feature = "bounded"))]
    #[inline]
    #[expect(clippy::unnecessary_wraps, reason = "an image may not hold them")]
    fn place(self, _: u64) -> Option<*const u8> {
        Some(with_exposed_provenance(self.0))
    }

    /// Whether so many bytes can lie here, as far as that is known.
    #[inline]
    pub(super) fn holds(self, len: u64) -> bool {
        self.place(len).is_some()
    }

    #[inline]
    pub(super) fn u64(self) -> u64 {
        let place = self.place(8).map(<*const u8>::cast::<u64>);
        // SAFETY: the maker of the batch promises that what the layout leads to is readable.
        place.map_or(0, |place| unsafe { place.read_unaligned() })
    }

    #[inline]
    pub(super) fn u32(self) -> u32 {
        let place = self.place(4).map(<*const u8>::cast::<u32>);
        // SAFETY: as for `u64`.
        place.map_or(0, |place| unsafe { place.read_unaligned() })
    }

    #[inline]
    pub(super) fn u8(self) -> u8 {
        // SAFETY: as for `u64`.
        self.place(1).map_or(0, |place| unsafe { place.read() })
    }

    /// Where the address that lies here leads.
    #[inline]
    pub(super) fn pointer(self) -> Option<Self> {
        Self::of(self.u64())
    }

    /// Has the processor fetch what lies here, for soon. This is a hint: nothing is read.
    #[inline]
    pub(super) fn fetch(self) {
        #[cfg(target_arch = "x86_64")]
        if let Some(place) = self.place(1) {
            // SAFETY: whatever the address is, the instruction has no effect but on caches.
            unsafe { _mm_prefetch::<_MM_HINT_T0>(place.cast()) };
        }
    }

    /// The bytes that lie here, `None` if there cannot be so many.
    #[inline]
    pub(super) fn bytes(self, len: u64) -> Option<&'a [u8]> {
        let ptr = self.place(len)?;
        let slice = Slice { ptr, len };
        // SAFETY: as for `u64`; nothing writes them during `'a`.
        unsafe { slice.bytes(LONGEST_DATA) }.ok()
    }

    /// The bytes whose address and length lie here.
    #[inline]
    pub(super) fn slice(self) -> Option<&'a [u8]> {
        match self.plus(size_of::<u64>()).u64() {
            0 => Some(&[]),
            len => self.pointer()?.bytes(len),
        }
    }
}

/// For those who promise nothing about an image of memory, as a fuzzer does: its addresses are not
/// the process's, and what does not lie in it reads as zeros.
#[cfg(feature = "bounded")]
mod bounded {
    use std::cell::Cell;

    use super::{Batch, Layout};

    thread_local! {
        /// The image of the batch that is being read.
        static IMAGE: Cell<Option<(*const u8, usize)>> = const { Cell::new(None) };
    }

    /// The address of the first byte of an image.
    pub const FIRST: u64 = 0x1_0000;

    impl Batch<'_> {
        /// Runs `run` on the batch whose export request lies at `root` in the image, whatever the
        /// image holds.
        ///
        /// # Panics
        /// Within another such call: there is one image at a time.
        pub fn of_image<R>(
            layout: &Layout,
            root: u64,
            image: &[u8],
            run: impl for<'b> FnOnce(&'b Batch<'b>) -> R,
        ) -> Option<R> {
            struct Over;
            impl Drop for Over {
                fn drop(&mut self) {
                    IMAGE.set(None);
                }
            }
            let before = IMAGE.replace(Some((image.as_ptr(), image.len())));
            assert!(before.is_none(), "one image at a time");
            let _over = Over;
            // SAFETY: whatever lies there, `place` leads into the image, which outlives the batch.
            let batch = unsafe { Batch::new(layout, root) }?;
            Some(run(&batch))
        }
    }

    pub(super) fn place(address: usize, len: u64) -> Option<*const u8> {
        let (image, size) = IMAGE.get()?;
        let from = usize::try_from((address as u64).checked_sub(FIRST)?).ok()?;
        let end = from.checked_add(usize::try_from(len).ok()?)?;
        (end <= size).then(|| image.wrapping_add(from))
    }
}
