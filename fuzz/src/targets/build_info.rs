//! The reader of Go's build information.
//!
//! In: bytes of the section. Out: nothing. Invariant: what was read is not longer than the bytes,
//! and written again it reads the same.

use bimetal_manifest::object::{BuildInfo, Module, parse_build_info};

/// One input.
pub fn run(data: &[u8]) {
    let Ok(info) = parse_build_info(data) else {
        return;
    };
    assert!(texts(&info).map(str::len).sum::<usize>() <= data.len());
    // A line loses a carriage return at its end, so such a value cannot be written in a way that
    // keeps it.
    if texts(&info).all(|text| !text.ends_with('\r')) {
        let again = parse_build_info(&section(&info)).expect("what was written can be read");
        assert_eq!(again, info);
    }
}

fn modules(info: &BuildInfo) -> impl Iterator<Item = &Module> {
    info.main
        .iter()
        .chain(&info.dependencies)
        .flat_map(|module| std::iter::once(module).chain(module.replaced_by.as_deref()))
}

fn texts(info: &BuildInfo) -> impl Iterator<Item = &str> {
    let settings = info
        .settings
        .iter()
        .flat_map(|(key, value)| [key.as_str(), value]);
    modules(info)
        .flat_map(|module| [module.path.as_str(), &module.version, &module.sum])
        .chain([info.go_version.as_str(), &info.path])
        .chain(settings)
}

/// The section that Go would write for `info`.
fn section(info: &BuildInfo) -> Vec<u8> {
    let mut text = format!("path\t{}\n", info.path);
    for (word, module) in info
        .main
        .iter()
        .map(|module| ("mod", module))
        .chain(info.dependencies.iter().map(|module| ("dep", module)))
    {
        text.push_str(&line(word, module));
        if let Some(replaced) = &module.replaced_by {
            text.push_str(&line("=>", replaced));
        }
    }
    for (key, value) in &info.settings {
        text.push_str(&format!("build\t{}={}\n", quoted(key), quoted(value)));
    }
    let mark = [b'#'; 16];
    let text = [&mark[..], text.as_bytes(), &mark].concat();
    let mut bytes = b"\xff Go buildinf:\x08\x02".to_vec();
    bytes.resize(32, 0);
    for part in [info.go_version.as_bytes(), &text] {
        let mut length = part.len();
        while length >= 0x80 {
            bytes.push((length & 0x7f) as u8 | 0x80);
            length >>= 7;
        }
        bytes.push(length as u8);
        bytes.extend_from_slice(part);
    }
    bytes
}

fn line(word: &str, module: &Module) -> String {
    format!(
        "{word}\t{}\t{}\t{}\n",
        module.path, module.version, module.sum
    )
}

fn quoted(text: &str) -> String {
    let escaped = text
        .replace('\\', "\\\\")
        .replace('"', "\\\"")
        .replace('\n', "\\n");
    format!("\"{escaped}\"")
}
