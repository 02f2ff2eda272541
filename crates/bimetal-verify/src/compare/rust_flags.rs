//! rustc's flags: which of them matter, and whether they are equal.
//!
//! In: a pair. Out: mismatches. Invariant: pure; an option that is written in another way and means
//! the same is no difference.

use std::collections::BTreeMap;

use super::flags::{differences, flag_help};
use crate::compare::Pair;
use crate::compare::mismatch::{Check, Mismatch, Outcome};

/// rustc's code generation options that only concern linking, debugging or the build itself.
const RUST_NEUTRAL: &[&str] = &[
    "ar",
    "codegen-units",
    "debuginfo",
    "default-linker-libraries",
    "dlltool",
    "embed-bitcode",
    "extra-filename",
    "incremental",
    "link-arg",
    "link-args",
    "link-dead-code",
    "link-self-contained",
    "linker",
    "linker-features",
    "linker-flavor",
    "metadata",
    "prefer-dynamic",
    "remark",
    "rpath",
    "save-temps",
    "split-debuginfo",
    "strip",
];

/// What rustc does about panics.
pub(super) const PANIC: &str = "-Cpanic";

pub(super) fn compare(pair: &Pair<'_>) -> Vec<Mismatch> {
    if !pair.is_exact() {
        return Vec::new();
    }
    let (main, plugin) = (
        options(&pair.main_part.build_flags),
        options(&pair.plugin_part.build_flags),
    );
    differences(&main, &plugin)
        // The C ABI has its own rule for it, under every policy.
        .filter(|(name, ..)| *name != PANIC)
        .map(|(name, ours, theirs)| {
            Mismatch::new(Outcome::Refused, Check::Flag, name)
                .values(ours, theirs)
                .on_load(
                    "main's policy `exact` takes only plugins whose code was generated as its own",
                )
                .help(flag_help(name, ours))
        })
        .collect()
}

/// Option -> value of rustc's code generation options that matter; `-Z` options all do.
pub(super) fn options(flags: &[String]) -> BTreeMap<String, String> {
    let mut found: BTreeMap<String, String> = BTreeMap::new();
    let mut rest = flags.iter();
    while let Some(flag) = rest.next() {
        let (kind, option) = match flag.as_str() {
            "-C" | "--codegen" => ("-C", rest.next().map_or("", String::as_str)),
            "-Z" => ("-Z", rest.next().map_or("", String::as_str)),
            flag => match (
                flag.strip_prefix("-C"),
                flag.strip_prefix("--codegen="),
                flag.strip_prefix("-Z"),
            ) {
                (Some(option), ..) | (_, Some(option), _) => ("-C", option),
                (.., Some(option)) => ("-Z", option),
                _ => continue,
            },
        };
        let (name, value) = option.split_once('=').unwrap_or((option, "true"));
        let name = name.replace('_', "-");
        if kind == "-C" && RUST_NEUTRAL.contains(&name.as_str()) {
            continue;
        }
        let entry = found.entry(format!("{kind}{name}")).or_default();
        if name == "target-feature" && !entry.is_empty() {
            entry.push(',');
            entry.push_str(value);
        } else {
            value.clone_into(entry);
        }
    }
    found
}

#[cfg(test)]
mod tests {
    use super::*;

    fn list(flags: &[&str]) -> Vec<String> {
        flags.iter().map(|flag| (*flag).to_owned()).collect()
    }

    #[test]
    fn spellings_of_one_rustc_option_are_equal_and_link_options_do_not_count() {
        let one = options(&list(&[
            "-Copt-level=3",
            "-C",
            "target_feature=+avx2",
            "-Clink-arg=-Wl,-Bsymbolic",
        ]));
        let other = options(&list(&[
            "--codegen=opt-level=3",
            "--codegen",
            "target-feature=+avx2",
            "--crate-type=cdylib",
        ]));
        assert_eq!(one, other);
        assert_eq!(one.len(), 2);
    }
}
