//! The power goes at every call, under every model; what was acknowledged is there.

use std::collections::BTreeSet;
use std::fs;
use std::path::{Path, PathBuf};

use hecate_disk::simulation::{Model, Recorder};
use hecate_disk::{Call, Disk, Watch};
use rusqlite::Connection;

use crate::{
    checkpoint, folder, ids, is_intact, make_notes, note, open, prepared, recorded, said, whole_pages,
};

const SEEDS: u64 = 3;

/// A commit and the number of calls that were made when it was acknowledged.
struct Acknowledged {
    id: i64,
    calls: u64,
}

/// Commits into a log that was grown before, checkpoints in between, an orderly close and a second life.
fn scenario(recorder: &Recorder, disk: &Disk, path: &Path, open: Open) -> Vec<Acknowledged> {
    let mut acknowledged = Vec::new();
    disk.create(path).unwrap();
    for life in 0..2 {
        let conn = open(disk, path).unwrap();
        if life == 0 {
            make_notes(&conn).unwrap();
            disk.lengthen(&log_of(path), 64 * 1024).unwrap();
        }
        for n in 0..6 {
            let id = life * 100 + n;
            note(&conn, id, 2500).unwrap();
            acknowledged.push(Acknowledged { id, calls: recorder.calls() });
            if n == 3 {
                checkpoint(&conn).unwrap();
            }
        }
    }
    acknowledged
}

fn log_of(path: &Path) -> PathBuf {
    path.with_extension("sqlite-wal")
}

type Open = fn(&Disk, &Path) -> rusqlite::Result<Connection>;

#[test]
fn what_was_acknowledged_survives_every_cut_under_every_model() {
    cut_everywhere(open);
}

#[test]
fn what_a_gathering_writer_acknowledged_survives_every_cut_under_every_model() {
    let gathered = cut_everywhere(open_gathering);
    let ((_home, path), (recorder, disk)) = (folder(), recorded());
    scenario(&recorder, &disk, &path, open);
    assert!(gathered * 2 < recorder.calls(), "{gathered} {}: a commit is one write", recorder.calls());
}

fn open_gathering(disk: &Disk, path: &Path) -> rusqlite::Result<Connection> {
    disk.create(path).unwrap();
    prepared(disk.connect_writer(path)?)
}

/// Answers how many calls there were.
fn cut_everywhere(open: Open) -> u64 {
    let (home, path) = folder();
    let (recorder, disk) = recorded();
    let acknowledged = scenario(&recorder, &disk, &path, open);
    let cut = home.path().join("cut");
    for at in 1..=recorder.calls() + 1 {
        for model in Model::ALL {
            for seed in 0..SEEDS {
                recorder.survivors(at, model, seed, &cut).unwrap();
                let told = format!("{model:?}, seed {seed}, before {}", recorder.describe(at));
                let must = acknowledged.iter().take_while(|commit| commit.calls < at).count();
                let found = left_whole(&cut, &acknowledged, &told);
                assert!(found == must || found == must + 1, "{told}: {found} commits, {must} acknowledged");
                fs::remove_dir_all(&cut).unwrap();
            }
        }
    }
    recorder.calls()
}

#[test]
fn commits_that_were_not_flushed_may_be_gone_but_none_is_torn_or_overtaken() {
    let (home, path) = folder();
    let (recorder, disk) = recorded();
    let conn = open(&disk, &path).unwrap();
    // One page per commit, so that some commits are lucky.
    conn.execute_batch("CREATE TABLE notes (id INTEGER PRIMARY KEY, said BLOB); PRAGMA synchronous = NORMAL")
        .unwrap();
    let commit = |id| {
        note(&conn, id, 100).unwrap();
        Acknowledged { id, calls: recorder.calls() }
    };
    let issued: Vec<_> = (0..12).map(commit).collect();
    let cut = home.path().join("cut");
    let mut gone = [0, 0, 0, 0];
    for (nth, model) in Model::ALL.into_iter().enumerate() {
        for seed in 0..60 {
            recorder.survivors(recorder.calls() + 1, model, seed, &cut).unwrap();
            gone[nth] += issued.len() - left_whole(&cut, &issued, &format!("{model:?}, seed {seed}"));
            fs::remove_dir_all(&cut).unwrap();
        }
    }
    let [kept, lost, torn, reordered] = gone;
    assert_eq!((kept, lost), (0, 60 * 12));
    assert!((1..=lost).contains(&torn) && (1..lost).contains(&reordered), "{gone:?}");
}

/// How many commits are left: the first ones, each whole, and nothing else.
fn left_whole(cut: &Path, issued: &[Acknowledged], told: &str) -> usize {
    let path = cut.join("notes.sqlite");
    let conn = open(&Disk::real(), &path).unwrap_or_else(|error| panic!("{told}: {error}"));
    assert!(is_intact(&conn), "{told}");
    if !conn.table_exists(None, "notes").unwrap() {
        return 0;
    }
    let found = ids(&conn).unwrap_or_else(|error| panic!("{told}: {error}"));
    let first: Vec<i64> = issued.iter().map(|commit| commit.id).take(found.len()).collect();
    assert_eq!(found, first, "{told}");
    for id in &found {
        let kept: Vec<u8> =
            conn.query_row("SELECT said FROM notes WHERE id = ?1", [id], |row| row.get(0)).unwrap();
        assert_eq!(kept, said(*id, kept.len()), "{told}");
    }
    checkpoint(&conn).unwrap();
    whole_pages(&path);
    found.len()
}

fn ask(recorder: &Recorder, calls: &[Call<'_>]) {
    calls.iter().for_each(|call| recorder.before(call).unwrap());
}

/// The bytes of `name` after a cut behind the last call.
fn left(recorder: &Recorder, model: Model, seed: u64, name: &str) -> Option<Vec<u8>> {
    let (home, _) = folder();
    recorder.survivors(recorder.calls() + 1, model, seed, home.path()).unwrap();
    fs::read(home.path().join(name)).ok()
}

#[test]
fn a_file_is_there_for_sure_once_it_or_its_folder_is_flushed() {
    let (home, path) = folder();
    let recorder = Recorder::new();
    ask(&recorder, &[Call::Create { path: &path }, Call::Write { path: &path, offset: 0, bytes: b"one" }]);
    assert_eq!(left(&recorder, Model::Lost, 0, "notes.sqlite"), None);
    assert_eq!(left(&recorder, Model::Kept, 0, "notes.sqlite").unwrap(), b"one");
    ask(&recorder, &[Call::SyncFolder { path: home.path() }]);
    assert_eq!(left(&recorder, Model::Lost, 0, "notes.sqlite").unwrap(), b"");
    ask(&recorder, &[Call::Sync { path: &path }, Call::Remove { path: &path }]);
    assert_eq!(left(&recorder, Model::Lost, 0, "notes.sqlite").unwrap(), b"one");
    assert_eq!(left(&recorder, Model::Kept, 0, "notes.sqlite"), None);
    ask(&recorder, &[Call::SyncFolder { path: home.path() }]);
    assert_eq!(left(&recorder, Model::Lost, 0, "notes.sqlite"), None);
    // Made again under the same name and flushed: the old removal must not catch up with it.
    ask(&recorder, &[Call::Create { path: &path }, Call::Sync { path: &path }]);
    assert_eq!(left(&recorder, Model::Lost, 0, "notes.sqlite").unwrap(), b"");
}

#[test]
fn a_rename_holds_once_the_folder_is_flushed() {
    let (home, path) = folder();
    fs::write(&path, b"old").unwrap();
    let (recorder, disk) = recorded();
    disk.replace(&path, b"new").unwrap();
    assert_eq!(left(&recorder, Model::Lost, 0, "notes.sqlite").unwrap(), b"new");
    assert_eq!(fs::read(&path).unwrap(), b"new");
    for at in 1..=recorder.calls() {
        for (model, seed) in Model::ALL.into_iter().flat_map(|model| (0..8).map(move |seed| (model, seed))) {
            let cut = home.path().join("cut");
            recorder.survivors(at, model, seed, &cut).unwrap();
            let kept = fs::read(cut.join("notes.sqlite")).unwrap();
            assert!(kept == b"old" || kept == b"new", "{model:?} {seed} {}", recorder.describe(at));
            fs::remove_dir_all(&cut).unwrap();
        }
    }
}

#[test]
fn a_torn_write_keeps_whole_sectors_of_it_and_touches_nothing_else() {
    let (_home, path) = folder();
    fs::write(&path, [1; 4096]).unwrap();
    let recorder = Recorder::new();
    ask(&recorder, &[Call::Write { path: &path, offset: 300, bytes: &[2; 2000] }]);
    let mut kinds = BTreeSet::new();
    for seed in 0..64 {
        let bytes = left(&recorder, Model::Torn, seed, "notes.sqlite").unwrap();
        assert_eq!(bytes.len(), 4096);
        assert!(bytes[..300].iter().chain(&bytes[2300..]).all(|byte| *byte == 1));
        for sector in [300..512, 512..1024, 1024..1536, 1536..2048, 2048..2300] {
            assert!(bytes[sector.clone()].iter().all(|byte| *byte == bytes[sector.start]), "seed {seed}");
        }
        kinds.insert(bytes);
    }
    assert!(kinds.len() > 16, "{} of 32 ways to tear five sectors", kinds.len());
}

#[test]
fn reordered_writes_survive_in_any_combination_and_the_same_seed_repeats() {
    let (_home, path) = folder();
    fs::write(&path, b"....").unwrap();
    let recorder = Recorder::new();
    for at in 0..4 {
        ask(&recorder, &[Call::Write { path: &path, offset: at, bytes: b"x" }]);
    }
    let seen: Vec<_> =
        (0..200).map(|seed| left(&recorder, Model::Reordered, seed, "notes.sqlite").unwrap()).collect();
    let again: Vec<_> =
        (0..200).map(|seed| left(&recorder, Model::Reordered, seed, "notes.sqlite").unwrap()).collect();
    assert_eq!(seen, again);
    assert_eq!(seen.into_iter().collect::<BTreeSet<_>>().len(), 16);
}

#[test]
fn any_order_of_asking_gives_the_same_survivors() {
    let (home, path) = folder();
    let (recorder, disk) = recorded();
    let conn = open(&disk, &path).unwrap();
    make_notes(&conn).unwrap();
    (0..200).for_each(|id| note(&conn, id, 500).unwrap());
    let last = recorder.calls();
    assert!(last > 600, "{last}");
    let bytes = |at: u64| {
        let cut = home.path().join("cut");
        recorder.survivors(at, Model::Torn, at, &cut).unwrap();
        let wal = fs::read(cut.join("notes.sqlite-wal")).ok();
        fs::remove_dir_all(&cut).unwrap();
        wal
    };
    let points: Vec<u64> = (1..=last).step_by(37).collect();
    let rising: Vec<_> = points.iter().map(|at| bytes(*at)).collect();
    let mut falling: Vec<_> = points.iter().rev().map(|at| bytes(*at)).collect();
    falling.reverse();
    assert!(rising == falling);
}
