//! The packages of the operating system.
//!
//! In: the databases of dpkg and apk, or what rpm says. Out: `name:architecture` -> version.
//! Invariant: only what is installed counts; an image without a package manager has none.

use std::collections::BTreeMap;

use camino::Utf8Path;

use super::error::EnvironmentError;
use bimetal_builder::toolchain::{Invocation, Runner};

const DPKG: &str = "/var/lib/dpkg/status";
const APK: &str = "/lib/apk/db/installed";
const RPM: &str = "/usr/bin/rpm";

/// Every installed package.
pub(super) fn installed(runner: &Runner<'_>) -> Result<BTreeMap<String, String>, EnvironmentError> {
    if let Some(text) = read(DPKG)? {
        return Ok(dpkg(&text));
    }
    if let Some(text) = read(APK)? {
        return Ok(apk(&text));
    }
    if !Utf8Path::new(RPM).exists() {
        return Ok(BTreeMap::new());
    }
    let query = Invocation::new(RPM, "/").args([
        "-qa",
        "--queryformat",
        "%{NAME}:%{ARCH} %{EPOCHNUM}:%{VERSION}-%{RELEASE}\\n",
    ]);
    let answer = runner
        .read("rpm", &query)
        .map_err(|source| EnvironmentError::Tool {
            tool: "rpm",
            source,
        })?;
    Ok(rpm(&String::from_utf8_lossy(&answer)))
}

fn read(path: &str) -> Result<Option<String>, EnvironmentError> {
    let bytes = bimetal_files::read_if_present(path.into())?;
    Ok(bytes.map(|bytes| String::from_utf8_lossy(&bytes).into_owned()))
}

fn dpkg(status: &str) -> BTreeMap<String, String> {
    let package = |paragraph: &str| {
        let field = |name: &str| {
            paragraph
                .lines()
                .find_map(|line| line.strip_prefix(name)?.strip_prefix(": "))
        };
        field("Status")?.ends_with(" installed").then_some(())?;
        let name = format!("{}:{}", field("Package")?, field("Architecture")?);
        Some((name, field("Version")?.to_owned()))
    };
    status.split("\n\n").filter_map(package).collect()
}

fn apk(installed: &str) -> BTreeMap<String, String> {
    let package = |paragraph: &str| {
        let field = |letter: &str| {
            paragraph
                .lines()
                .find_map(|line| line.strip_prefix(letter)?.strip_prefix(':'))
        };
        let name = format!("{}:{}", field("P")?, field("A")?);
        Some((name, field("V")?.to_owned()))
    };
    installed.split("\n\n").filter_map(package).collect()
}

fn rpm(answer: &str) -> BTreeMap<String, String> {
    let package = |line: &str| {
        let (name, version) = line.split_once(' ')?;
        Some((name.to_owned(), version.to_owned()))
    };
    answer.lines().filter_map(package).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_installed_packages_of_dpkg_count() {
        let status = "Package: gcc\nStatus: install ok installed\nArchitecture: amd64\n\
            Version: 4:12.2.0-3\nDescription: x\n Version: 9\n\nPackage: gone\n\
            Status: deinstall ok config-files\nArchitecture: all\nVersion: 1\n\n";
        assert_eq!(
            dpkg(status),
            BTreeMap::from([("gcc:amd64".to_owned(), "4:12.2.0-3".to_owned())])
        );
    }

    #[test]
    fn the_databases_of_other_systems_are_read_too() {
        let wanted = BTreeMap::from([("musl:x86_64".to_owned(), "1.2.5-r1".to_owned())]);
        assert_eq!(apk("C:Q1\nP:musl\nV:1.2.5-r1\nA:x86_64\n\n"), wanted);
        assert_eq!(
            rpm("glibc:x86_64 0:2.41-1.fc42\n"),
            BTreeMap::from([("glibc:x86_64".to_owned(), "0:2.41-1.fc42".to_owned())])
        );
    }
}
