//! Who may change a plugin's file.
//!
//! In: a path. Out: what keeps main from taking the file. Invariant: the rule of the plugin host: a regular file, no link, of root or of the
//! user who runs main, writable by nobody else.

use std::os::unix::fs::MetadataExt as _;

use bimetal_manifest::compat::{Class, Mismatch, What};
use camino::Utf8Path;

const WRITABLE_BY_OTHERS: u32 = 0o022;

/// What is found about one file or directory.
#[derive(Debug, Default)]
pub(crate) struct Rights {
    /// Main would refuse it.
    pub(crate) mismatches: Vec<Mismatch>,
    /// It depends on which user runs main.
    pub(crate) open_questions: Vec<String>,
}

/// Judges the file or directory at `path`; `name` is what it is called in the report. What cannot be looked at is left to its reader.
pub(crate) fn judge(path: &Utf8Path, name: &str) -> Rights {
    let mut rights = Rights::default();
    let Ok(metadata) = fs_err::symlink_metadata(path) else {
        return rights;
    };
    if metadata.is_symlink() {
        rights.mismatches.push(refusal(
            name,
            "a file or directory of its own",
            "a symbolic link",
            "the Collector opens no links, since what they lead to can be exchanged",
            "put the file itself into the plugin directory",
        ));
        return rights;
    }
    if metadata.mode() & WRITABLE_BY_OTHERS != 0 {
        rights.mismatches.push(refusal(
            name,
            "writable by its owner only",
            &format!("mode {:03o}", metadata.mode() & 0o777),
            "the Collector loads nothing that other users could have written",
            "make sure where it came from, then take the right away: `chmod go-w`",
        ));
    }
    let (owner, user) = (metadata.uid(), rustix::process::geteuid().as_raw());
    if owner != 0 && user == 0 {
        // Root asks on behalf of the user who will run main, and nobody says who that is.
        rights.open_questions.push(format!(
            "`{name}` belongs to user {owner}: only a Collector that this user runs takes it"
        ));
    } else if owner != 0 && owner != user {
        rights.mismatches.push(refusal(
            name,
            &format!("owned by root or by user {user}"),
            &format!("owned by user {owner}"),
            "the Collector loads nothing that another user could have written",
            "make sure where it came from, then `chown` it to root or to the Collector's user",
        ));
    }
    rights
}

fn refusal(name: &str, wanted: &str, found: &str, consequence: &str, remedy: &str) -> Mismatch {
    Mismatch {
        class: Class::Refused,
        what: What::File,
        subject: name.to_owned(),
        main: Some(wanted.to_owned()),
        plugin: Some(found.to_owned()),
        count: 1,
        names: Vec::new(),
        required_by: Vec::new(),
        consequence: consequence.to_owned(),
        remedy: remedy.to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use std::os::unix::fs::{PermissionsExt as _, symlink};

    use super::*;

    fn found(path: &std::path::Path) -> Vec<String> {
        let rights = judge(Utf8Path::from_path(path).unwrap(), "x.so");
        rights
            .mismatches
            .into_iter()
            .filter_map(|mismatch| mismatch.plugin)
            .collect()
    }

    #[test]
    fn a_private_file_passes_and_one_that_others_may_write_or_exchange_does_not() {
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("x.so");
        fs_err::write(&file, "").unwrap();
        let mode =
            |mode| fs_err::set_permissions(&file, std::fs::Permissions::from_mode(mode)).unwrap();
        mode(0o755);
        assert!(found(&file).is_empty());
        mode(0o664);
        assert_eq!(found(&file), ["mode 664"]);
        let link = folder.path().join("link.so");
        symlink(&file, &link).unwrap();
        assert_eq!(found(&link), ["a symbolic link"]);
        assert!(found(&folder.path().join("absent")).is_empty());
    }
}
