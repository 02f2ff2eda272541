//! The memory of Go that a batch lies in.
//!
//! In: the address of the batch, and steps that a [`Layout`] gives. Out: numbers, bytes and further
//! addresses. Invariant: an [`Address`] is the batch's own, or was reached from it by the layout; a
//! null is none; a length is checked before it is followed. Nothing is written.
#![expect(
    unsafe_code,
    reason = "the one file of this crate that reads memory by address"
)]

use std::marker::PhantomData;
use std::ptr::with_exposed_provenance;
use std::sync::atomic::{AtomicBool, Ordering};

use bimetal_abi::{LONGEST_DATA, Slice};

use super::layout::Layout;

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

    #[inline]
    pub(super) fn u64(self) -> u64 {
        // SAFETY: the maker of the batch promises that what the layout leads to is readable.
        unsafe { with_exposed_provenance::<u64>(self.0).read_unaligned() }
    }

    #[inline]
    pub(super) fn u32(self) -> u32 {
        // SAFETY: as for `u64`.
        unsafe { with_exposed_provenance::<u32>(self.0).read_unaligned() }
    }

    #[inline]
    pub(super) fn u8(self) -> u8 {
        // SAFETY: as for `u64`.
        unsafe { with_exposed_provenance::<u8>(self.0).read() }
    }

    /// Where the address that lies here leads.
    #[inline]
    pub(super) fn pointer(self) -> Option<Self> {
        Self::of(self.u64())
    }

    /// The bytes that lie here, `None` if there cannot be so many.
    #[inline]
    pub(super) fn bytes(self, len: u64) -> Option<&'a [u8]> {
        let slice = Slice {
            ptr: with_exposed_provenance(self.0),
            len,
        };
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
