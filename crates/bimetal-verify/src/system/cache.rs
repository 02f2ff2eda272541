//! The list of libraries that the GNU loader keeps, `ld.so.cache`.
//!
//! In: the file. Out: paths by name. Invariant: a file that is missing, too large or damaged is an
//! empty list, as it is for the loader.

use std::io::Read as _;

use camino::Utf8Path;

use bimetal_manifest::object;

const MAGIC: &[u8] = b"glibc-ld.so.cache1.1";
const HEADER: usize = 48;
const ENTRY: usize = 24;
const LIMIT: u64 = 16 << 20;

/// The bytes of the list, from the magic on.
#[derive(Debug, Default)]
pub struct LibraryList {
    bytes: Vec<u8>,
}

impl LibraryList {
    pub(super) fn read(path: &Utf8Path) -> Self {
        let mut bytes = Vec::new();
        let read = object::open_for_reading(path)
            .and_then(|file| file.take(LIMIT).read_to_end(&mut bytes));
        match read {
            Ok(_) => Self::of(bytes),
            Err(_) => Self::default(),
        }
    }

    /// The list in these bytes. Old loaders put a list of an older form in front.
    pub fn of(mut bytes: Vec<u8>) -> Self {
        match bytes.windows(MAGIC.len()).position(|part| part == MAGIC) {
            Some(start) => {
                bytes.drain(..start);
                Self { bytes }
            }
            None => Self::default(),
        }
    }

    /// Where a library of that name lies, the best first. A name has several paths where the
    /// machine runs programs of several kinds.
    pub fn paths(&self, name: &str) -> impl Iterator<Item = &str> {
        // What the file claims is not what it holds.
        let held = self.bytes.len().saturating_sub(HEADER) / ENTRY;
        let count = self.number(MAGIC.len()).unwrap_or(0).min(held);
        (0..count).filter_map(move |index| {
            let entry = HEADER.checked_add(index.checked_mul(ENTRY)?)?;
            let key = self.text(self.number(entry + 4)?)?;
            (key == name).then(|| self.text(self.number(entry + 8)?))?
        })
    }

    fn number(&self, at: usize) -> Option<usize> {
        let bytes = self.bytes.get(at..at.checked_add(4)?)?;
        usize::try_from(u32::from_le_bytes(bytes.try_into().ok()?)).ok()
    }

    fn text(&self, at: usize) -> Option<&str> {
        let rest = self.bytes.get(at..)?;
        let end = rest.iter().position(|&byte| byte == 0)?;
        std::str::from_utf8(&rest[..end]).ok()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn list(entries: &[(&str, &str)]) -> Vec<u8> {
        let number = |value: usize| u32::try_from(value).unwrap().to_le_bytes();
        let mut strings = Vec::new();
        let mut table = Vec::new();
        let start = HEADER + entries.len() * ENTRY;
        let mut add = |text: &str| {
            let at = start + strings.len();
            strings.extend_from_slice(text.as_bytes());
            strings.push(0);
            number(at)
        };
        for (name, path) in entries {
            let (key, value) = (add(name), add(path));
            table.extend([&number(0x303)[..], &key, &value, &[0; 12]].concat());
        }
        let mut bytes = [MAGIC, &number(entries.len())].concat();
        bytes.resize(HEADER, 0);
        [bytes, table, strings].concat()
    }

    #[test]
    fn a_name_leads_to_its_paths_and_an_older_list_in_front_is_passed_over() {
        let mut bytes = b"ld.so-1.7.0\0\0\0\0\0".to_vec();
        bytes.extend(list(&[
            ("libc.so.6", "/a/libc.so.6"),
            ("libm.so.6", "/a/libm.so.6"),
            ("libc.so.6", "/b/libc.so.6"),
        ]));
        let cache = LibraryList::of(bytes);
        assert_eq!(
            cache.paths("libc.so.6").collect::<Vec<_>>(),
            ["/a/libc.so.6", "/b/libc.so.6"]
        );
        assert_eq!(cache.paths("libx.so.1").count(), 0);
    }

    #[test]
    fn a_count_that_the_bytes_have_no_room_for_costs_nothing() {
        let mut bytes = list(&[("libc.so.6", "/a/libc.so.6")]);
        bytes[MAGIC.len()..MAGIC.len() + 4].fill(0xff);
        let list = LibraryList::of(bytes);
        // Four thousand million steps each would not end.
        for _ in 0..1000 {
            assert_eq!(list.paths("libc.so.6").count(), 1);
        }
    }

    #[test]
    fn a_list_cut_anywhere_is_shorter_and_no_more() {
        let whole = list(&[("libc.so.6", "/a/libc.so.6")]);
        for end in 0..whole.len() {
            let cache = LibraryList::of(whole[..end].to_vec());
            assert_eq!(cache.paths("libc.so.6").count(), 0, "{end}");
        }
        assert_eq!(LibraryList::of(whole).paths("libc.so.6").count(), 1);
        assert_eq!(
            LibraryList::read(Utf8Path::new("/nowhere"))
                .paths("x")
                .count(),
            0
        );
    }
}
