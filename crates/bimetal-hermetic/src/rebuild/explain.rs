//! What diffoscope says about the first object file that differs.
//!
//! In: two directories and what differs. Out: [`Explanation`]. Invariant: decides nothing; without
//! diffoscope the comparison stands.

use std::time::Duration;

use bimetal_builder::toolchain::{Invocation, Runner, find_tool, work};
use camino::{Utf8Path, Utf8PathBuf};
use fs_err as fs;

use super::{Difference, What};

const PROGRAM: &str = "diffoscope";
const LIMIT: Duration = Duration::from_mins(5);

/// A report about one file.
#[derive(Debug)]
pub struct Explanation {
    /// Relative to the distribution.
    pub file: Utf8PathBuf,
    /// Where the whole report stands.
    pub report: Utf8PathBuf,
    pub text: String,
}

/// Explains the first of `differences` that is one of sections, if diffoscope is there.
pub fn explain(
    out: &Utf8Path,
    rebuilt: &Utf8Path,
    differences: &[Difference],
    search_path: &str,
    runner: &Runner<'_>,
) -> Option<Explanation> {
    let program = find_tool(PROGRAM, search_path)?;
    let Difference { file, .. } = differences
        .iter()
        .find(|difference| matches!(difference.what, What::Sections { .. }))?;
    let report = work::directory(out).join("diffoscope.txt");
    let compare = Invocation::new(program, "/")
        .args(["--no-progress", "--max-text-report-size=200000", "--text"])
        .args([
            report.as_str(),
            out.join(file).as_str(),
            rebuilt.join(file).as_str(),
        ]);
    // It ends with 1 where files differ, which is why it was called.
    let _differs = runner.run_within(PROGRAM, &compare, LIMIT);
    let text = fs::read_to_string(&report).ok()?;
    Some(Explanation {
        file: file.clone(),
        report,
        text,
    })
}
