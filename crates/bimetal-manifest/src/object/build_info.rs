//! Go's build information, as `go version -m` shows it.
//!
//! In: section `.go.buildinfo`. Out: [`BuildInfo`]. Invariant: only the form that Go has written
//! since 1.18 is read, and every length is checked.

use schemars::JsonSchema;
use serde::Serialize;

use super::bytes::Bytes;
use super::error::ReadError;

/// Name of the section in ELF files.
pub(super) const SECTION: &str = ".go.buildinfo";

const MAGIC: &[u8; 14] = b"\xff Go buildinf:";
const HEADER: usize = 32;
const LIMIT: u64 = 4 << 20;
/// Most modules and settings; an empty one takes twenty times as much memory as its line.
const LINES_LIMIT: usize = 16_384;
/// Around the text stand marks of this length that debuggers look for.
const MARK: usize = 16;
const INLINE: u8 = 2;

/// What Go knows about a build.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, JsonSchema)]
pub struct BuildInfo {
    /// Version of Go, with experiments.
    pub go_version: String,
    /// Import path of the main package.
    pub path: String,
    /// Module of the main package.
    pub main: Option<Module>,
    /// Modules that the build took packages from.
    pub dependencies: Vec<Module>,
    /// Flags and variables, in the order of the file.
    pub settings: Vec<(String, String)>,
}

/// A module.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, JsonSchema)]
pub struct Module {
    /// Module path.
    pub path: String,
    /// Version, `(devel)` or empty.
    pub version: String,
    /// `h1:` sum, or empty.
    pub sum: String,
    /// What it was replaced by.
    pub replaced_by: Option<Box<Module>>,
}

impl BuildInfo {
    /// The value of a flag or variable.
    pub fn setting(&self, key: &str) -> Option<&str> {
        self.settings
            .iter()
            .find(|(name, _)| name == key)
            .map(|(_, value)| value.as_str())
    }
}

/// Reads the section at `offset`.
pub(super) fn read(bytes: &Bytes<'_>, offset: u64, size: u64) -> Result<BuildInfo, ReadError> {
    let data = bytes.range(offset, size, "Go's build information", LIMIT)?;
    parse(&data)
}

/// Reads the bytes of the section, wherever they come from.
pub fn parse(data: &[u8]) -> Result<BuildInfo, ReadError> {
    let damaged = || ReadError::Malformed {
        what: "Go's build information",
    };
    let rest = data.strip_prefix(MAGIC).ok_or_else(damaged)?;
    let flags = rest.get(1).ok_or_else(damaged)?;
    if flags & INLINE == 0 {
        return Err(ReadError::Unsupported {
            what: "what Go before 1.18 has built",
        });
    }
    let rest = data.get(HEADER..).ok_or_else(damaged)?;
    let (version, rest) = string(rest).ok_or_else(damaged)?;
    let (text, _) = string(rest).ok_or_else(damaged)?;
    let go_version = String::from_utf8(version.to_vec()).map_err(|_| damaged())?;
    let text = match text.len().checked_sub(MARK + 1) {
        Some(end) if end >= MARK && text[end] == b'\n' => &text[MARK..=end],
        _ => &[],
    };
    let text = std::str::from_utf8(text).map_err(|_| damaged())?;
    let count = text.lines().count();
    if count > LINES_LIMIT {
        return Err(ReadError::Limit {
            what: "lines of Go's build information",
            found: count as u64,
            limit: LINES_LIMIT as u64,
        });
    }
    lines(go_version, text).ok_or_else(damaged)
}

/// A string with its length in front, and what follows it.
fn string(data: &[u8]) -> Option<(&[u8], &[u8])> {
    let mut length: u64 = 0;
    for (place, &byte) in data.iter().enumerate().take(9) {
        length |= u64::from(byte & 0x7f) << (7 * place);
        if byte & 0x80 == 0 {
            return data
                .get(place + 1..)?
                .split_at_checked(usize::try_from(length).ok()?);
        }
    }
    None
}

fn lines(go_version: String, text: &str) -> Option<BuildInfo> {
    let mut info = BuildInfo {
        go_version,
        ..BuildInfo::default()
    };
    for line in text.lines() {
        let (word, rest) = line.split_once('\t').unwrap_or((line, ""));
        match word {
            "path" => rest.clone_into(&mut info.path),
            "mod" => info.main = Some(module(rest)),
            "dep" => info.dependencies.push(module(rest)),
            "=>" => {
                let replaced = info.dependencies.last_mut().or(info.main.as_mut())?;
                replaced.replaced_by = Some(Box::new(module(rest)));
            }
            "build" => info.settings.push(setting(rest)?),
            // Lines of a later version.
            _ => {}
        }
    }
    Some(info)
}

fn module(text: &str) -> Module {
    let mut fields = text.split('\t').map(str::to_owned);
    let mut next = || fields.next().unwrap_or_default();
    Module {
        path: next(),
        version: next(),
        sum: next(),
        replaced_by: None,
    }
}

/// `key=value`, each of them quoted as in Go where it has to be.
fn setting(text: &str) -> Option<(String, String)> {
    let (key, rest) = if text.starts_with(['"', '`']) {
        unquote(text)?
    } else {
        (text.split('=').next()?.to_owned(), &text[text.find('=')?..])
    };
    let rest = rest.strip_prefix('=')?;
    let value = if rest.starts_with(['"', '`']) {
        unquote(rest)?.0
    } else {
        rest.to_owned()
    };
    Some((key, value))
}

/// The Go string literal at the start of `text`, and what follows it.
fn unquote(text: &str) -> Option<(String, &str)> {
    if let Some(raw) = text.strip_prefix('`') {
        let (value, rest) = raw.split_once('`')?;
        return Some((value.to_owned(), rest));
    }
    let mut rest = text.strip_prefix('"')?;
    let mut value = Vec::new();
    loop {
        let mut characters = rest.chars();
        match characters.next()? {
            '"' => {
                return Some((
                    String::from_utf8_lossy(&value).into_owned(),
                    characters.as_str(),
                ));
            }
            '\\' => rest = escaped(characters.as_str(), &mut value)?,
            other => {
                value.extend_from_slice(other.encode_utf8(&mut [0; 4]).as_bytes());
                rest = characters.as_str();
            }
        }
    }
}

/// Appends what the escape in front of `text` (without its backslash) stands for.
fn escaped<'t>(text: &'t str, value: &mut Vec<u8>) -> Option<&'t str> {
    let mut characters = text.chars();
    let byte = match characters.next()? {
        'a' => 7,
        'b' => 8,
        'f' => 12,
        'n' => b'\n',
        'r' => b'\r',
        't' => b'\t',
        'v' => 11,
        quoted @ ('\\' | '"' | '\'') => u8::try_from(quoted).ok()?,
        'x' => {
            value.push(u8::from_str_radix(text.get(1..3)?, 16).ok()?);
            return text.get(3..);
        }
        length @ ('u' | 'U') => {
            let end = if length == 'u' { 5 } else { 9 };
            let character = char::from_u32(u32::from_str_radix(text.get(1..end)?, 16).ok()?)?;
            value.extend_from_slice(character.encode_utf8(&mut [0; 4]).as_bytes());
            return text.get(end..);
        }
        '0'..='7' => {
            value.push(u8::from_str_radix(text.get(..3)?, 8).ok()?);
            return text.get(3..);
        }
        _ => return None,
    };
    value.push(byte);
    Some(characters.as_str())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn section(version: &str, text: &str) -> Vec<u8> {
        let mut data = MAGIC.to_vec();
        data.extend([8, INLINE]);
        data.resize(HEADER, 0);
        let mark = [b'#'; MARK];
        let text = if text.is_empty() {
            Vec::new()
        } else {
            [&mark[..], text.as_bytes(), &mark].concat()
        };
        for part in [version.as_bytes(), &text] {
            let mut length = part.len();
            while length >= 0x80 {
                data.push(u8::try_from(length & 0x7f).unwrap() | 0x80);
                length >>= 7;
            }
            data.push(u8::try_from(length).unwrap());
            data.extend_from_slice(part);
        }
        data
    }

    const TEXT: &str = "path\texample.com/p\nmod\texample.com/p\t(devel)\t\n\
        dep\ta.com/x\tv1.2.3\th1:abc=\ndep\tb.com/y\tv0.1.0\n\
        =>\t../y\t\t\nbuild\t-buildmode=plugin\nbuild\t-gcflags=\"all=-N -l\"\n\
        build\t`odd key`=\"a\\t\\x41\\u00e9\\102\"\nlater\tx\n";

    #[test]
    fn versions_modules_replacements_and_settings_are_read() {
        let info = parse(&section("go1.26.8 X:jsonv2", TEXT)).unwrap();
        assert_eq!(info.go_version, "go1.26.8 X:jsonv2");
        assert_eq!(info.path, "example.com/p");
        assert_eq!(info.main.as_ref().unwrap().version, "(devel)");
        assert_eq!(info.dependencies[0].sum, "h1:abc=");
        assert_eq!(
            info.dependencies[1].replaced_by.as_ref().unwrap().path,
            "../y"
        );
        assert_eq!(info.setting("-gcflags"), Some("all=-N -l"));
        assert_eq!(info.setting("odd key"), Some("a\tAéB"));
        assert_eq!(info.setting("-race"), None);
    }

    #[test]
    fn a_section_cut_anywhere_is_an_error_and_never_a_panic() {
        let whole = section("go1.26.8", TEXT);
        for end in 0..whole.len() {
            assert!(parse(&whole[..end]).is_err(), "{end}");
        }
    }

    #[test]
    fn lengths_and_literals_that_lie_are_errors() {
        for text in [
            "build\t\"a\n",
            "build\tno value\n",
            "build\tk=\"\\u12\"\n",
            "build\tk=\"\\xé\"\n",
            "=>\tx\n",
        ] {
            assert!(parse(&section("go1.26.8", text)).is_err(), "{text}");
        }
        let mut huge = section("", "");
        huge.truncate(HEADER);
        huge.extend([0xff; 10]);
        assert!(parse(&huge).is_err());
        assert!(matches!(
            parse(b"\xff Go buildinf:\x08\x00"),
            Err(ReadError::Unsupported { .. })
        ));
        assert!(parse(b"").is_err());
    }

    #[test]
    fn more_lines_than_any_build_has_are_refused() {
        let lines = |count| "dep\n".repeat(count);
        assert!(parse(&section("go1.26.8", &lines(LINES_LIMIT))).is_ok());
        assert!(matches!(
            parse(&section("go1.26.8", &lines(LINES_LIMIT + 1))),
            Err(ReadError::Limit { .. })
        ));
    }

    #[test]
    fn a_build_without_modules_has_a_version_only() {
        assert_eq!(parse(&section("go1.26.8", "")).unwrap().path, "");
    }
}
