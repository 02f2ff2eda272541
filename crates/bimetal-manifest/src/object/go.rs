//! What Go's linker leaves among the exported symbols.
//!
//! In: symbols, one after the other. Out: [`GoFacts`]. Invariant: a package hash is never guessed:
//! one that cannot be read is damage.

use std::collections::BTreeSet;
use std::fmt::Write as _;

use base64::prelude::{BASE64_STANDARD, Engine as _};
use bimetal_files::Digest;

use super::build_info::BuildInfo;
use super::bytes::Bytes;
use super::error::ReadError;
use super::facts::{GoFacts, PackageHash, PackageHashes, Symbol, SymbolKind, UndefinedSymbol};
use super::form::is_plugin_symbol;
use super::names::BoundedNames;
use super::strings::NAME_LIMIT;
use crate::schema::Kind;

const HASH_PREFIX: &[u8] = b"go:link.pkghashbytes.";
const PACKAGES: &str = "the packages with a hash";
const TYPE_PREFIX: &[u8] = b"type:";
const PLUGIN_SYMBOLS_LIMIT: usize = 256;

/// What `path` is when `go build` was given files and no package.
const FILES: &str = "command-line-arguments";

/// Start of the plugin path that is made up then.
const UNNAMED: &str = "plugin/unnamed-";

/// What was found among the symbols.
pub(super) struct Scan {
    pub(super) exported: u64,
    pub(super) plugin_symbols: Vec<Symbol>,
    pub(super) undefined: Vec<UndefinedSymbol>,
    pub(super) native_exports: BoundedNames,
    /// The library enters itself into a Go runtime when it is loaded.
    pub(super) joins_go: bool,
    module_data: bool,
    module_data_size: Option<u64>,
    factory_types: BTreeSet<Kind>,
    hashes: Vec<(String, u64)>,
    hash_names: BoundedNames,
    type_symbols: [(Kind, String); Kind::ALL.len()],
    /// The import path as it stands in symbols.
    prefix: Option<String>,
    plugin_path: Option<String>,
    new_factory: Option<SymbolKind>,
}

impl Scan {
    pub(super) fn new(build_info: Option<&BuildInfo>) -> Self {
        let path = build_info.map(|info| info.path.as_str());
        let prefix = path
            .filter(|path| !path.is_empty() && *path != FILES)
            .map(escape_import_path);
        Self {
            exported: 0,
            plugin_symbols: Vec::new(),
            undefined: Vec::new(),
            native_exports: BoundedNames::new("the exported names"),
            joins_go: false,
            module_data: false,
            module_data_size: None,
            factory_types: BTreeSet::new(),
            hashes: Vec::new(),
            hash_names: BoundedNames::new(PACKAGES),
            type_symbols: Kind::ALL.map(|kind| (kind, factory_type(kind))),
            prefix,
            plugin_path: None,
            new_factory: None,
        }
    }

    /// Looks at one exported symbol.
    pub(super) fn look(
        &mut self,
        name: &[u8],
        kind: SymbolKind,
        address: u64,
        size: u64,
    ) -> Result<(), ReadError> {
        if let Some(package) = name.strip_prefix(HASH_PREFIX) {
            return self.package(package, address);
        }
        if is_plugin_symbol(name) {
            let name = String::from_utf8_lossy(name).into_owned();
            self.plugin_symbols.push(Symbol { name, kind });
            if self.plugin_symbols.len() > PLUGIN_SYMBOLS_LIMIT {
                let found = self.plugin_symbols.len() as u64;
                return Err(ReadError::Limit {
                    what: "symbols for a Collector",
                    found,
                    limit: PLUGIN_SYMBOLS_LIMIT as u64,
                });
            }
            return Ok(());
        }
        if name.starts_with(TYPE_PREFIX) {
            let found = self
                .type_symbols
                .iter()
                .find(|(_, of_kind)| of_kind.as_bytes() == name);
            self.factory_types.extend(found.map(|(kind, _)| *kind));
            return Ok(());
        }
        if name == b"runtime.firstmoduledata" {
            self.module_data_size = Some(size);
        }
        self.module_data |= name == b"runtime.lastmoduledatap";
        self.joins_go |= name.starts_with(b"runtime.addmoduledata");
        self.main_package(name, kind);
        Ok(())
    }

    fn package(&mut self, name: &[u8], address: u64) -> Result<(), ReadError> {
        let what = PACKAGES;
        self.hash_names.count(name)?;
        if name.len() + HASH_PREFIX.len() >= NAME_LIMIT {
            return Err(ReadError::Malformed { what });
        }
        let name = std::str::from_utf8(name).map_err(|_| ReadError::Malformed { what })?;
        self.hashes.push((name.to_owned(), address));
        Ok(())
    }

    fn main_package(&mut self, name: &[u8], kind: SymbolKind) {
        let Some((package, symbol)) = split(name, self.prefix.as_deref()) else {
            return;
        };
        match symbol {
            b"NewFactory" => self.new_factory = Some(kind),
            b"main" | b".inittask" => {}
            _ => return,
        }
        if self.plugin_path.is_none() {
            self.plugin_path = Some(package);
        }
    }
}

/// `name` as a symbol of the plugin's main package: that package and the rest.
fn split<'n>(name: &'n [u8], prefix: Option<&str>) -> Option<(String, &'n [u8])> {
    if let Some(prefix) = prefix {
        let symbol = name.strip_prefix(prefix.as_bytes())?.strip_prefix(b".")?;
        return Some((prefix.to_owned(), symbol));
    }
    let rest = name.strip_prefix(UNNAMED.as_bytes())?;
    let dot = rest.iter().position(|&byte| byte == b'.')?;
    let package = String::from_utf8_lossy(&name[..UNNAMED.len() + dot]).into_owned();
    Some((package, &rest[dot + 1..]))
}

/// Reads the hashes that `scan` found; `offset` leads from an address and a length to the file.
pub(super) fn facts(
    bytes: &Bytes<'_>,
    build_info: BuildInfo,
    scan: &Scan,
    offset: impl Fn(u64, u64) -> Option<u64>,
) -> Result<GoFacts, ReadError> {
    let what = "a package hash";
    let mut package_hashes = PackageHashes::new();
    // The linker lays them side by side, so in this order a few reads bring them all.
    let mut hashes: Vec<_> = scan.hashes.iter().collect();
    hashes.sort_by_key(|(_, address)| *address);
    for (package, address) in hashes {
        let place = offset(*address, 8).ok_or(ReadError::Malformed { what })?;
        let read = bytes.range(place, 8, what, 8)?;
        let hash =
            <[u8; 8]>::try_from(read.as_slice()).map_err(|_| ReadError::Malformed { what })?;
        if package_hashes
            .insert(package.clone(), PackageHash(hash))
            .is_some_and(|other| other.0 != hash)
        {
            return Err(ReadError::Malformed {
                what: "a package has two hashes",
            });
        }
    }
    // Symbols have the path escaped, everything else has it as it is.
    let plugin_path = match (&scan.plugin_path, &scan.prefix) {
        (Some(_), Some(_)) => Some(build_info.path.clone()),
        (found, _) => found.clone(),
    };
    Ok(GoFacts {
        plugin_path,
        new_factory: scan.new_factory,
        factory_types: scan.factory_types.clone(),
        module_data: scan.module_data,
        module_data_size: scan.module_data_size,
        package_hashes,
        build_info,
    })
}

/// The symbol of the type `func() Factory` of a kind. Where plugins are possible, Go's linker
/// writes a hash in the place of a long type.
fn factory_type(kind: Kind) -> String {
    let text = format!(
        "func() go.opentelemetry.io/collector/{}.Factory",
        kind.as_str()
    );
    let mut hash = Digest::of(text).0;
    // Tells the hash from others of the same text.
    hash[0] ^= 0xff;
    format!("type:{}", BASE64_STANDARD.encode(&hash[..6]))
}

/// An import path as Go writes it into symbols: dots of the last element and everything unusual
/// become `%xx`.
fn escape_import_path(path: &str) -> String {
    let last = path.rfind('/').map_or(0, |slash| slash + 1);
    let mut escaped = String::with_capacity(path.len());
    for (place, byte) in path.bytes().enumerate() {
        let unusual = byte <= b' ' || byte >= 0x7f || matches!(byte, b'%' | b'"');
        if unusual || (byte == b'.' && place >= last) {
            let _ = write!(escaped, "%{byte:02x}");
        } else {
            escaped.push(char::from(byte));
        }
    }
    escaped
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn import_paths_are_escaped_as_the_linker_does() {
        assert_eq!(
            escape_import_path("example.com/dot.v3"),
            "example.com/dot%2ev3"
        );
        assert_eq!(escape_import_path("main.v1"), "main%2ev1");
        assert_eq!(escape_import_path("a.b/c d\"%é"), "a.b/c%20d%22%25%c3%a9");
    }

    #[test]
    fn the_type_of_a_factory_function_has_the_symbol_that_the_linker_gives_it() {
        assert_eq!(factory_type(Kind::Processor), "type:WUkpTFor");
    }

    #[test]
    fn the_main_package_is_found_by_its_path_or_by_the_made_up_one() {
        assert_eq!(
            split(b"a/b%2ec.NewFactory", Some("a/b%2ec")),
            Some(("a/b%2ec".to_owned(), &b"NewFactory"[..]))
        );
        assert_eq!(split(b"a/bc.NewFactory", Some("a/b")), None);
        assert_eq!(
            split(b"plugin/unnamed-12ab.NewFactory", None),
            Some(("plugin/unnamed-12ab".to_owned(), &b"NewFactory"[..]))
        );
        assert_eq!(split(b"other.NewFactory", None), None);
    }
}
