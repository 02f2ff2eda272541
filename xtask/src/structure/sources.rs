//! How single files must look: their opening lines, their length, where `unsafe` and cgo stand, and
//! where a pointer and a length become bytes.
//!
//! In: the sources of the repository. Out: every file that breaks a rule of `STYLE.md`. Invariant:
//! reads sources only, never `target/`.

use std::path::{Path, PathBuf};

use proc_macro2::{TokenStream, TokenTree};

use super::{Finding, StructureError};

const RUST_LIMIT: usize = 500;
const GO_LIMIT: usize = 300;
const PARTS: [&str; 3] = ["In:", "Out:", "Invariant:"];
const EMPTY_NAMES: [&str; 5] = ["util", "common", "helpers", "manager", "core"];

/// Where `unsafe` may stand. A directory ends with `/`; a name without one is a file name below its
/// crate's `src`.
const UNSAFE_ROOMS: [(&str, &[&str]); 5] = [
    ("crates/bimetal-abi/src/", &["/"]),
    ("crates/bimetal-pdata/src/", &["goview/memory.rs"]),
    ("crates/bimetal-process/src/", &["spawn.rs"]),
    ("crates/bimetal-sdk/src/", &["shim.rs", "export.rs"]),
    (
        "crates/bimetal-host/src/",
        &[
            "load.rs",
            "component.rs",
            "component/tests.rs",
            "ffi.rs",
            "ffi/",
        ],
    ),
];

/// The one place of the Rust side where a pointer and a length become bytes, and what that is done
/// with.
const BORROW: &str = "crates/bimetal-abi/src/borrow.rs";
const TO_SLICE: [&str; 4] = [
    "from_raw_parts",
    "from_raw_parts_mut",
    "slice_from_raw_parts",
    "slice_from_raw_parts_mut",
];

/// The one line of the Go side that does so, and all that could.
const GO_BORROW: (&str, &str) = (
    "go/pluginhost/host_cgo.go",
    "\treturn unsafe.Slice((*byte)(ptr), int(length)), nil",
);
const GO_TO_SLICE: [&str; 4] = [
    "unsafe.Slice(",
    "unsafe.String(",
    "C.GoBytes(",
    "C.GoString",
];

/// How a function begins that C calls: a panic must not leave it.
const GO_GUARD: &str = "\tdefer func() { _ = recover() }()";

pub(super) fn check(root: &Path) -> Result<Vec<Finding>, StructureError> {
    let mut findings = Vec::new();
    for house in ["crates", "components"] {
        for package in directories(&root.join(house))? {
            for file in files(&package.join("src"), "rs")? {
                let text = fs_err::read_to_string(&file)?;
                findings.extend(rust(file.strip_prefix(root).unwrap_or(&file), &text));
            }
        }
    }
    for directory in ["xtask/src", "fuzz/src", "fuzz/fuzz_targets"] {
        for file in files(&root.join(directory), "rs")? {
            let text = fs_err::read_to_string(&file)?;
            findings.extend(rust(file.strip_prefix(root).unwrap_or(&file), &text));
        }
    }
    for file in files(&root.join("go"), "go")? {
        let text = fs_err::read_to_string(&file)?;
        findings.extend(go(file.strip_prefix(root).unwrap_or(&file), &text));
    }
    Ok(findings)
}

fn rust(file: &Path, text: &str) -> Vec<Finding> {
    let stem = file.file_stem().unwrap_or_default().to_string_lossy();
    if stem == "tests" {
        return Vec::new();
    }
    let mut findings = Vec::new();
    let mut find =
        |line: Option<usize>, text: String| findings.push(Finding::new(file, line, text));
    let opening: Vec<_> = text
        .lines()
        .take_while(|line| line.starts_with("//!"))
        .collect();
    let missing: Vec<_> = PARTS
        .into_iter()
        .filter(|part| !opening.iter().any(|line| line.contains(part)))
        .collect();
    // A root or a `mod.rs` may only declare and re-export; what it is for must stand there all the
    // same.
    let declares = matches!(&*stem, "lib" | "main" | "mod");
    if opening.is_empty() {
        find(
            Some(1),
            "does not open with `//!`: what comes in, what goes out, what never happens here"
                .to_owned(),
        );
    } else if !declares && !missing.is_empty() {
        find(
            Some(1),
            format!("its `//!` does not say {}", missing.join(" ")),
        );
    }
    let length = length_without_tests(text);
    if length > RUST_LIMIT {
        find(
            None,
            format!("{length} lines without tests, at most {RUST_LIMIT}"),
        );
    }
    if EMPTY_NAMES.contains(&&*stem) {
        find(
            None,
            format!("`{stem}` names no subject: name the module after what is in it"),
        );
    }
    match text.parse::<TokenStream>() {
        Ok(tokens) => {
            let outside = !may_be_unsafe(file);
            if outside && let Some(line) = first_word(tokens.clone(), &["unsafe"]) {
                find(
                    Some(line),
                    "`unsafe` outside of the rooms that `STYLE.md` names".to_owned(),
                );
            }
            if file != Path::new(BORROW)
                && let Some(line) = first_word(tokens, &TO_SLICE)
            {
                find(
                    Some(line),
                    format!("a pointer and a length become bytes in `{BORROW}` only"),
                );
            }
        }
        Err(error) => find(
            Some(error.span().start().line),
            format!("is not Rust: {error}"),
        ),
    }
    findings
}

fn go(file: &Path, text: &str) -> Vec<Finding> {
    let name = file.file_name().unwrap_or_default().to_string_lossy();
    let mut findings = Vec::new();
    let length = text.lines().count();
    if !name.ends_with("_test.go") && length > GO_LIMIT {
        findings.push(Finding::new(
            file,
            None,
            format!("{length} lines, at most {GO_LIMIT}"),
        ));
    }
    let in_host = file
        .components()
        .any(|part| part.as_os_str() == "pluginhost");
    let line_of =
        |wanted: &dyn Fn(&str) -> bool| text.lines().position(wanted).map(|line| line + 1);
    if !in_host && let Some(line) = line_of(&|line| line.trim() == "import \"C\"") {
        findings.push(Finding::new(
            file,
            Some(line),
            "cgo stands in `pluginhost` only",
        ));
    }
    if in_host
        && let Some(line) = line_of(&|line| line.trim().trim_matches('"').ends_with("/plugincmd"))
    {
        findings.push(Finding::new(
            file,
            Some(line),
            "`pluginhost` does not know `plugincmd`",
        ));
    }
    findings.extend(go_borrows(file, text));
    findings
}

/// Bytes of the other side come from one function, and what the other side calls lets no panic out.
fn go_borrows(file: &Path, text: &str) -> Vec<Finding> {
    let mut findings = Vec::new();
    let mut find = |line: usize, text: String| findings.push(Finding::new(file, Some(line), text));
    let (home, allowed) = GO_BORROW;
    let mut pending = file == Path::new(home);
    let mut exported = false;
    let mut lines = text.lines().zip(1..).peekable();
    while let Some((line, number)) = lines.next() {
        let code = line.split("//").next().unwrap_or_default();
        if line == allowed && std::mem::take(&mut pending) {
            continue;
        }
        if GO_TO_SLICE.iter().any(|way| code.contains(way)) {
            let text = format!("a pointer and a length become bytes in one line of `{home}` only");
            find(number, text);
        }
        exported |= line.starts_with("//export ");
        if exported && line.ends_with('{') {
            exported = false;
            if lines.peek().is_none_or(|(first, _)| *first != GO_GUARD) {
                let text = "a function that C calls begins with a deferred `recover`".to_owned();
                find(number, text);
            }
        }
    }
    findings
}

/// Lines before the unit tests, which close a file.
fn length_without_tests(text: &str) -> usize {
    let lines: Vec<_> = text.lines().collect();
    let tests = lines
        .windows(2)
        .position(|pair| pair[0] == "#[cfg(test)]" && pair[1].starts_with("mod tests {"));
    tests.unwrap_or(lines.len())
}

fn may_be_unsafe(file: &Path) -> bool {
    let path = file.to_string_lossy();
    UNSAFE_ROOMS.iter().any(|(source, rooms)| {
        path.strip_prefix(source).is_some_and(|inside| {
            let inside = format!("/{inside}");
            rooms.iter().any(|room| match room.strip_suffix('/') {
                Some(directory) => inside.starts_with(&format!(
                    "{}{directory}/",
                    if directory.is_empty() { "" } else { "/" }
                )),
                None => inside.ends_with(&format!("/{room}")),
            })
        })
    })
}

fn first_word(tokens: TokenStream, words: &[&str]) -> Option<usize> {
    tokens.into_iter().find_map(|token| match token {
        TokenTree::Ident(word) if words.iter().any(|wanted| word == wanted) => {
            Some(word.span().start().line)
        }
        TokenTree::Group(group) => first_word(group.stream(), words),
        _ => None,
    })
}

fn directories(directory: &Path) -> std::io::Result<Vec<PathBuf>> {
    let mut found = Vec::new();
    if directory.is_dir() {
        for entry in fs_err::read_dir(directory)? {
            let path = entry?.path();
            if path.is_dir() {
                found.push(path);
            }
        }
    }
    found.sort();
    Ok(found)
}

fn files(directory: &Path, extension: &str) -> std::io::Result<Vec<PathBuf>> {
    let mut found = Vec::new();
    if !directory.is_dir() {
        return Ok(found);
    }
    for entry in fs_err::read_dir(directory)? {
        let path = entry?.path();
        if path.is_dir() {
            found.extend(files(&path, extension)?);
        } else if path.extension().is_some_and(|found| found == extension) {
            found.push(path);
        }
    }
    found.sort();
    Ok(found)
}

#[cfg(test)]
mod tests {
    use super::*;

    const GOOD: &str = "//! What.\n//!\n//! In: a. Out: b. Invariant: c.\n";

    fn texts(findings: &[Finding]) -> Vec<String> {
        findings.iter().map(ToString::to_string).collect()
    }

    #[test]
    fn a_module_says_what_comes_in_goes_out_and_never_happens() {
        let file = Path::new("crates/bimetal/src/plan.rs");
        assert!(rust(file, GOOD).is_empty());
        assert_eq!(
            texts(&rust(file, "//! In: a.\n")),
            ["crates/bimetal/src/plan.rs:1: its `//!` does not say Out: Invariant:"]
        );
        assert_eq!(rust(file, "fn f() {}\n").len(), 1);
        assert!(
            rust(
                Path::new("crates/bimetal/src/stages/mod.rs"),
                "//! The steps.\nmod plan;\n"
            )
            .is_empty()
        );
    }

    #[test]
    fn unsafe_is_found_as_code_and_only_outside_of_its_rooms() {
        let code = format!(
            "{GOOD}// unsafe\nconst T: &str = \"unsafe\";\nmod m {{ fn f() {{ unsafe {{ g() }} }} \
             }}\n"
        );
        let found = rust(Path::new("crates/bimetal-host/src/registry.rs"), &code);
        assert_eq!(found[0].line, Some(6));
        for room in [
            "crates/bimetal-host/src/ffi.rs",
            "crates/bimetal-abi/src/table.rs",
            "crates/bimetal-sdk/src/runtime/table/shim.rs",
            "crates/bimetal-pdata/src/goview/memory.rs",
        ] {
            assert!(rust(Path::new(room), &code).is_empty(), "{room}");
        }
        for outside in [
            "crates/bimetal-sdk/src/myshim.rs",
            "crates/bimetal-pdata/src/goview/encode.rs",
        ] {
            assert_eq!(rust(Path::new(outside), &code).len(), 1, "{outside}");
        }
    }

    #[test]
    fn a_pointer_and_a_length_become_bytes_in_one_place_of_each_side() {
        let code = format!("{GOOD}fn f() {{ g(std::slice::from_raw_parts(p, n)) }}\n");
        let shim = Path::new("crates/bimetal-sdk/src/runtime/shim.rs");
        assert_eq!(
            texts(&rust(shim, &code)),
            [
                "crates/bimetal-sdk/src/runtime/shim.rs:4: a pointer and a length become bytes in \
              `crates/bimetal-abi/src/borrow.rs` only"
            ]
        );
        assert!(rust(Path::new(BORROW), &code).is_empty());

        let (home, line) = GO_BORROW;
        let once = format!("package p\n\nfunc f() {{\n{line}\n}}\n");
        assert!(go(Path::new(home), &once).is_empty());
        assert_eq!(go(Path::new("go/pluginhost/log.go"), &once).len(), 1);
        assert_eq!(go(Path::new(home), &format!("{once}{line}\n")).len(), 1);
        let copied = "\ttext := C.GoStringN(a, b) // unsafe.Slice(\n";
        assert_eq!(go(Path::new(home), copied).len(), 1);
    }

    #[test]
    fn what_c_calls_begins_with_a_deferred_recover() {
        let file = Path::new(GO_BORROW.0);
        let code = |first: &str| {
            format!("//export f\nfunc f(a C.int,\n\tb C.int) {{\n{first}\n\tg(a)\n}}\n")
        };
        assert!(go(file, &code(GO_GUARD)).is_empty());
        assert_eq!(
            texts(&go(file, &code("\ttext := h(b)"))),
            [
                "go/pluginhost/host_cgo.go:3: a function that C calls begins with a deferred \
                 `recover`"
            ]
        );
    }

    #[test]
    fn tests_do_not_count_as_length() {
        let file = Path::new("crates/bimetal/src/plan.rs");
        let tests = format!("#[cfg(test)]\nmod tests {{\n{}}}\n", "\n".repeat(600));
        assert!(rust(file, &format!("{GOOD}{tests}")).is_empty());
        assert_eq!(rust(file, &format!("{GOOD}{}", "\n".repeat(600))).len(), 1);
    }

    #[test]
    fn go_files_are_short_and_keep_cgo_in_one_directory() {
        let cgo = "package p\n\nimport \"C\"\n";
        assert_eq!(
            texts(&go(Path::new("go/plugincmd/a.go"), cgo)),
            ["go/plugincmd/a.go:3: cgo stands in `pluginhost` only"]
        );
        assert!(go(Path::new("go/pluginhost/a.go"), cgo).is_empty());
        assert_eq!(
            go(Path::new("go/pluginhost/a.go"), &"\n".repeat(301)).len(),
            1
        );
    }
}
