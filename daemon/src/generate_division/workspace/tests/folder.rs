//! Files below a real folder: none outside of it, none over what others wrote.

use crate::generate_division::path::ESCAPES;
use crate::generate_division::workspace::folder::{NotWritten, Workspaces};
use hecate_blobs::Sha256;
use rustix::fs::{CWD, RenameFlags, renameat_with};
use std::cell::Cell;
use std::fs;
use std::os::unix::fs::{PermissionsExt, symlink};
use std::path::PathBuf;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};

/// A folder of workspaces beside something that nobody may touch.
struct Ground(tempfile::TempDir);

impl Ground {
    fn new() -> Ground {
        Ground::at(tempfile::tempdir().unwrap())
    }

    fn at(folder: tempfile::TempDir) -> Ground {
        let ground = Ground(folder);
        for folder in ["outside", "root"] {
            fs::create_dir(ground.path(folder)).unwrap();
        }
        ground
    }

    fn path(&self, path: &str) -> PathBuf {
        self.0.path().join(path)
    }

    fn open(&self) -> Workspaces {
        Workspaces::open(&self.path("root")).unwrap()
    }

    /// All there is beside the root of workspaces.
    fn outside(&self) -> Vec<PathBuf> {
        let beside = fs::read_dir(self.0.path()).unwrap().map(|entry| entry.unwrap().path());
        let outside = fs::read_dir(self.path("outside")).unwrap().map(|entry| entry.unwrap().path());
        beside.chain(outside).filter(|path| !path.ends_with("root") && !path.ends_with("outside")).collect()
    }

    fn read(&self, path: &str) -> String {
        fs::read_to_string(self.path("root").join(path)).unwrap()
    }
}

fn nothing_is_ours(_: &Sha256) -> bool {
    false
}

#[test]
fn no_path_leads_out_of_the_workspaces() {
    let ground = Ground::new();
    let workspaces = ground.open();
    let mut refused = 0;
    for way in ESCAPES {
        match workspaces.write(way, b"x", nothing_is_ours) {
            Err(NotWritten::Outside { .. }) => refused += 1,
            written => {
                written.unwrap();
                // Names that begin with a dot are those of templates.
                assert!(way.starts_with('.') && ground.path("root").join(way).is_file(), "{way:?}");
            }
        }
        assert_eq!(ground.outside(), Vec::<PathBuf>::new(), "{way:?}");
    }
    assert!(refused >= 60, "{refused}");
}

#[test]
fn no_link_is_followed_wherever_it_stands() {
    let ground = Ground::new();
    let workspaces = ground.open();
    fs::create_dir(ground.path("root/a")).unwrap();
    symlink(ground.path("outside"), ground.path("root/away")).unwrap();
    symlink(ground.path("outside/new"), ground.path("root/a/dangling")).unwrap();
    fs::write(ground.path("root/a/plain"), "x").unwrap();
    symlink("plain", ground.path("root/a/inside")).unwrap();
    for (path, folder) in
        [("away/b", true), ("a/plain/b", true), ("a/dangling", false), ("a/inside", false), ("a", false)]
    {
        // Not even where what is behind it would be known.
        let refused = workspaces.write(path, b"y", |_| true).unwrap_err();
        assert_eq!(matches!(refused, NotWritten::NoFolder { .. }), folder, "{path}: {refused}");
        assert_eq!(matches!(refused, NotWritten::NotOurs { .. }), !folder, "{path}: {refused}");
    }
    assert_eq!(ground.outside(), Vec::<PathBuf>::new());
    assert_eq!(ground.read("a/plain"), "x");
}

/// A folder on the way changes places with a link to the outside, as fast as it can, while files are written.
#[test]
fn a_link_that_is_swapped_in_during_ten_thousand_writes_leads_nowhere() {
    const ROUNDS: u32 = 10_000;
    // In memory where there is such a folder: each round flushes.
    let ground = Ground::at(tempfile::tempdir_in("/dev/shm").or_else(|_| tempfile::tempdir()).unwrap());
    let workspaces = ground.open();
    fs::create_dir_all(ground.path("root/a/b")).unwrap();
    let (folder, link) = (ground.path("root/a/b"), ground.path("root/a/link"));
    symlink(ground.path("outside"), &link).unwrap();
    let (stop, swaps) = (AtomicBool::new(false), AtomicU64::new(0));
    let (mut written, mut refused) = (0, 0);
    std::thread::scope(|scope| {
        let swapper = scope.spawn(|| {
            while !stop.load(Ordering::Relaxed) {
                renameat_with(CWD, &folder, CWD, &link, RenameFlags::EXCHANGE).unwrap();
                swaps.fetch_add(1, Ordering::Release);
            }
        });
        for round in 0..ROUNDS {
            let before = swaps.load(Ordering::Acquire);
            let content = round.to_le_bytes();
            match workspaces.write(&format!("a/b/c{}/file", round % 7), &content, |_| true) {
                Ok(()) => written += 1,
                // The folder was there, and then was elsewhere: nothing is known to be wrong.
                Err(NotWritten::NoFolder { .. } | NotWritten::NotOurs { .. } | NotWritten::Io { .. }) => {
                    refused += 1;
                    // The link stands there now; the next round meets another moment.
                    while swaps.load(Ordering::Acquire) == before {
                        assert!(!swapper.is_finished(), "nobody swaps any more");
                        std::thread::yield_now();
                    }
                }
                Err(error) => {
                    // A scope waits for its threads, also where it panics.
                    stop.store(true, Ordering::Relaxed);
                    panic!("{error}");
                }
            }
        }
        stop.store(true, Ordering::Relaxed);
    });
    assert_eq!(ground.outside(), Vec::<PathBuf>::new());
    assert!(written > 100 && refused > 100, "{written} written, {refused} refused");
}

#[test]
fn only_what_was_written_from_here_is_written_over_and_all_may_read_it() {
    let ground = Ground::new();
    let workspaces = ground.open();
    workspaces.write("shop/src/main.rs", b"one", nothing_is_ours).unwrap();
    workspaces.write("shop/src/main.rs", b"one", nothing_is_ours).unwrap();
    let refused = workspaces.write("shop/src/main.rs", b"two", nothing_is_ours).unwrap_err();
    assert!(matches!(refused, NotWritten::NotOurs { .. }), "{refused}");
    assert_eq!(ground.read("shop/src/main.rs"), "one");
    workspaces.write("shop/src/main.rs", b"two", |found| *found == Sha256::of(b"one")).unwrap();
    assert_eq!(ground.read("shop/src/main.rs"), "two");
    let mode =
        |path: &str| fs::metadata(ground.path("root").join(path)).unwrap().permissions().mode() & 0o777;
    assert_eq!(["shop", "shop/src", "shop/src/main.rs"].map(mode), [0o755, 0o755, 0o644]);
    assert_eq!(fs::read_dir(ground.path("root/shop/src")).unwrap().count(), 1);
}

/// What somebody writes between the look and the change stays.
#[test]
fn a_file_that_people_change_at_that_very_moment_stays_theirs() {
    let ground = Ground::new();
    let workspaces = ground.open();
    let path = ground.path("root/main.rs");
    for round in 0..100 {
        fs::write(&path, "ours").unwrap();
        let looks = Cell::new(0);
        let written = workspaces.write("main.rs", b"new", |found| {
            looks.set(looks.get() + 1);
            let ours = *found == Sha256::of(b"ours");
            // The first look was right; then they come.
            if looks.get() == 1 {
                fs::write(&path, format!("theirs {round}")).unwrap();
            }
            ours
        });
        assert!(matches!(written, Err(NotWritten::NotOurs { .. })));
        assert_eq!(ground.read("main.rs"), format!("theirs {round}"));
        assert_eq!(fs::read_dir(ground.path("root")).unwrap().count(), 1);
    }
}

/// The daemon died when the file and the one beside it had just changed places.
#[test]
fn what_people_wrote_when_the_daemon_died_gets_a_name_that_they_see() {
    let ground = Ground::new();
    let workspaces = ground.open();
    let ours = |found: &Sha256| *found == Sha256::of(b"old") || *found == Sha256::of(b"new");
    let files = || {
        let entries = fs::read_dir(ground.path("root")).unwrap();
        let mut names: Vec<_> =
            entries.map(|entry| entry.unwrap().file_name().into_string().unwrap()).collect();
        names.sort();
        names
    };
    let beside = ground.path("root/.hecate-main.rs");
    for (nth, text) in [(1, "theirs"), (2, "theirs, too")] {
        fs::write(ground.path("root/main.rs"), "new").unwrap();
        fs::write(&beside, text).unwrap();
        let refused = workspaces.write("main.rs", b"new", ours).unwrap_err();
        assert!(matches!(&refused, NotWritten::Kept { kept, .. } if *kept == format!("main.rs.kept-{nth}")));
        assert_eq!(ground.read(&format!("main.rs.kept-{nth}")), text);
        workspaces.write("main.rs", b"new", ours).unwrap();
    }
    // What is ours, and what was never whole, goes.
    fs::write(&beside, "old").unwrap();
    fs::write(ground.path("root/.hecate-main.rs~"), "ne").unwrap();
    fs::write(ground.path("root/main.rs"), "old").unwrap();
    workspaces.write("main.rs", b"new", ours).unwrap();
    assert_eq!(ground.read("main.rs"), "new");
    assert_eq!(files(), ["main.rs", "main.rs.kept-1", "main.rs.kept-2"]);
}

#[test]
fn whatever_the_daemons_own_files_are_like_others_may_enter_what_it_makes() {
    rustix::process::umask(rustix::fs::Mode::from_raw_mode(0o077));
    let ground = Ground::new();
    let root = ground.path("root/srv/code");
    Workspaces::open(&root).unwrap();
    // A crash has left one that was not finished.
    fs::create_dir(root.join(".hecate-shop~~")).unwrap();
    Workspaces::open(&root).unwrap().write("shop/src/main.rs", b"one", nothing_is_ours).unwrap();
    let mode = |path: &str| fs::metadata(ground.path(path)).unwrap().permissions().mode() & 0o777;
    let made = ["root/srv", "root/srv/code", "root/srv/code/shop", "root/srv/code/shop/src"];
    assert_eq!(made.map(mode), [0o755; 4]);
    assert_eq!(mode("root/srv/code/shop/src/main.rs"), 0o644);
    assert_eq!(fs::read_dir(&root).unwrap().count(), 1);
}
