//! Relocations: what the loader writes into the image after it was read.
//!
//! In: an image and its dynamic segment. Out: [`Relocations`]. Invariant: no relocation changes
//! what was compared, none writes where the loader cannot, and each is of a type that it knows.
//!
//! The tables are streamed. An entry of an initialisation array is a function that runs before any
//! other code of the file; the loader calls whatever stands there.

use std::collections::BTreeMap;
use std::ops::Range;

use object::LittleEndian as LE;
use object::elf::{self, DynamicTag, RelocationType};
use object::endian::U64;

use super::dynamic::Dynamic;
use super::headers::Elf;
use super::image::Load;
use super::table::{SYMBOLS_LIMIT, damaged, each, table};
use crate::object::error::ReadError;

const WHAT: &str = "the relocations";
const FUNCTIONS_LIMIT: u64 = 4096;
const WORD: u64 = 8;

const OUTSIDE: &str = "a relocation that does not write into a writable segment";

/// What the relocations ask of the symbols and of the loader.
#[derive(Default)]
pub(super) struct Relocations {
    /// For each symbol by number: how it is used.
    uses: Vec<Use>,
    /// Thread-local variables have their place in the fixed room.
    pub(super) static_tls: bool,
}

/// How relocations use a symbol.
#[derive(Clone, Copy, Default)]
pub(super) struct Use {
    pub(super) address: bool,
    pub(super) thread_local: bool,
}

/// What the loader does at a place.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Action {
    Nothing,
    /// A word, on a processor whose types are not known here.
    Unknown,
    /// The address of a symbol.
    Address,
    /// The address of a symbol, in the table of calls.
    Call,
    Relative,
    /// Two words.
    Descriptor,
    ThreadLocal,
    /// An offset from the thread pointer, known when the file is loaded.
    StaticThreadLocal,
    /// The answer of a function of the file.
    Indirect,
}

/// One pass over the tables.
struct Pass<'e, 'b> {
    elf: &'e Elf<'b>,
    found: Relocations,
    /// What must not be written to, as far as it lies where relocations write.
    kept: Vec<Range<u64>>,
    /// Tables in writable segments, other than the dynamic segment.
    exposed: Vec<u64>,
    /// Slot of an initialisation array -> whether code stands there.
    functions: BTreeMap<u64, bool>,
    /// Where the last relocation wrote, as far as others may write there, too. There are some
    /// hundred thousand of them, which mostly lie side by side: looking each one up in all lists
    /// was a quarter of a verification.
    free: Range<u64>,
}

impl Relocations {
    /// How many symbols there are at least, and how `number` is used.
    pub(super) fn of(&self, number: u64) -> Use {
        let place = usize::try_from(number).unwrap_or(usize::MAX);
        self.uses.get(place).copied().unwrap_or_default()
    }

    /// One more than the highest number that is used.
    pub(super) fn symbols(&self) -> u64 {
        self.uses.len() as u64
    }
}

pub(super) fn read(elf: &Elf<'_>, dynamic: &mut Dynamic) -> Result<Relocations, ReadError> {
    let plain = dynamic.range(elf::DT_RELA, elf::DT_RELASZ)?;
    let calls = dynamic.range(elf::DT_JMPREL, elf::DT_PLTRELSZ)?;
    let short = dynamic.range(elf::DT_RELR, elf::DT_RELRSZ)?;
    dynamic
        .tables
        .extend([&plain, &calls, &short].into_iter().flatten().cloned());
    if dynamic.value(elf::DT_REL).is_some() {
        return Err(damaged("relocations without an addend"));
    }
    let is_exposed = |place: &&Range<u64>| {
        let load = elf.image.load(place.start, 0);
        load.is_some_and(|load| load.writable)
    };
    let kept: Vec<_> = dynamic.tables.iter().filter(is_exposed).cloned().collect();
    let mut pass = Pass {
        elf,
        found: Relocations::default(),
        // The dynamic segment lies among data that relocations write to.
        exposed: kept
            .iter()
            .map(|place| place.start)
            .filter(|start| dynamic.tables.first().is_none_or(|own| own.start != *start))
            .collect(),
        kept,
        functions: BTreeMap::new(),
        free: 0..0,
    };
    for (start, length) in [
        (elf::DT_INIT_ARRAY, elf::DT_INIT_ARRAYSZ),
        (elf::DT_FINI_ARRAY, elf::DT_FINI_ARRAYSZ),
    ] {
        pass.expect_functions(dynamic, start, length)?;
    }
    let relative = dynamic.value(elf::DT_RELACOUNT).unwrap_or_default();
    pass.entries(plain.as_ref(), relative, false)?;
    pass.entries(calls.as_ref(), 0, true)?;
    pass.short(short)?;
    pass.finish(dynamic)
}

impl Pass<'_, '_> {
    fn expect_functions(
        &mut self,
        dynamic: &Dynamic,
        start: DynamicTag,
        length: DynamicTag,
    ) -> Result<(), ReadError> {
        let Some(place) = dynamic.range(start, length)? else {
            return Ok(());
        };
        let length = place.end - place.start;
        let whole = length.is_multiple_of(WORD) && place.start.is_multiple_of(WORD);
        if !whole || self.elf.image.offset(place.start, length).is_none() {
            return Err(damaged("an initialisation array is not in the file"));
        }
        if length > FUNCTIONS_LIMIT * WORD {
            return Err(ReadError::Limit {
                what: "the functions of an initialisation array",
                found: length / WORD,
                limit: FUNCTIONS_LIMIT,
            });
        }
        let slots = (0..length / WORD).map(|number| (place.start + number * WORD, false));
        self.functions.extend(slots);
        Ok(())
    }

    /// `relative`: how many entries at the start the loader takes for relative ones, unseen.
    fn entries(
        &mut self,
        place: Option<&Range<u64>>,
        relative: u64,
        calls: bool,
    ) -> Result<(), ReadError> {
        let size = size_of::<elf::Rela64<LE>>() as u64;
        let length = place.map_or(0, |place| place.end - place.start);
        let count = length / size;
        if !length.is_multiple_of(size) || relative > count {
            return Err(damaged(WHAT));
        }
        let Some(place) = place else { return Ok(()) };
        let offset = self.offset(place)?;
        let elf = self.elf;
        // Mostly a few types take turns, of which each is looked up once.
        let mut last = (RelocationType(0), Action::Nothing);
        each(elf.bytes, offset, count, WHAT, |number, entry| {
            let entry: &elf::Rela64<LE> = entry;
            let kind = entry.r_type(LE, false);
            if kind != last.0 {
                last = (kind, action(elf.machine, kind)?);
            }
            let action = last.1;
            let is_right = match action {
                Action::Call => calls,
                Action::Unknown | Action::Descriptor | Action::Indirect => true,
                _ => !calls,
            };
            let is_relative = matches!(action, Action::Relative | Action::Unknown);
            if !is_right || (number < relative && !is_relative) {
                return Err(damaged(
                    "a relocation of a type that its table does not have",
                ));
            }
            self.entry(entry, action)
        })
    }

    fn entry(&mut self, entry: &elf::Rela64<LE>, action: Action) -> Result<(), ReadError> {
        let (address, symbol) = (entry.r_offset.get(LE), entry.r_sym(LE, false));
        let addend = entry.r_addend.get(LE).cast_unsigned();
        let length = match action {
            Action::Nothing => return Ok(()),
            Action::Descriptor => 2 * WORD,
            _ => WORD,
        };
        self.write(address, length, |elf| match action {
            Action::Relative => elf.image.is_code(addend),
            Action::Address | Action::Unknown => true,
            _ => false,
        })?;
        match action {
            Action::Address | Action::Call if symbol == 0 => {
                Err(damaged("a relocation without a symbol"))
            }
            Action::Address | Action::Call => self.mark(symbol, |used| used.address = true),
            Action::Indirect if !self.elf.image.is_code(addend) => {
                Err(damaged("an indirect function that is not code"))
            }
            Action::Relative | Action::Indirect if symbol != 0 => {
                Err(damaged("a relocation with a symbol that it cannot have"))
            }
            Action::ThreadLocal | Action::StaticThreadLocal | Action::Descriptor => {
                self.found.static_tls |= action == Action::StaticThreadLocal;
                self.mark(symbol, |used| used.thread_local = true)
            }
            Action::Nothing | Action::Unknown | Action::Relative | Action::Indirect => Ok(()),
        }
    }

    /// Symbol 0 stands for the file itself.
    fn mark(&mut self, symbol: u32, set: fn(&mut Use)) -> Result<(), ReadError> {
        let number = symbol as usize;
        if u64::from(symbol) >= SYMBOLS_LIMIT {
            return Err(damaged("a relocation with a symbol that is not there"));
        }
        if self.found.uses.len() <= number {
            self.found.uses.resize(number + 1, Use::default());
        }
        if number > 0 {
            set(&mut self.found.uses[number]);
        }
        Ok(())
    }

    /// `is_code`: whether code stands at the address that the loader writes.
    fn write(
        &mut self,
        address: u64,
        length: u64,
        is_code: impl FnOnce(&Elf<'_>) -> bool,
    ) -> Result<(), ReadError> {
        let inside = |free: &Range<u64>| free.contains(&address) && length <= free.end - address;
        if inside(&self.free) {
            return Ok(());
        }
        let load = self.elf.image.load(address, length);
        let Some(load) = load.filter(|load| load.writable) else {
            return Err(damaged(OUTSIDE));
        };
        let end = address + length;
        if self
            .kept
            .iter()
            .any(|place| address < place.end && place.start < end)
        {
            return Err(damaged("a relocation that changes what was compared"));
        }
        // Some tools put tables into a writable segment of their own, which nothing writes to.
        if self
            .exposed
            .iter()
            .any(|place| (load.start..load.end).contains(place))
        {
            return Err(damaged(
                "a table that was compared lies among writable data",
            ));
        }
        if length == WORD
            && let Some(slot) = self.functions.get_mut(&address)
        {
            *slot = is_code(self.elf);
            return Ok(());
        }
        // A slot begins up to a word before what it shares bytes with.
        let reach = address.saturating_sub(WORD - 1)..end;
        if self.functions.range(reach).next().is_some() {
            return Err(damaged("a relocation across an initialisation array"));
        }
        self.free = self.free_around(address, load);
        Ok(())
    }

    /// The stretch around an address that may be written to, as nothing of interest lies there.
    fn free_around(&self, address: u64, load: &Load) -> Range<u64> {
        let slots = |place: Range<u64>| self.functions.range(place);
        let before = slots(0..address).next_back();
        let behind = slots(address..u64::MAX).next();
        let functions = [before, behind].into_iter().flatten();
        let functions = functions.map(|(start, _)| *start..start + WORD);
        let mut free = load.start..load.end;
        for place in self.kept.iter().cloned().chain(functions) {
            if place.end <= address {
                free.start = free.start.max(place.end);
            } else {
                free.end = free.end.min(place.start);
            }
        }
        free
    }

    /// The short form: an address, then bits for the words behind it.
    fn short(&mut self, place: Option<Range<u64>>) -> Result<(), ReadError> {
        let Some(place) = place else { return Ok(()) };
        let offset = self.offset(&place)?;
        let count = (place.end - place.start) / WORD;
        let mut next = None::<u64>;
        each(self.elf.bytes, offset, count, WHAT, |_, word| {
            let word: &U64<LE> = word;
            let word = word.get(LE);
            if word & 1 == 0 {
                self.short_word(word)?;
                next = word.checked_add(WORD);
                return Ok(());
            }
            let start = next.ok_or(damaged(WHAT))?;
            for bit in (0..63).filter(|bit| word >> (bit + 1) & 1 == 1) {
                self.short_word(start.checked_add(bit * WORD).ok_or(damaged(WHAT))?)?;
            }
            next = start.checked_add(63 * WORD);
            Ok(())
        })
    }

    fn short_word(&mut self, address: u64) -> Result<(), ReadError> {
        let mut is_code = false;
        if self.functions.contains_key(&address) {
            let place = self.elf.image.offset(address, WORD).ok_or(damaged(WHAT))?;
            let words: Vec<U64<LE>> = table(self.elf.bytes, place, 1, WHAT, 1)?;
            let mut values = words.iter().map(|word| word.get(LE));
            is_code = values.all(|value| self.elf.image.is_code(value));
        }
        self.write(address, WORD, |_| is_code)
    }

    fn offset(&self, place: &Range<u64>) -> Result<u64, ReadError> {
        let length = place.end - place.start;
        let offset = self.elf.image.offset(place.start, length);
        offset.ok_or(damaged("the relocations are outside of the segments"))
    }

    fn finish(self, dynamic: &Dynamic) -> Result<Relocations, ReadError> {
        let single = [elf::DT_INIT, elf::DT_FINI];
        let mut single = single.into_iter().filter_map(|tag| dynamic.value(tag));
        if self.functions.values().all(|is_code| *is_code)
            && single.all(|address| self.elf.image.is_code(address))
        {
            Ok(self.found)
        } else {
            Err(damaged("an initialisation function that is not code"))
        }
    }
}

/// The types that the GNU loader knows in a shared library.
fn action(machine: elf::Machine, kind: RelocationType) -> Result<Action, ReadError> {
    Ok(match (machine, kind) {
        (_, RelocationType(0)) => Action::Nothing,
        (elf::EM_X86_64, elf::R_X86_64_64 | elf::R_X86_64_GLOB_DAT)
        | (elf::EM_AARCH64, elf::R_AARCH64_ABS64 | elf::R_AARCH64_GLOB_DAT) => Action::Address,
        (elf::EM_X86_64, elf::R_X86_64_JUMP_SLOT) | (elf::EM_AARCH64, elf::R_AARCH64_JUMP_SLOT) => {
            Action::Call
        }
        (elf::EM_X86_64, elf::R_X86_64_RELATIVE) | (elf::EM_AARCH64, elf::R_AARCH64_RELATIVE) => {
            Action::Relative
        }
        (elf::EM_X86_64, elf::R_X86_64_TLSDESC) | (elf::EM_AARCH64, elf::R_AARCH64_TLSDESC) => {
            Action::Descriptor
        }
        (elf::EM_X86_64, elf::R_X86_64_DTPMOD64 | elf::R_X86_64_DTPOFF64)
        | (elf::EM_AARCH64, elf::R_AARCH64_TLS_DTPMOD | elf::R_AARCH64_TLS_DTPREL) => {
            Action::ThreadLocal
        }
        (elf::EM_X86_64, elf::R_X86_64_TPOFF64) | (elf::EM_AARCH64, elf::R_AARCH64_TLS_TPREL) => {
            Action::StaticThreadLocal
        }
        (elf::EM_X86_64, elf::R_X86_64_IRELATIVE) | (elf::EM_AARCH64, elf::R_AARCH64_IRELATIVE) => {
            Action::Indirect
        }
        (elf::EM_X86_64 | elf::EM_AARCH64, _) => {
            return Err(damaged("a relocation of a type that the loader refuses"));
        }
        _ => Action::Unknown,
    })
}
