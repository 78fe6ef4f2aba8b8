//! More ventures than actors: a node keeps as many ventures as its disk holds, and the pool's bound is on
//! what is in memory at once.

use hecate_proto::answer::CommandAnswer;
use hecate_tests::binaries;
use hecate_tests::daemon::Place;
use hecate_tests::ventures::{self, id_of};
use std::thread;

const ACTORS_MAX: usize = 8;
const VENTURES: usize = 40;
/// Fewer than actors, so that there is always an idle one to let go.
const WRITERS: usize = 4;

#[test]
fn ventures_beyond_the_pools_bound_are_set_up_and_refined() {
    let folder = tempfile::tempdir().unwrap();
    let tree = std::fs::read_to_string(binaries::workspace().join("supervision.toml")).unwrap();
    let small = tree.replace("max_children = 10000", &format!("max_children = {ACTORS_MAX}"));
    assert_ne!(small, tree, "the bound is where it was");
    let file = folder.path().join("small.toml");
    std::fs::write(&file, small).unwrap();
    let place = Place { supervision: Some(file), ..Place::new(folder.path()) };
    let daemon = place.start();
    let client = daemon.client();
    let set_up = |n: usize| ventures::set_up(&client, &format!("V{n}"));
    let some =
        |writer: usize| (writer..VENTURES).step_by(WRITERS).map(set_up).collect::<Vec<CommandAnswer>>();
    let born: Vec<CommandAnswer> = thread::scope(|scope| {
        let writers: Vec<_> = (0..WRITERS).map(|writer| scope.spawn(move || some(writer))).collect();
        writers.into_iter().flat_map(|writer| writer.join().unwrap()).collect()
    });
    for told in &born {
        ventures::refine(&client, &id_of(told), "Known again").expect(200);
    }
    assert_eq!(ventures::head(&client), 2 * VENTURES as u64);
}
