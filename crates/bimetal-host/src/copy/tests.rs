use std::os::unix::fs::PermissionsExt as _;
use std::sync::atomic::{AtomicBool, Ordering};

use bimetal_manifest::object::{self, LARGEST_PLUGIN};
use bimetal_terminal::hint;
use rustix::fs::CWD;

use super::*;

/// More than is copied in one piece.
const CHUNK: usize = 256 << 10;

fn directory() -> (tempfile::TempDir, Utf8PathBuf) {
    let directory = tempfile::tempdir().unwrap();
    let path = Utf8PathBuf::from_path_buf(directory.path().to_owned()).unwrap();
    (directory, path)
}

fn plugin(directory: &Utf8Path, bytes: &[u8]) -> Utf8PathBuf {
    let path = directory.join("processor-x.so");
    fs_err::write(&path, bytes).unwrap();
    set_mode(&path, 0o644);
    path
}

fn set_mode(path: &Utf8Path, mode: u32) {
    fs_err::set_permissions(path, std::fs::Permissions::from_mode(mode)).unwrap();
}

fn content(copy: &Copy) -> Vec<u8> {
    fs_err::read(&copy.path).unwrap()
}

#[test]
fn a_rust_plugin_is_copied_into_memory_that_cannot_change() {
    let (_directory, path) = directory();
    let bytes = vec![3; CHUNK + 17];
    let file = plugin(&path, &bytes);
    let copy = Opened::open(&file, Vouched::No)
        .unwrap()
        .into_memory(&Cache::new(Some(&path.join("cache"))))
        .unwrap();
    assert_eq!(content(&copy), bytes);
    assert_eq!(copy.digest, Digest::of(&bytes));
    assert!(fs_err::write(&copy.path, "other").is_err());
    fs_err::write(&file, "other").unwrap();
    assert_eq!(content(&copy), bytes);
}

#[test]
fn a_go_plugin_is_copied_into_a_private_file_named_by_its_content() {
    let (_directory, path) = directory();
    let file = plugin(&path, b"go");
    let cache = Cache::new(Some(&path.join("cache")));
    let first = Opened::open(&file, Vouched::No)
        .unwrap()
        .into_private(&cache)
        .unwrap();
    assert_eq!(
        first.path,
        path.join("cache").join(format!("{}.so", Digest::of(b"go")))
    );
    assert_eq!(
        fs_err::metadata(&first.path).unwrap().permissions().mode() & 0o777,
        0o400
    );
    assert_eq!(
        fs_err::metadata(path.join("cache"))
            .unwrap()
            .permissions()
            .mode()
            & 0o777,
        0o700
    );
    let second = Opened::open(&file, Vouched::No)
        .unwrap()
        .into_private(&cache)
        .unwrap();
    assert_eq!(
        Stamp::of(&first.file).unwrap(),
        Stamp::of(&second.file).unwrap(),
        "the same file is used again"
    );
    assert_eq!(
        fs_err::read_dir(path.join("cache")).unwrap().count(),
        1,
        "no draft is left"
    );
}

/// Bytes that this thread read and wrote, as the kernel counts them.
fn traffic() -> (u64, u64) {
    let text = fs_err::read_to_string("/proc/thread-self/io").unwrap();
    let number = |name: &str| {
        let line = text.lines().find_map(|line| line.strip_prefix(name));
        line.unwrap().trim().parse().unwrap()
    };
    (number("rchar:"), number("wchar:"))
}

#[test]
fn a_copy_that_is_there_is_used_without_writing_and_each_file_is_read_once() {
    const SIZE: u64 = 4 << 20;
    let (_directory, path) = directory();
    let cache = Cache::new(Some(&path.join("cache")));
    let copied = |byte| {
        let file = plugin(&path, &vec![byte; usize::try_from(SIZE).unwrap()]);
        let opened = Opened::open(&file, Vouched::No).unwrap();
        let before = traffic();
        let copy = opened.into_private(&cache).unwrap();
        let after = traffic();
        assert_eq!(content(&copy)[0], byte);
        (after.0 - before.0, after.1 - before.1)
    };
    let near = |read: u64, expected: u64| read.abs_diff(expected) < 64 << 10;
    let (read, written) = copied(b'a');
    assert!(
        near(read, SIZE) && written == SIZE,
        "cold: {read} {written}"
    );
    // The file and its copy, which is hashed before it is believed.
    let (read, written) = copied(b'a');
    assert!(
        near(read, 2 * SIZE) && written == 0,
        "warm: {read} {written}"
    );
    let (_, written) = copied(b'b');
    assert_eq!(written, SIZE, "another content of the same size");
}

#[test]
fn a_private_file_that_does_not_hold_what_its_name_says_is_replaced() {
    let (_directory, path) = directory();
    let file = plugin(&path, b"go");
    let cache = Cache::new(Some(&path.join("cache")));
    let first = Opened::open(&file, Vouched::No)
        .unwrap()
        .into_private(&cache)
        .unwrap();
    set_mode(&first.path, 0o600);
    fs_err::write(&first.path, "spoiled").unwrap();
    set_mode(&first.path, 0o400);
    let second = Opened::open(&file, Vouched::No)
        .unwrap()
        .into_private(&cache)
        .unwrap();
    assert_eq!(content(&second), b"go");
}

#[test]
fn without_a_private_directory_a_file_that_could_be_exchanged_is_refused() {
    let (_directory, path) = directory();
    let file = plugin(&path, b"go");
    fs_err::create_dir(path.join("open")).unwrap();
    set_mode(&path.join("open"), 0o755);
    let cache = Cache::new(Some(&path.join("open")));
    let error = Opened::open(&file, Vouched::No)
        .unwrap()
        .into_private(&cache)
        .unwrap_err();
    assert!(
        matches!(
            &error,
            CopyError::Private {
                source: CacheError::NoDirectory { .. },
                ..
            }
        ),
        "{error:?}"
    );
    assert!(
        hint::hint(&error, HINTS)
            .unwrap()
            .contains("--plugins-cache-dir")
    );
}

/// Runs `work` in a thread in which `memfd_create` fails, as in a sandbox.
fn without_memory_files<T: Send>(error: Errno, work: impl FnOnce() -> T + Send) -> T {
    use seccompiler::{SeccompAction, SeccompFilter};
    let number = u32::try_from(error.raw_os_error()).unwrap();
    let filter = SeccompFilter::new(
        [(libc::SYS_memfd_create, Vec::new())].into(),
        SeccompAction::Allow,
        SeccompAction::Errno(number),
        std::env::consts::ARCH.try_into().unwrap(),
    );
    let program: seccompiler::BpfProgram = filter.unwrap().try_into().unwrap();
    std::thread::scope(|scope| {
        let thread = scope.spawn(|| {
            seccompiler::apply_filter(&program).unwrap();
            work()
        });
        thread.join().unwrap()
    })
}

#[test]
fn where_memory_files_are_refused_a_private_file_is_used_or_the_error_names_the_setting() {
    let (_directory, path) = directory();
    let file = plugin(&path, b"rust");
    for refusal in [Errno::PERM, Errno::ACCESS, Errno::NOSYS] {
        let copied = |cache: &Cache| {
            without_memory_files(refusal, || {
                Opened::open(&file, Vouched::No).unwrap().into_memory(cache)
            })
        };
        let cache = path.join("cache");
        let copy = copied(&Cache::new(Some(&cache))).unwrap();
        assert!(copy.path.starts_with(&cache), "{}", copy.path);
        assert_eq!(content(&copy), b"rust");
        let open = path.join("open");
        let _ = fs_err::create_dir(&open);
        set_mode(&open, 0o755);
        let error = copied(&Cache::new(Some(&open))).unwrap_err();
        let said = bimetal_verify::chain(&error);
        for text in ["memfd_create", "others may enter", "mode 755"] {
            assert!(said.contains(text), "no `{text}` in {said}");
        }
        let help = hint::hint(&error, HINTS).unwrap();
        for text in ["vm.memfd_noexec", "filter", "--plugins-cache-dir"] {
            assert!(help.contains(text), "no `{text}` in {help}");
        }
    }
}

#[test]
fn links_directories_and_pipes_are_no_plugins() {
    let (_directory, path) = directory();
    let file = plugin(&path, b"x");
    let link = path.join("link.so");
    fs_err::os::unix::fs::symlink(&file, &link).unwrap();
    assert!(matches!(
        Opened::open(&link, Vouched::No),
        Err(CopyError::Rights(RightsError::Link { .. }))
    ));
    assert!(matches!(
        Opened::open(&path, Vouched::No),
        Err(CopyError::Rights(RightsError::NotRegular { .. }))
    ));
    let pipe = path.join("pipe.so");
    rustix::fs::mknodat(
        CWD,
        pipe.as_std_path(),
        rustix::fs::FileType::Fifo,
        Mode::RUSR,
        0,
    )
    .unwrap();
    assert!(matches!(
        Opened::open(&pipe, Vouched::No),
        Err(CopyError::Rights(RightsError::NotRegular { .. }))
    ));
    assert!(matches!(
        Opened::open(&path.join("none.so"), Vouched::No),
        Err(CopyError::Open { .. })
    ));
}

#[test]
fn what_others_may_write_is_refused() {
    let (_directory, path) = directory();
    let file = plugin(&path, b"x");
    set_mode(&file, 0o664);
    let error = Opened::open(&file, Vouched::No).unwrap_err();
    assert!(
        matches!(
            error,
            CopyError::Rights(RightsError::Writable { mode: 0o664, .. })
        ),
        "{error}"
    );
    // A digest stands in for modes, and for nothing else.
    Opened::open(&file, Vouched::ByDigest).unwrap();
    let link = path.join("link.so");
    fs_err::os::unix::fs::symlink(&file, &link).unwrap();
    assert!(Opened::open(&link, Vouched::ByDigest).is_err());
}

#[test]
fn a_file_that_changes_while_it_is_read_is_refused() {
    let (_directory, path) = directory();
    let file = plugin(&path, b"one");
    let opened = Opened::open(&file, Vouched::No).unwrap();
    fs_err::write(&file, "longer").unwrap();
    let error = opened
        .into_memory(&Cache::new(Some(&path.join("cache"))))
        .unwrap_err();
    assert!(matches!(error, CopyError::Changed { .. }), "{error}");
}

/// Also after a failure, for which the writer must not be waited in vain.
struct End<'a>(&'a AtomicBool);

impl Drop for End<'_> {
    fn drop(&mut self) {
        self.0.store(true, Ordering::Relaxed);
    }
}

/// What is taken may be torn between two contents; it is what its digest says all the same, and
/// does not change afterwards.
#[test]
fn under_a_racing_writer_the_digest_is_that_of_the_bytes_that_are_kept() {
    let contents = [vec![b'a'; CHUNK + 1], vec![b'b'; 2 * CHUNK]];
    let (_directory, path) = directory();
    let (file, draft) = (plugin(&path, &contents[0]), path.join("draft"));
    let cache = Cache::new(Some(&path.join("cache")));
    let done = AtomicBool::new(false);
    std::thread::scope(|scope| {
        scope.spawn(|| {
            for (round, content) in contents.iter().cycle().enumerate() {
                if done.load(Ordering::Relaxed) {
                    break;
                }
                if round % 4 < 2 {
                    fs_err::write(&draft, content).unwrap();
                    fs_err::rename(&draft, &file).unwrap();
                } else {
                    fs_err::write(&file, content).unwrap();
                }
            }
        });
        let _end = End(&done);
        for round in 0..400 {
            let opened = Opened::open(&file, Vouched::No).unwrap();
            let copied = if round % 2 == 0 {
                opened.into_memory(&cache)
            } else {
                opened.into_private(&cache)
            };
            match copied {
                Ok(copy) => assert_eq!(Digest::of(content(&copy)), copy.digest),
                Err(CopyError::Changed { .. }) => {}
                Err(error) => panic!("{error:?}"),
            }
        }
    });
}

#[test]
fn a_huge_file_is_refused_before_it_is_read_in_the_words_of_the_prediction() {
    let (_directory, path) = directory();
    let file = plugin(&path, b"");
    fs_err::OpenOptions::new()
        .write(true)
        .open(&file)
        .unwrap()
        .set_len(LARGEST_PLUGIN + 1)
        .unwrap();
    let error = Opened::open(&file, Vouched::No).unwrap_err();
    assert!(matches!(error, CopyError::TooLarge(_)), "{error:?}");
    let predicted = object::open_plugin(&file).unwrap_err();
    assert_eq!(
        (error.to_string(), hint::hint(&error, HINTS)),
        (predicted.to_string(), predicted.hint()),
        "what was predicted"
    );
}
