//! Lets main load every plugin once.
//!
//! In: main, plugins that fit it. Out: nothing, or what main had to say. Invariant: plugin code
//! runs in children of main only, under a time limit, and never in the builder.

use std::collections::BTreeSet;
use std::time::Duration;

use camino::{Utf8Path, Utf8PathBuf};

use super::error::VerifyError;
use super::stage::Stage;
use crate::toolchain::{Invocation, Runner};

/// How long main waits for one plugin.
const LIMIT: Duration = Duration::from_mins(1);
/// How long main may take beside that, for each plugin: it hashes and reads the file first. Each is
/// loaded twice, alone and beside the others.
const REST: Duration = Duration::from_secs(30);

/// Loads all plugins of the stage together, and before that each in a child of main, unless its
/// file name is one of the `known`.
pub(super) fn load(
    out: &Utf8Path,
    main: &Utf8Path,
    stage: &Stage,
    known: &BTreeSet<&str>,
    runner: &Runner<'_>,
) -> Result<(), VerifyError> {
    let plugins = &stage.plugins;
    runner.activity.doing(&match plugins.as_slice() {
        [plugin] => format!("loading {}", plugin.file_name().unwrap_or_default()),
        _ => format!("loading {} plugins, each in a child of main", plugins.len()),
    });
    let limit = (2 * LIMIT + REST) * u32::try_from(plugins.len()).unwrap_or(u32::MAX);
    runner
        .run_within(
            "plugins-validate",
            &invocation(out, main, stage, known),
            limit,
        )
        .map_err(|source| VerifyError::Load { source })
}

/// Main's ordinary rules, and the lock is required: every byte that is loaded is one that ships.
fn invocation(
    out: &Utf8Path,
    main: &Utf8Path,
    stage: &Stage,
    known: &BTreeSet<&str>,
) -> Invocation {
    let is_known = |path: &&Utf8PathBuf| path.file_name().is_some_and(|name| known.contains(name));
    let known = stage.plugins.iter().filter(is_known);
    Invocation::new(main, out)
        // Main keeps private copies there; nothing of a build stays behind in the user's
        // directories.
        .env("TMPDIR", stage.temporary().as_str())
        .args(["plugins", "validate", "--load", "--plugins-require-lock"])
        .arg(format!("--timeout={}s", LIMIT.as_secs()))
        .arg(format!("--plugins-dir={}", stage.directory()))
        .args(known.map(|path| format!("--loaded={path}")))
        .args(stage.plugins.iter().map(|path| path.as_str()))
}
