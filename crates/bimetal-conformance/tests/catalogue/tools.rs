//! Runs tools, and fetches those that this machine does not have.
//!
//! In: a tool's name and version. Out: what it wrote, or where it is. Invariant: nothing is
//! installed: what is fetched lies below the target directory, and a tool that cannot be fetched or
//! fails ends the row.

use std::collections::BTreeMap;
use std::process::Command;
use std::sync::{Arc, Mutex, OnceLock};

use camino::{Utf8Path, Utf8PathBuf};
use fs_err as fs;

use crate::places::directory;

/// How often something is fetched before that is a failure.
const TRIES: usize = 3;

/// Variables for a tool.
pub(crate) type Variables = BTreeMap<String, String>;

/// Runs `program` in `place` to its end and returns what it wrote; a failure shows everything that
/// it wrote.
pub(crate) fn run(
    place: &Utf8Path,
    program: &str,
    arguments: &[&str],
    variables: &Variables,
) -> String {
    attempt(place, program, arguments, variables).unwrap_or_else(|failure| panic!("{failure}"))
}

/// Like [`run`] for a program that asks the network: a try that fails is repeated.
fn fetch(place: &Utf8Path, program: &str, arguments: &[&str], variables: &Variables) -> String {
    for _ in 1..TRIES {
        if let Ok(text) = attempt(place, program, arguments, variables) {
            return text;
        }
    }
    run(place, program, arguments, variables)
}

fn attempt(
    place: &Utf8Path,
    program: &str,
    arguments: &[&str],
    variables: &Variables,
) -> Result<String, String> {
    let mut command = command(program);
    command
        .current_dir(place)
        .args(arguments)
        .env_clear()
        .envs(variables);
    for name in ["PATH", "HOME"] {
        if !variables.contains_key(name)
            && let Ok(value) = std::env::var(name)
        {
            command.env(name, value);
        }
    }
    let output = command
        .output()
        .map_err(|error| format!("`{program}` cannot be run: {error}"))?;
    let text = |bytes: &[u8]| String::from_utf8_lossy(bytes).into_owned();
    if output.status.success() {
        return Ok(text(&output.stdout));
    }
    Err(format!(
        "`{program} {}`: {}\n{}{}",
        arguments.join(" "),
        output.status,
        text(&output.stdout),
        text(&output.stderr)
    ))
}

/// A program as a command.
#[expect(
    clippy::disallowed_methods,
    reason = "the catalogue runs real toolchains and the programs that they made"
)]
pub(crate) fn command(program: &str) -> Command {
    Command::new(program)
}

/// The `go` program of `version`, or the one that this machine has.
pub(crate) fn go(version: Option<&'static str>) -> Utf8PathBuf {
    version.map_or_else(
        || "go".into(),
        |version| once(version, || fetch_go(version)),
    )
}

/// Go's own way to another toolchain: a module that its proxy serves and its checksum database
/// vouches for.
fn fetch_go(version: &str) -> Utf8PathBuf {
    let place = directory("tools");
    let variables: Variables = [
        ("GOTOOLCHAIN", version),
        ("GOMODCACHE", directory("tools/go").as_str()),
        ("GOCACHE", directory("cache").as_str()),
        ("GOFLAGS", "-modcacherw"),
        ("GOPROXY", setting("GOPROXY").as_str()),
        ("GOSUMDB", setting("GOSUMDB").as_str()),
        ("GOWORK", "off"),
    ]
    .map(|(name, value)| (name.to_owned(), value.to_owned()))
    .into();
    let root = fetch(&place, "go", &["env", "GOROOT"], &variables);
    Utf8PathBuf::from(root.trim()).join("bin/go")
}

/// What this machine's `go` is set to.
fn setting(name: &str) -> String {
    let everything = std::env::vars().collect();
    run(Utf8Path::new("/"), "go", &["env", name], &everything)
        .trim()
        .to_owned()
}

/// A directory into which Debian's `packages` are unpacked. They are not installed: nothing of this
/// machine changes.
pub(crate) fn debian(name: &'static str, packages: &'static [&'static str]) -> Utf8PathBuf {
    once(name, || {
        let place = directory("tools/debian").join(name);
        let done = place.join("unpacked");
        if done.exists() {
            return place;
        }
        let downloads = place.join("downloads");
        fs::create_dir_all(&downloads).unwrap();
        let lists = package_lists();
        for package in packages {
            apt_get(&downloads, &lists, &["download", package]);
        }
        for file in downloads.read_dir_utf8().unwrap() {
            let file = file.unwrap();
            let arguments = ["-x", file.path().as_str(), place.as_str()];
            run(&place, "dpkg", &arguments, &Variables::new());
        }
        fs::write(&done, "").unwrap();
        place
    })
}

/// Debian's lists of packages, in a directory of our own: a machine may have none, and only root
/// may renew its own.
fn package_lists() -> Utf8PathBuf {
    once("debian-lists", || {
        let place = directory("tools/debian-lists");
        for name in ["lists/partial", "cache"] {
            fs::create_dir_all(place.join(name)).unwrap();
        }
        apt_get(&place, &place, &["update"]);
        place
    })
}

/// With the lists in `lists` instead of those of this machine.
fn apt_get(place: &Utf8Path, lists: &Utf8Path, arguments: &[&str]) {
    let options = [
        "--quiet".to_owned(),
        format!("--option=Dir::State::lists={lists}/lists"),
        format!("--option=Dir::Cache={lists}/cache"),
    ];
    let mut all: Vec<&str> = options.iter().map(String::as_str).collect();
    all.extend(arguments);
    fetch(place, "apt-get", &all, &Variables::new());
}

/// Makes what `name` stands for once in this process; others that ask for it wait.
pub(crate) fn once(name: &str, make: impl FnOnce() -> Utf8PathBuf) -> Utf8PathBuf {
    type Places = Mutex<BTreeMap<String, Arc<OnceLock<Utf8PathBuf>>>>;
    static PLACES: Places = Mutex::new(BTreeMap::new());
    let place = Arc::clone(PLACES.lock().unwrap().entry(name.to_owned()).or_default());
    place.get_or_init(make).clone()
}

/// Version of the C library here.
pub(crate) fn glibc() -> String {
    let text = run(
        Utf8Path::new("/"),
        "getconf",
        &["GNU_LIBC_VERSION"],
        &Variables::new(),
    );
    text.trim().trim_start_matches("glibc ").to_owned()
}
