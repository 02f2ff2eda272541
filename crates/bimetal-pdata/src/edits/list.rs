//! An attribute list as edits leave it.
//!
//! In: how many attributes came, and rows. Out: [`Slot`]s, one for each attribute that there now
//! is. Invariant: what a row does is what `pcommon.Map` does: a delete moves the last entry into
//! the hole, a filter keeps the order.

use bimetal_abi::{EDIT_DELETE, EDIT_KEEP, EDIT_PUT, EDIT_RENAME, EDIT_SET, Edit};

/// One attribute: where it came from, and the rows that say what became of it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Slot {
    /// Ordinal in the list as it came; `None` if it is new.
    pub(crate) of: Option<u32>,
    /// Row with the key, where it is another one.
    pub(crate) key: Option<u32>,
    /// Row with the value, where it is another one.
    pub(crate) value: Option<u32>,
}

/// The list as it came.
pub(super) fn came(count: usize) -> impl Iterator<Item = Slot> {
    (0..count as u64).map(|of| Slot {
        of: u32::try_from(of).ok(),
        key: None,
        value: None,
    })
}

/// Does to a list what the row with this number says.
pub(super) fn replay(slots: &mut Vec<Slot>, number: usize, row: &Edit, text: &[u8]) {
    let (here, index) = (u32::try_from(number).ok(), row.index as usize);
    match row.kind {
        EDIT_SET => slots[index].value = here,
        EDIT_PUT => slots.push(Slot {
            of: None,
            key: here,
            value: here,
        }),
        EDIT_RENAME => slots[index].key = here,
        EDIT_DELETE => {
            slots.swap_remove(index);
        }
        EDIT_KEEP => {
            let mut index = 0;
            slots.retain(|_| {
                let byte = text[super::offset(row.bits) + index / 8];
                let kept = byte >> (index % 8) & 1 == 1;
                index += 1;
                kept
            });
        }
        _ => {}
    }
}
