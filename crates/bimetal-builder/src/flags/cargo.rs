//! How cargo is called: the target directory, the flags, and where results stand.
//!
//! In: [`Plan`]. Out: invocations and paths. Invariant: when several distributions share a target
//! directory, no one takes a library that another one compiled from sources with the same names.

use std::io;
use std::time::SystemTime;

use bimetal_files::{FileError, unless_absent};
use camino::{Utf8Path, Utf8PathBuf};
use fs_err as fs;
use walkdir::WalkDir;

use crate::model::{Plan, RustProfile};
use crate::toolchain::{Invocation, cargo_home, claim, work};

/// The package with main's static library.
pub const MAIN_PACKAGE: &str = "bimetal-main";

const LOCK: &str = ".bimetal-lock";
const OWNER: &str = ".bimetal-owner";
/// Calls within a cdylib stay in it, whatever main exports.
const SYMBOLIC: &str = "-Clink-arg=-Wl,-Bsymbolic";

/// Cargo's target directory, ours until this is dropped.
#[derive(Debug)]
pub struct Target {
    directory: Utf8PathBuf,
    _lock: fs::File,
}

impl Target {
    /// Waits until no other builder uses the target directory.
    pub fn claim(plan: &Plan) -> Result<Self, FileError> {
        let directory = work::cargo_target(&plan.out);
        bimetal_files::create_directory(&directory)?;
        let path = directory.join(LOCK);
        let failed = FileError::writing(&path);
        let lock = fs::File::create(path.as_std_path()).map_err(failed)?;
        claim::wait(lock.file(), || ()).map_err(failed)?;
        own(&directory, &plan.out).map_err(FileError::writing(&directory.join(OWNER)))?;
        Ok(Self {
            directory,
            _lock: lock,
        })
    }

    /// `cargo build`; the caller adds packages.
    pub fn build(&self, plan: &Plan) -> Invocation {
        let flags = self.rust_flags(plan).join("\u{1f}");
        let build = cargo(plan, "build")
            .env("CARGO_ENCODED_RUSTFLAGS", flags)
            .args(["--locked", "--profile", profile(plan).as_str()]);
        // In a daily build the workspace says of which crates the compiled parts are kept.
        match (profile(plan), &plan.hermetic) {
            (RustProfile::Release, None) => build,
            _ => build.env("CARGO_INCREMENTAL", "0"),
        }
    }

    /// Where cargo puts a library or program.
    pub fn output(&self, plan: &Plan, name: &str) -> Utf8PathBuf {
        let directory = match profile(plan) {
            RustProfile::Dev => "debug",
            other => other.as_str(),
        };
        self.directory.join(directory).join(name)
    }

    fn rust_flags(&self, plan: &Plan) -> Vec<String> {
        let remap = |from: &Utf8Path, to: &str| format!("--remap-path-prefix={from}={to}");
        let mut flags = vec![SYMBOLIC.to_owned()];
        if let Some(home) = cargo_home::of_user() {
            flags.push(remap(&home, "/cargo"));
        }
        // Only debug information has this path, and a flag with it would make every distribution
        // compile every crate again.
        if profile(plan) == RustProfile::Dev {
            flags.push(remap(&plan.out.join("rust"), "/rust"));
        }
        // The last prefix that fits wins, and our target directory may lie below the others.
        flags.push(remap(&self.directory, "/target"));
        flags.push(remap(&cargo_home::of_builder(&self.directory), "/cargo"));
        flags
    }
}

/// A `cargo` command for the generated workspace.
pub fn cargo(plan: &Plan, command: &str) -> Invocation {
    let target = &work::cargo_target(&plan.out);
    // Build scripts run in `build`, and everything is downloaded by then.
    let start = match command {
        "build" => Invocation::cargo,
        _ => Invocation::cargo_with_keys,
    };
    let cargo = match &plan.rust {
        // Named, because a wrapper on PATH would choose a toolchain by the directory.
        Some(rust) => start(&rust.tools.cargo, target).env("RUSTC", rust.tools.rustc.as_str()),
        None => start(Utf8Path::new("cargo"), target),
    };
    let manifest = plan.out.join("rust/Cargo.toml");
    cargo.args([command, "--manifest-path", manifest.as_str()])
}

/// All flags, as they stand in the manifest: without paths of this machine.
pub fn flags(plan: &Plan, crate_type: &str) -> Vec<String> {
    vec![
        format!("--crate-type={crate_type}"),
        format!("--profile={}", profile(plan).as_str()),
        "-Cpanic=unwind".to_owned(),
        SYMBOLIC.to_owned(),
        "--remap-path-prefix=$CARGO_HOME=/cargo".to_owned(),
        "--remap-path-prefix=$CARGO_TARGET_DIR=/target".to_owned(),
    ]
}

/// What `build_profile` says of Rust artifacts.
pub fn build_profile(plan: &Plan) -> &'static str {
    match profile(plan) {
        RustProfile::Dev => "debug",
        optimised => optimised.as_str(),
    }
}

fn profile(plan: &Plan) -> RustProfile {
    let rust = plan.rust.as_ref();
    rust.map_or(RustProfile::Release, |rust| rust.profile)
}

/// Cargo names what it compiles by paths relative to the workspace and decides by file times. After
/// another distribution used the target directory, our sources must look newer than what that one
/// compiled from files of the same names.
fn own(target: &Utf8Path, out: &Utf8Path) -> io::Result<()> {
    let path = target.join(OWNER);
    if unless_absent(fs::read(&path))?.is_some_and(|owner| owner == out.as_str().as_bytes()) {
        return Ok(());
    }
    touch(&out.join("rust"))?;
    fs::write(&path, out.as_str())
}

fn touch(directory: &Utf8Path) -> io::Result<()> {
    let now = SystemTime::now();
    for entry in WalkDir::new(directory) {
        let entry = entry?;
        if entry.file_type().is_file() {
            fs::File::options()
                .append(true)
                .open(entry.path())?
                .file()
                .set_modified(now)?;
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;
    use crate::stages::plan::samples;

    #[test]
    fn only_a_daily_build_keeps_parts_of_crates() {
        let keep = tempfile::tempdir().unwrap();
        let directory = Utf8Path::from_path(keep.path()).unwrap().to_owned();
        let target = Target {
            _lock: fs::File::create(directory.join(LOCK)).unwrap(),
            directory,
        };
        let mut plan = samples::hosted_plan();
        let keeps =
            |plan: &Plan| !format!("{:?}", target.build(plan)).contains("CARGO_INCREMENTAL");
        assert!(keeps(&plan));
        for profile in [RustProfile::Dist, RustProfile::Dev] {
            plan.rust.as_mut().unwrap().profile = profile;
            assert!(!keeps(&plan), "{profile:?}");
        }
        plan.rust.as_mut().unwrap().profile = RustProfile::Release;
        let environment = serde_json::json!({
            "base_images": {}, "dockerfile": "", "packages": {}, "tools": {}, "variables": {},
            "builder": {"name": "", "version": ""},
        });
        plan.hermetic = Some(serde_json::from_value(environment).unwrap());
        assert!(!keeps(&plan), "hermetic");
    }

    #[test]
    fn sources_look_new_after_another_distribution_used_the_target_directory() {
        let keep = tempfile::tempdir().unwrap();
        let root = Utf8Path::from_path(keep.path()).unwrap();
        let (target, one, two) = (root.join("target"), root.join("one"), root.join("two"));
        let old = SystemTime::UNIX_EPOCH + Duration::from_secs(1_000_000_000);
        for directory in [&target, &one.join("rust"), &two.join("rust")] {
            fs::create_dir_all(directory).unwrap();
        }
        let file = one.join("rust/lib.rs");
        let age = || {
            fs::write(&file, "").unwrap();
            fs::File::options()
                .append(true)
                .open(&file)
                .unwrap()
                .file()
                .set_modified(old)
                .unwrap();
        };
        let is_old = || fs::metadata(&file).unwrap().modified().unwrap() == old;
        own(&target, &one).unwrap();
        age();
        own(&target, &one).unwrap();
        assert!(is_old(), "no other process was there");
        own(&target, &two).unwrap();
        own(&target, &one).unwrap();
        assert!(!is_old(), "the other one was there");
    }
}
