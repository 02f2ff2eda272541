//! What the plugin directory offers, known from its files alone.
//!
//! In: the files that were there at start. Out: [`PluginIndex`]: every file with its component, and
//! whether it fits by itself. Invariant: of an unused file only the manifest is read, unless that
//! speaks against it. Nothing is copied; what is loaded is verified from a copy.

use std::collections::BTreeSet;
use std::fs::File;
use std::sync::OnceLock;

use bimetal_files::Digest;
use bimetal_verify::{Entry, Key, PluginFile, Request, Verdict, outline, precheck};

use crate::own::OwnError;

/// What files are decided against.
pub(crate) trait Against {
    /// By the manifests, of main too.
    fn manifests(&self) -> Request<'_>;
    /// By everything. Main is read for it, if that was not done.
    fn whole(&self) -> Result<Request<'_>, OwnError>;
}

/// Every plugin file that was there at start.
#[derive(Debug, Default)]
pub(crate) struct PluginIndex {
    /// In file-name order.
    pub(crate) candidates: Vec<Candidate>,
}

/// One plugin file.
#[derive(Debug)]
pub(crate) struct Candidate {
    /// The file, as it was at start.
    pub(crate) entry: Entry,
    /// What its manifest says, where that is all that was read.
    outline: Option<Verdict>,
    /// Its component, and why it would be refused. Of the lock only what needs no digest counts as
    /// long as nothing else is wrong, and the other files do not count yet.
    whole: OnceLock<Verdict>,
    /// The digest of the bytes that were verified elsewhere; no others will do.
    pub(crate) verified: Option<Digest>,
}

impl PluginIndex {
    /// Reads the manifest of every file.
    pub(crate) fn read<'e>(
        against: &impl Against,
        entries: impl IntoIterator<Item = &'e Entry>,
    ) -> Result<Self, OwnError> {
        let candidates = entries
            .into_iter()
            .map(|entry| Candidate::read(against, entry.clone()));
        Ok(Self {
            candidates: candidates.collect::<Result<_, _>>()?,
        })
    }

    /// The files that have a component. A file that would be refused contributes nothing: it counts
    /// only where no good one has the component, so that it is named in the refusal. Of a file that
    /// says nothing about itself, its name is believed, for the same reason.
    pub(crate) fn look_up(
        &self,
        against: &impl Against,
        key: &Key,
    ) -> Result<Vec<&Candidate>, OwnError> {
        let mut found: Vec<_> = self
            .candidates
            .iter()
            .filter(|candidate| candidate.verdict().keys().any(|own| own == *key))
            .collect();
        for candidate in &found {
            candidate.read_whole(against)?;
        }
        if found.iter().any(|candidate| candidate.is_good()) {
            found.retain(|candidate| candidate.is_good());
        }
        if found.is_empty() {
            let is_named = |candidate: &&Candidate| {
                candidate.verdict().key().is_none() && candidate.entry.is_named_after(key.0, &key.1)
            };
            found = self.candidates.iter().filter(is_named).collect();
        }
        Ok(found)
    }

    /// Components of good plugins. Whether several files that have one are rivals or copies is
    /// known from their digests, when they are verified.
    pub(crate) fn loadable(
        &self,
        against: &impl Against,
        linked_in: &BTreeSet<Key>,
    ) -> Result<Vec<Key>, OwnError> {
        let whole = self.candidates.iter().map(|one| one.read_whole(against));
        let whole = whole.collect::<Result<Vec<_>, _>>()?;
        let keys: BTreeSet<_> = whole
            .into_iter()
            .filter(|verdict| verdict.status.may_be_loaded())
            .filter_map(Verdict::key)
            .filter(|key| !linked_in.contains(key))
            .collect();
        Ok(keys.into_iter().collect())
    }
}

impl Candidate {
    /// Reads the file's manifest; the whole file, if that speaks against it.
    pub(crate) fn read(against: &impl Against, entry: Entry) -> Result<Self, OwnError> {
        let (found, whole) = match PluginFile::outline(&entry) {
            Err(problem) => {
                let unreadable = PluginFile::unreadable(entry.file.clone(), problem);
                (None, Some((unreadable, None)))
            }
            Ok((file, path, opened)) => match outline(&against.manifests(), &file) {
                Some(verdict) => (Some(verdict), None),
                None => (None, Some(PluginFile::whole(path, opened))),
            },
        };
        let whole = match whole {
            Some(whole) => decide(&against.whole()?, whole).into(),
            None => OnceLock::new(),
        };
        Ok(Self {
            outline: found,
            whole,
            entry,
            verified: None,
        })
    }

    /// Reads a file that was verified by its digest, which then says more than its mode.
    pub(crate) fn of_digest(request: &Request<'_>, entry: Entry, digest: Digest) -> Self {
        let (mut file, _) = PluginFile::open(&entry);
        file.rights = file.rights.filter(|error| !error.is_about_modes());
        Self {
            outline: None,
            whole: precheck(request, &file).into(),
            entry,
            verified: Some(digest),
        }
    }

    /// Reads the whole file, unless that was done, and decides about it alone.
    fn read_whole(&self, against: &impl Against) -> Result<&Verdict, OwnError> {
        if let Some(whole) = self.whole.get() {
            return Ok(whole);
        }
        let request = against.whole()?;
        Ok(self
            .whole
            .get_or_init(|| decide(&request, PluginFile::open(&self.entry))))
    }

    /// What is known about the file.
    pub(crate) fn verdict(&self) -> &Verdict {
        let known = self.whole.get().or(self.outline.as_ref());
        known.expect("a file without an outline is read whole")
    }

    /// Nothing is wrong with it as far as it was looked at.
    pub(crate) fn is_good(&self) -> bool {
        self.verdict().status.may_be_loaded()
    }

    /// Only its manifest was read.
    pub(crate) fn is_unverified(&self) -> bool {
        self.whole.get().is_none()
    }

    /// Its manifest said nothing of what is wrong with it.
    pub(crate) fn is_refused_late(&self) -> bool {
        self.outline.is_some() && !self.is_good()
    }
}

/// Only what is refused is reported without being needed, so only its digest is worth its time:
/// hashing takes four times as long as everything else.
fn decide(request: &Request<'_>, (mut read, file): (PluginFile, Option<File>)) -> Verdict {
    let verdict = precheck(request, &read);
    if verdict.status.may_be_loaded() {
        return verdict;
    }
    read.take_digest(file.as_ref());
    precheck(request, &read)
}

#[cfg(test)]
mod tests {
    use bimetal_manifest::schema::Kind;
    use bimetal_verify::{FoundLock, Rules, Scan, Status, Trust};
    use camino::Utf8Path;

    use rustix::fs::inotify;

    use super::*;
    use crate::own::Own;

    #[test]
    fn a_file_that_is_refused_at_start_is_opened_once() {
        let directory = tempfile::tempdir().unwrap();
        let path = Utf8Path::from_path(directory.path()).unwrap();
        let file = path.join("processor-a.so");
        fs_err::write(&file, "text").unwrap();
        let flags = inotify::CreateFlags::NONBLOCK;
        let opened = inotify::init(flags).unwrap();
        // Reads between two openings keep the kernel from folding them into one event.
        let what = inotify::WatchFlags::OPEN | inotify::WatchFlags::ACCESS;
        inotify::add_watch(&opened, file.as_std_path(), what).unwrap();
        let own = Own::read().unwrap();
        let candidate = Candidate::read(&Alone(&own), Entry::at(&file)).unwrap();
        assert!(
            candidate.verdict().sha256.is_some(),
            "its digest is reported"
        );
        let mut buffer = [std::mem::MaybeUninit::uninit(); 1024];
        let mut events = inotify::Reader::new(&opened, &mut buffer);
        let mut openings = 0;
        while let Ok(event) = events.next() {
            openings += usize::from(event.events().contains(inotify::ReadFlags::OPEN));
        }
        assert_eq!(openings, 1);
    }

    #[test]
    fn a_file_is_found_by_the_type_and_by_an_older_name_of_it() {
        let candidate = |file: &str, type_name: &str, aliases: &[&str]| Candidate {
            entry: Entry::at(Utf8Path::new(file)),
            outline: None,
            whole: OnceLock::from(Verdict {
                kind: Some(Kind::Receiver),
                type_name: Some(type_name.to_owned()),
                aliases: aliases.iter().map(|name| (*name).to_owned()).collect(),
                status: Status::Ok,
                ..Verdict::named(file)
            }),
            verified: None,
        };
        let index = PluginIndex {
            candidates: vec![
                candidate("/a.so", "file_log", &["filelog"]),
                candidate("/b.so", "other", &[]),
            ],
        };
        let (own, none) = (Own::read().unwrap(), BTreeSet::new());
        let request = Alone(&own);
        for (name, expected) in [("file_log", 1), ("filelog", 1), ("file", 0)] {
            let found = index
                .look_up(&request, &(Kind::Receiver, name.to_owned()))
                .unwrap();
            assert_eq!(found.len(), expected, "{name}");
            assert!(found.iter().all(|found| found.verdict().file == "/a.so"));
        }
        let loadable = index.loadable(&request, &none).unwrap();
        assert_eq!(loadable.len(), 2, "each file once: {loadable:?}");
    }

    /// What a file is decided against beside nothing.
    struct Alone<'o>(&'o Own);

    impl Against for Alone<'_> {
        fn manifests(&self) -> Request<'_> {
            Request {
                main: Some(self.0.known()),
                rules: Rules::default(),
                lock: &FoundLock::Absent,
                require_lock: false,
                trust: &Trust::Rights,
                directory: None,
                linked_in: const { &BTreeSet::new() },
            }
        }

        fn whole(&self) -> Result<Request<'_>, OwnError> {
            self.0.whole()?;
            Ok(self.manifests())
        }
    }

    #[test]
    fn files_that_are_not_plugins_are_found_by_the_name_that_a_plugin_would_have() {
        let directory = tempfile::tempdir().unwrap();
        let path = Utf8Path::from_path(directory.path()).unwrap();
        fs_err::write(path.join("processor-a.so"), "text").unwrap();
        fs_err::write(path.join("exporter-b.so"), "").unwrap();
        fs_err::os::unix::fs::symlink("elsewhere.so", path.join("receiver-c.so")).unwrap();
        fs_err::create_dir(path.join("extension-d.so")).unwrap();
        let own = Own::read().unwrap();
        let none = BTreeSet::new();
        let request = Alone(&own);
        let index = PluginIndex::read(&request, &Scan::of(path).unwrap().entries).unwrap();
        let problem = |kind, name: &str| {
            let found = index.look_up(&request, &(kind, name.to_owned())).unwrap();
            found.first().map(|candidate| {
                let problem = candidate.verdict().problem.as_ref().unwrap();
                problem.message.clone()
            })
        };
        for (kind, name, message) in [
            (Kind::Processor, "a", "it is not an object file but text"),
            (Kind::Exporter, "b", "the file is empty"),
            (Kind::Receiver, "c", "is a symbolic link"),
            (Kind::Extension, "d", "it is not a regular file"),
        ] {
            let found = problem(kind, name).unwrap();
            assert!(found.contains(message), "{found}");
        }
        for (kind, name) in [
            (Kind::Processor, "b"),
            (Kind::Receiver, "a"),
            (Kind::Processor, ""),
        ] {
            assert_eq!(problem(kind, name), None);
        }
        assert!(index.loadable(&request, &none).unwrap().is_empty());
    }
}
