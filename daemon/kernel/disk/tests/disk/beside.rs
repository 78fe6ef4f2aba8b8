//! What is written beside SQLite.

use std::fs;
use std::io;
use std::os::unix::fs::PermissionsExt;

use hecate_disk::Fault;
use hecate_disk::simulation::{After, Model};

use crate::{folder, recorded};

const MIB: u64 = 1024 * 1024;

#[test]
fn a_file_is_made_once_and_for_its_owner_alone() {
    let (_folder, path) = folder();
    let (recorder, disk) = recorded();
    assert!(disk.create(&path).unwrap());
    assert!(!disk.create(&path).unwrap());
    assert_eq!(fs::metadata(&path).unwrap().permissions().mode() & 0o777, 0o600);
    assert_eq!(recorder.calls(), 3);
}

#[test]
fn a_file_grows_by_zeros_in_steps_and_never_shrinks() {
    let (_folder, path) = folder();
    let (recorder, disk) = recorded();
    disk.lengthen(&path, 2 * MIB + 5).unwrap();
    let calls: Vec<_> = (1..=recorder.calls()).map(|call| recorder.describe(call)).collect();
    assert_eq!(calls.len(), 6, "{calls:#?}");
    assert!(calls[3].ends_with("write notes.sqlite 2097152..2097157"), "{calls:#?}");
    disk.lengthen(&path, 7).unwrap();
    let bytes = fs::read(&path).unwrap();
    assert_eq!(bytes.len() as u64, 2 * MIB + 5);
    assert!(bytes.iter().all(|byte| *byte == 0));
}

#[test]
fn without_space_a_file_keeps_its_length() {
    let (_folder, path) = folder();
    fs::write(&path, b"log").unwrap();
    let (recorder, disk) = recorded();
    recorder.fail_at(2, Fault::Full, After::Once);
    let error = disk.lengthen(&path, 4 * MIB).unwrap_err();
    assert_eq!(error.kind(), io::ErrorKind::StorageFull);
    assert_eq!(fs::read(&path).unwrap(), b"log");
}

#[test]
fn bytes_are_written_over_in_place() {
    let (_folder, path) = folder();
    fs::write(&path, b"0123456789").unwrap();
    let (_, disk) = recorded();
    disk.overwrite(&path, 3, b"xyz").unwrap();
    assert_eq!(fs::read(&path).unwrap(), b"012xyz6789");
}

#[test]
fn a_file_is_replaced_whole_even_over_the_rest_of_an_earlier_try() {
    let (folder, path) = folder();
    let (recorder, disk) = recorded();
    disk.replace(&path, b"first").unwrap();
    for at in 1..=5 {
        let (before, nth) = (fs::read(&path).unwrap(), recorder.calls() + at);
        recorder.fail_at(nth, Fault::Io, After::Once);
        assert!(disk.replace(&path, b"a much longer second").is_err(), "{at}");
        // Only a rename that was made shows, and then whole.
        let now = fs::read(&path).unwrap();
        assert!(now == before || (at == 5 && now == b"a much longer second"));
    }
    disk.replace(&path, b"third").unwrap();
    assert_eq!(fs::read(&path).unwrap(), b"third");
    assert_eq!(fs::read_dir(folder.path()).unwrap().count(), 1);
}

#[test]
fn a_file_is_placed_whole_and_one_that_fails_leaves_nothing() {
    let (folder, path) = folder();
    let (recorder, disk) = recorded();
    let unfinished = folder.path().join("unfinished");
    fs::write(&unfinished, b"what an earlier crash has left there").unwrap();
    disk.place(&unfinished, &path, b"first").unwrap();
    for at in 1..=4 {
        for fault in [Fault::Io, Fault::Full] {
            recorder.fail_at(recorder.calls() + at, fault, After::Once);
            let error = disk.place(&unfinished, &path, b"second").unwrap_err();
            assert_eq!(error.kind() == io::ErrorKind::StorageFull, fault == Fault::Full, "{at}");
            assert_eq!(fs::read(&path).unwrap(), b"first");
            assert!(!unfinished.exists(), "{at}");
        }
    }
    disk.place(&unfinished, &path, b"third").unwrap();
    assert_eq!(fs::read(&path).unwrap(), b"third");
    assert_eq!(fs::metadata(&path).unwrap().permissions().mode() & 0o777, 0o600);
}

#[test]
fn a_folder_whose_name_was_not_flushed_is_gone_with_all_that_lies_in_it() {
    let home = tempfile::tempdir().unwrap();
    let (recorder, disk) = recorded();
    let [data, inner] = ["data", "data/inner"].map(|name| home.path().join(name));
    let survivors = |name: &str| {
        let cut = home.path().join(name);
        recorder.survivors(recorder.calls() + 1, Model::Lost, 0, &cut).unwrap();
        cut.join("data/inner/note").exists()
    };
    assert!(disk.make_folder(&data).unwrap() && disk.make_folder(&inner).unwrap());
    assert!(!disk.make_folder(&inner).unwrap());
    assert_eq!(fs::metadata(&inner).unwrap().permissions().mode() & 0o777, 0o700);
    // It is flushed, and the folder that it lies in.
    disk.create(&inner.join("note")).unwrap();
    assert!(!survivors("neither"));
    disk.flush_folder(&data).unwrap();
    assert!(!survivors("one"));
    disk.flush_folder(home.path()).unwrap();
    assert!(survivors("both"));
}
