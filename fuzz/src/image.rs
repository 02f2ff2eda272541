//! An image of Go's memory: the telemetry of one batch, and the table that says how it lies.
//!
//! In: a file. Out: its parts. Invariant: addresses begin at [`FIRST`], the first byte of the
//! memory, so that an image means the same wherever it is put.

pub use bimetal_pdata::FIRST;

/// Bytes of a row of the table.
const ROW: usize = 32;

/// The parts of a file: a signal, the number of rows, the rows, the root, the memory.
#[derive(Clone, Copy, Debug)]
pub struct Image<'a> {
    /// As the C ABI counts signals.
    pub signal: u32,
    /// Rows of `otelcol_field`.
    pub table: &'a [u8],
    /// The address of the export request.
    pub root: u64,
    /// What lies from [`FIRST`] on.
    pub memory: &'a [u8],
}

impl<'a> Image<'a> {
    /// None if the file is too short for what it says.
    pub fn read(file: &'a [u8]) -> Option<Self> {
        let (signal, rest) = file.split_first_chunk()?;
        let (rows, rest) = rest.split_first_chunk()?;
        let rows = usize::try_from(u32::from_le_bytes(*rows)).ok()?;
        let (table, rest) = rest.split_at_checked(rows.checked_mul(ROW)?)?;
        let (root, memory) = rest.split_first_chunk()?;
        Some(Self {
            signal: u32::from_le_bytes(*signal),
            table,
            root: u64::from_le_bytes(*root),
            memory,
        })
    }
    /// The file that has these parts.
    pub fn file(&self) -> Vec<u8> {
        let rows = (self.table.len() / ROW) as u32;
        let mut file = [self.signal.to_le_bytes(), rows.to_le_bytes()].concat();
        file.extend(self.table);
        file.extend(self.root.to_le_bytes());
        file.extend(self.memory);
        file
    }
}
