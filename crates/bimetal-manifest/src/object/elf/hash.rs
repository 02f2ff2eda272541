//! The hash tables, by which the loader counts and finds symbols.
//!
//! In: an image and its dynamic segment. Out: [`Hashes`]: how many symbols there are, and whether
//! each exported one is found by its name. Invariant: a symbol that one tool sees and the loader
//! does not find, or the other way round, is damage.
//!
//! The header of a section tells how many symbols there are, too; the loader never reads it. The
//! form of the tables is that of the GNU loader's `do_lookup_x`.

use std::ops::Range;

use object::LittleEndian as LE;
use object::elf;
use object::endian::{U32, U64};

use super::dynamic::Dynamic;
use super::headers::Elf;
use super::table::{SYMBOLS_LIMIT, damaged, table};
use crate::object::error::ReadError;

const WHAT: &str = "a hash table of symbols";
const HEADER: u64 = 16;
const CHUNK: u64 = 4096;

/// The tables of a file.
#[derive(Default)]
pub(super) struct Hashes {
    gnu: Option<Gnu>,
    sysv: Option<SysV>,
    pub(super) count: Option<u64>,
}

/// `DT_GNU_HASH`: symbols from `first` on are sorted by bucket.
struct Gnu {
    first: u64,
    shift: u32,
    bloom: Vec<u64>,
    buckets: usize,
    chain: Vec<u32>,
    /// The bucket whose run each symbol is in.
    bucket_of: Vec<u32>,
}

/// `DT_HASH`: a list of symbols for each bucket.
struct SysV {
    buckets: Vec<u32>,
    chain: Vec<u32>,
    /// The bucket that leads to each symbol.
    bucket_of: Vec<u32>,
}

impl Hashes {
    pub(super) fn read(elf: &Elf<'_>, dynamic: &mut Dynamic) -> Result<Self, ReadError> {
        let mut hashes = Self::default();
        if let Some(address) = dynamic.value(elf::DT_GNU_HASH) {
            let (gnu, place) = Gnu::read(elf, address)?;
            hashes.count = (!gnu.chain.is_empty()).then(|| gnu.first + gnu.chain.len() as u64);
            hashes.gnu = Some(gnu);
            dynamic.tables.push(place);
        }
        if let Some(address) = dynamic.value(elf::DT_HASH) {
            let (sysv, place) = SysV::read(elf, address)?;
            let count = sysv.chain.len() as u64;
            if hashes.count.is_some_and(|other| other != count) {
                return Err(damaged("the hash tables count different symbols"));
            }
            hashes.count = Some(count);
            hashes.sysv = Some(sysv);
            dynamic.tables.push(place);
        }
        Ok(hashes)
    }

    /// Takes every symbol, in any order. `exported`: others may look it up.
    pub(super) fn check(&self, number: u64, name: &[u8], exported: bool) -> Result<(), ReadError> {
        if self.gnu.is_none() && self.sysv.is_none() && exported {
            return Err(damaged("exported symbols, and no table to find them by"));
        }
        if let Some(gnu) = &self.gnu {
            gnu.check(number, name, exported)?;
        }
        match &self.sysv {
            Some(sysv) if exported => sysv.check(number, name),
            _ => Ok(()),
        }
    }
}

impl Gnu {
    fn read(elf: &Elf<'_>, address: u64) -> Result<(Self, Range<u64>), ReadError> {
        let header = words(elf, address, 4)?;
        let [count, first, bloom_words, shift] = header[..] else {
            return Err(damaged(WHAT));
        };
        // The loader takes a part of the hash as an index: it ends the process where this is no
        // power of two.
        if count == 0 || !bloom_words.is_power_of_two() || shift >= 32 || first == 0 {
            return Err(damaged(WHAT));
        }
        let bloom_address = address + HEADER;
        let bloom = numbers::<U64<LE>>(elf, bloom_address, u64::from(bloom_words))?;
        let bucket_address = bloom_address + 8 * u64::from(bloom_words);
        let buckets = words(elf, bucket_address, u64::from(count))?;
        let chain_address = bucket_address + 4 * u64::from(count);
        let last = buckets.iter().copied().max().unwrap_or_default();
        let chain = match last {
            0 => Vec::new(),
            last => chain(elf, chain_address, last.checked_sub(first))?,
        };
        let end = chain_address + 4 * chain.len() as u64;
        let bucket_of = runs(&buckets, first, &chain)?;
        let gnu = Self {
            first: u64::from(first),
            shift,
            bloom: bloom.iter().map(|word| word.get(LE)).collect(),
            buckets: buckets.len(),
            chain,
            bucket_of,
        };
        Ok((gnu, address..end))
    }

    fn check(&self, number: u64, name: &[u8], exported: bool) -> Result<(), ReadError> {
        let place = number
            .checked_sub(self.first)
            .and_then(|place| usize::try_from(place).ok());
        let entry = place.and_then(|place| self.chain.get(place).zip(self.bucket_of.get(place)));
        let Some((&word, &run)) = entry else {
            return if exported {
                Err(damaged("an exported symbol that is in no hash table"))
            } else {
                Ok(())
            };
        };
        let hash = gnu_hash(name);
        let right = run as usize == hash as usize % self.buckets;
        let bits = 1 << (hash % 64) | 1 << ((hash >> self.shift) % 64);
        let bloom: u64 = self.bloom[hash as usize / 64 % self.bloom.len()];
        if !right || word | 1 != hash | 1 || bloom & bits != bits {
            return Err(damaged("a symbol's hash is not that of its name"));
        }
        Ok(())
    }
}

/// The hash of a name in `DT_GNU_HASH`: each byte is added to 33 times the hash so far.
///
/// Eight bytes at a time, added up in pairs, in fours and together, which do not wait for the hash
/// so far: the names of a Go plugin have four million bytes, and one after the other they took as
/// long as all the rest of a verification.
#[expect(
    clippy::cast_possible_truncation,
    reason = "the hash is what fits into 32 bits"
)]
fn gnu_hash(name: &[u8]) -> u32 {
    const FACTOR: u64 = 33;
    const OF_TWO: u64 = FACTOR * FACTOR;
    const OF_FOUR: u64 = OF_TWO * OF_TWO;
    const BYTES: u64 = 0x00ff_00ff_00ff_00ff;
    const PAIRS: u64 = 0x0000_ffff_0000_ffff;
    /// What so many bytes multiply the hash before them by.
    const POWERS: [u32; 9] = {
        let mut powers = [1_u32; 9];
        let mut at = 1;
        while at < powers.len() {
            powers[at] = powers[at - 1].wrapping_mul(FACTOR as u32);
            at += 1;
        }
        powers
    };
    let sum = |bytes: u64| {
        // No sum leaves its lane: of two bytes it has 14 bits, of four 24.
        let pairs = (bytes & BYTES) * FACTOR + ((bytes >> 8) & BYTES);
        let fours = (pairs & PAIRS) * OF_TWO + ((pairs >> 16) & PAIRS);
        ((fours & u64::from(u32::MAX)) * OF_FOUR + (fours >> 32)) as u32
    };
    let (blocks, rest) = name.as_chunks::<8>();
    let block = |hash: u32, block: &[u8; 8]| {
        hash.wrapping_mul(POWERS[8])
            .wrapping_add(sum(u64::from_le_bytes(*block)))
    };
    let hash = blocks.iter().fold(5381, block);
    match name.last_chunk::<8>() {
        // Zeros before the rest add nothing. How long it is, no branch could foresee.
        Some(last) if !rest.is_empty() => {
            let bytes = u64::from_le_bytes(*last) & (u64::MAX << (8 * (8 - rest.len())));
            hash.wrapping_mul(POWERS[rest.len()])
                .wrapping_add(sum(bytes))
        }
        _ => rest.iter().fold(hash, |hash, byte| {
            hash.wrapping_mul(POWERS[1]).wrapping_add((*byte).into())
        }),
    }
}

impl SysV {
    fn read(elf: &Elf<'_>, address: u64) -> Result<(Self, Range<u64>), ReadError> {
        let header = words(elf, address, 2)?;
        let [buckets, symbols] = header[..] else {
            return Err(damaged(WHAT));
        };
        if buckets == 0 {
            return Err(damaged(WHAT));
        }
        let length = 4 * (2 + u64::from(buckets) + u64::from(symbols));
        let place = address..address.saturating_add(length);
        let buckets = words(elf, address + 8, u64::from(buckets))?;
        let chain = words(
            elf,
            address + 8 + 4 * buckets.len() as u64,
            u64::from(symbols),
        )?;
        let mut bucket_of = vec![u32::MAX; chain.len()];
        for (bucket, &first) in (0..).zip(&buckets) {
            let mut number = first;
            while number != 0 {
                let place = number as usize;
                let seen = bucket_of.get_mut(place).ok_or(damaged(WHAT))?;
                if *seen != u32::MAX {
                    return Err(damaged(WHAT));
                }
                *seen = bucket;
                number = chain[place];
            }
        }
        let table = Self {
            buckets,
            chain,
            bucket_of,
        };
        Ok((table, place))
    }

    fn check(&self, number: u64, name: &[u8]) -> Result<(), ReadError> {
        let place = usize::try_from(number).unwrap_or(usize::MAX);
        let bucket = elf::hash(name) as usize % self.buckets.len();
        match self.bucket_of.get(place) {
            Some(&found) if found as usize == bucket => Ok(()),
            _ => Err(damaged("an exported symbol that is in no hash table")),
        }
    }
}

/// The bucket of each place of the chain. Each run begins where its bucket says and ends at a mark;
/// each place is in one run.
fn runs(buckets: &[u32], first: u32, chain: &[u32]) -> Result<Vec<u32>, ReadError> {
    let mut bucket_of = vec![u32::MAX; chain.len()];
    for (bucket, &start) in (0..).zip(buckets).filter(|(_, start)| **start != 0) {
        let mut place = start.checked_sub(first).ok_or(damaged(WHAT))? as usize;
        loop {
            let seen = bucket_of.get_mut(place).ok_or(damaged(WHAT))?;
            if std::mem::replace(seen, bucket) != u32::MAX {
                return Err(damaged(WHAT));
            }
            if chain[place] & 1 == 1 {
                break;
            }
            place += 1;
        }
    }
    if bucket_of.contains(&u32::MAX) {
        return Err(damaged(WHAT));
    }
    Ok(bucket_of)
}

/// The chain from its start to the end mark at or behind `last`, which is counted from the start.
fn chain(elf: &Elf<'_>, address: u64, last: Option<u32>) -> Result<Vec<u32>, ReadError> {
    let last = last.ok_or(damaged(WHAT))?;
    let mut chain = words(elf, address, u64::from(last) + 1)?;
    while chain.last().is_some_and(|word| word & 1 == 0) {
        let next = address + 4 * chain.len() as u64;
        let more = (elf.image.room(next) / 4).min(CHUNK);
        if more == 0 || chain.len() as u64 > SYMBOLS_LIMIT {
            return Err(damaged(WHAT));
        }
        let more = words(elf, next, more)?;
        let end = more.iter().position(|word| word & 1 == 1);
        chain.extend(&more[..end.map_or(more.len(), |end| end + 1)]);
    }
    Ok(chain)
}

fn words(elf: &Elf<'_>, address: u64, count: u64) -> Result<Vec<u32>, ReadError> {
    let words = numbers::<U32<LE>>(elf, address, count)?;
    Ok(words.iter().map(|word| word.get(LE)).collect())
}

fn numbers<T: object::pod::Pod + Clone>(
    elf: &Elf<'_>,
    address: u64,
    count: u64,
) -> Result<Vec<T>, ReadError> {
    let length = count.saturating_mul(size_of::<T>() as u64);
    let offset = elf.image.offset(address, length).ok_or(damaged(WHAT))?;
    table(elf.bytes, offset, count, WHAT, SYMBOLS_LIMIT)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_hash_is_that_of_one_byte_after_the_other() {
        let bytes: Vec<u8> = (0..200_u8).map(|byte| byte.wrapping_mul(151)).collect();
        for start in 0..8 {
            for end in start..bytes.len() {
                let name = &bytes[start..end];
                assert_eq!(gnu_hash(name), elf::gnu_hash(name), "{name:?}");
            }
        }
    }
}
