//! Every command of the documentation, run.
//!
//! In: README.md, CONTRIBUTING.md and the book. Out: one test per page and tier, named
//! `quick::README.md` and the like. Invariant: every line that begins with `$ ` in a `console`
//! block belongs to a tier and is run in it, beside the files that the page tells a reader to
//! write; a page that no tier can run fails.

mod page;
mod scene;

use std::process::ExitCode;
use std::sync::Arc;

use bimetal_conformance::distribution::repository;
use camino::{Utf8Path, Utf8PathBuf};
use fs_err as fs;
use libtest_mimic::{Arguments, Failed, Trial};

use page::{Step, Tier};

/// Pages outside the book.
const PAGES: [&str; 2] = ["README.md", "CONTRIBUTING.md"];

fn main() -> ExitCode {
    let mut arguments = Arguments::from_args();
    // One page at a time: each keeps compilers busy, and all share one target directory.
    arguments.test_threads.get_or_insert(1);
    libtest_mimic::run(&arguments, trials()).exit_code()
}

fn trials() -> Vec<Trial> {
    let mut trials = vec![
        Trial::test("quick::a_page_is_read_as_its_reader_reads_it", || {
            reads_pages().map_err(Failed::from)
        }),
        Trial::test("quick::a_page_that_does_not_keep_its_word_fails", || {
            notices_broken_pages().map_err(Failed::from)
        }),
    ];
    for path in pages(repository()) {
        let name = path.strip_prefix(repository()).unwrap_or(&path).to_owned();
        let text = fs::read_to_string(&path).map_err(|error| error.to_string());
        match text.and_then(|text| page::steps(&text)) {
            Ok(steps) => trials.extend(trials_of(&name, steps)),
            Err(why) => trials.push(Trial::test(format!("quick::{name}"), || Err(why.into()))),
        }
    }
    trials
}

fn trials_of(name: &Utf8Path, steps: Vec<Step>) -> Vec<Trial> {
    let steps: Arc<[Step]> = steps.into();
    let trial = |tier| {
        let steps = Arc::clone(&steps);
        let word = match tier {
            Tier::Quick => "quick",
            Tier::Slow => "slow",
            Tier::Hermetic => "hermetic",
        };
        Trial::test(format!("{word}::{name}"), move || {
            scene::follow(&steps, tier).map_err(Failed::from)
        })
    };
    page::tiers(&steps).into_iter().map(trial).collect()
}

fn pages(top: &Utf8Path) -> Vec<Utf8PathBuf> {
    let mut pages: Vec<_> = PAGES.iter().map(|name| top.join(name)).collect();
    let mut directories = vec![top.join("docs")];
    while let Some(directory) = directories.pop() {
        for entry in directory.read_dir_utf8().into_iter().flatten().flatten() {
            let path = entry.into_path();
            if path.is_dir() {
                directories.push(path);
            } else if path.extension() == Some("md") {
                pages.push(path);
            }
        }
    }
    pages.sort();
    pages
}

const PAGE: &str = "
`a/b.txt`:

```text
one
```

```console exit-2
$ cat a/b.txt; \\
  false || exit_with 2
one
```
";

fn reads_pages() -> Result<(), String> {
    let steps = page::steps(PAGE)?;
    let [Step::File { path, text }, Step::Command(command)] = steps.as_slice() else {
        return Err(format!("{steps:?}"));
    };
    let is_read = path == "a/b.txt"
        && text == "one\n"
        && command.text == "cat a/b.txt; \\\n  false || exit_with 2"
        && command.shown == ["one"]
        && command.exit == 2
        && page::tiers(&steps) == [Tier::Quick];
    if is_read {
        Ok(())
    } else {
        Err(format!("{steps:?}"))
    }
}

fn notices_broken_pages() -> Result<(), String> {
    let unreadable = [
        "```sh\nls\n```",
        "```console sometimes\n$ ls\n```",
        "```console\nls\n```",
    ];
    for text in unreadable {
        if page::steps(text).is_ok() {
            return Err(format!("nothing is said against:\n{text}"));
        }
    }
    let broken = [
        ("```console\n$ false\n```", "ended with 1"),
        ("```console exit-2\n$ true\n```", "ended with 0"),
        ("```console\n$ echo one\ntwo\n```", "did not print"),
        ("```console gate\n$ make nonsense\n```", "nonsense"),
        ("```console gate\n$ ls\n```", "neither"),
    ];
    for (text, word) in broken {
        match scene::follow(&page::steps(text)?, Tier::Quick) {
            Err(why) if why.contains(word) => {}
            other => return Err(format!("{other:?} of:\n{text}")),
        }
    }
    Ok(())
}
