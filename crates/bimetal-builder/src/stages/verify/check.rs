//! Verifies the plugins as they will ship, by the rules of `plugins check` and of main's start.
//!
//! In: main, the plugins as they will ship. Out: nothing, or the report. Invariant: nothing is
//! decided here; what is added is how a refused plugin was built.

use std::cell::RefCell;
use std::collections::BTreeSet;
use std::fmt::Write as _;
use std::io::{self, Write};
use std::rc::Rc;

use bimetal_manifest::object;
use bimetal_terminal::{Printer, escape};
use bimetal_verify::{DirectoryVerdict, FoundLock, Request, Rules, Trust, verify_directory};
use camino::Utf8Path;

use super::CheckedPlugin;
use super::error::VerifyError;
use super::stage::Stage;

/// Every plugin alone against main, and all of them together. The lock is required: every file that
/// ships is listed in it.
pub(super) fn check(
    main: &Utf8Path,
    stage: &Stage,
    plugins: &[CheckedPlugin],
) -> Result<(), VerifyError> {
    let (_file, artifact) = object::open(main).map_err(|source| VerifyError::Read {
        path: main.to_owned(),
        source,
    })?;
    let request = Request {
        main: Some(&artifact),
        rules: Rules::of(&artifact, None),
        lock: &FoundLock::Absent,
        require_lock: true,
        trust: &Trust::Rights,
        directory: None,
        linked_in: &BTreeSet::new(),
    };
    let verdict = verify_directory(&stage.directory(), &request)
        .map_err(|source| VerifyError::Scan { source })?;
    if verdict.is_good() {
        return Ok(());
    }
    let mut report = text(&verdict);
    for refused in verdict
        .plugins
        .iter()
        .filter(|plugin| !plugin.status.may_be_loaded())
    {
        let built = plugins
            .iter()
            .map(|plugin| &plugin.built)
            .find(|built| built.file_name() == refused.file);
        if let Some(built) = built {
            let command = built.invocation.command_line();
            // Writing to a String cannot fail.
            let _infallible = write!(
                report,
                "\n{} was built by: {}",
                escape(&refused.file),
                escape(&command)
            );
        }
    }
    Err(VerifyError::Refused { report })
}

/// What `plugins check` says about it.
fn text(verdict: &DirectoryVerdict) -> String {
    let written = Written::default();
    bimetal_plugins::print_directory(
        verdict,
        &Printer::to_writers(written.clone(), io::sink(), None),
    );
    written.text()
}

#[derive(Clone, Debug, Default)]
struct Written(Rc<RefCell<Vec<u8>>>);

impl Written {
    fn text(&self) -> String {
        String::from_utf8_lossy(&self.0.borrow())
            .trim_end()
            .to_owned()
    }
}

impl Write for Written {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.0.borrow_mut().write(bytes)
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}
