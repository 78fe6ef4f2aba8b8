//! Random files one after another: whatever was applied, the tree is that of the last file, and whoever is in
//! both files and was not to be restarted is still the same actor.

use super::{House, plan, standing};
use hecate_proto::tree::TreeNode;
use hecate_supervision::Tree;
use proptest::prelude::*;
use proptest::test_runner::{Config, TestRunner};
use std::cell::Cell;
use std::collections::HashMap;

/// Where each actor stands, if anywhere: below the root (0) or one of two supervisors. The order is a shuffle.
type Wish = (Vec<Option<u8>>, Vec<usize>, u32, u32);

fn wishes() -> impl Strategy<Value = Vec<Wish>> {
    // An actor is mostly at home or nowhere: a move is refused.
    let place = |home: u8| prop_oneof![4 => Just(None), 8 => Just(Some(home)), 1 => (0u8..3).prop_map(Some)];
    let places = [place(0), place(1), place(1), place(2)].prop_map(Vec::from);
    let order = Just((0..4).collect::<Vec<usize>>()).prop_shuffle();
    prop::collection::vec((places, order, 0u32..5, 1u32..50), 2..6)
}

fn file((places, order, intensity, capacity): &Wish) -> String {
    let mut file = format!("/r intensity={intensity}\n");
    for supervisor in 1..3 {
        if places.contains(&Some(supervisor)) {
            file += &format!("/r/s{supervisor} intensity={}\n", intensity + 1);
        }
    }
    for actor in order {
        let id = ["a", "b", "c", "d"][*actor];
        match places[*actor] {
            Some(0) => file += &format!("/r/{id} mailbox={{capacity={capacity}}}\n"),
            Some(supervisor) => file += &format!("/r/s{supervisor}/{id}\n"),
            None => {}
        }
    }
    file
}

fn actors(node: &TreeNode, found: &mut HashMap<String, Option<String>>) {
    found.insert(node.path.clone(), node.id.clone());
    node.children.iter().for_each(|child| actors(child, found));
}

fn ids(tree: &Tree) -> HashMap<String, Option<String>> {
    let mut found = HashMap::new();
    actors(&tree.snapshot(), &mut found);
    found
}

/// Places and what a supervisor forgives, as a plan on paper has them.
fn shape(node: &TreeNode) -> Vec<String> {
    let own = format!("{} {:?}", node.path, node.intensity.as_ref().map(|intensity| intensity.max));
    std::iter::once(own).chain(node.children.iter().flat_map(shape)).collect()
}

/// Answers how many files were applied.
async fn walk(wishes: Vec<Wish>) -> usize {
    let mut applied = 0;
    let house = House::new();
    let tree = house.boot(&file(&wishes[0])).await;
    for wish in &wishes[1..] {
        let (before, reload) = (ids(&tree), plan(&tree, &file(wish), false));
        let is_refused = !reload.shown().refusals.is_empty();
        assert_eq!(tree.apply(reload).await.is_err(), is_refused, "{wish:?}");
        if is_refused {
            assert_eq!(ids(&tree), before, "{wish:?}");
            continue;
        }
        applied += 1;
        let wished = tree.read_plan(&super::text(&file(wish)), "new.toml").unwrap();
        assert_eq!(shape(&tree.snapshot()), shape(&wished.outline()), "{wish:?}");
        assert!(standing(&tree).iter().all(|row| row.ends_with(" running")), "{wish:?}");
        for (path, id) in ids(&tree) {
            assert!(before.get(&path).is_none_or(|before| *before == id), "{path} was touched: {wish:?}");
        }
    }
    assert!(tree.stop(crate::common::PATIENCE).await);
    applied
}

#[test]
fn whatever_was_applied_the_tree_is_that_of_the_last_file() {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
    let config = Config { cases: 200, failure_persistence: None, ..Config::default() };
    let mut runner = TestRunner::new(config);
    let applied = Cell::new(0);
    let done = runner.run(&wishes(), |wishes| {
        applied.set(applied.get() + runtime.block_on(walk(wishes)));
        Ok(())
    });
    // A failure names the least wishes that show it.
    done.unwrap_or_else(|failure| panic!("{failure}"));
    assert!(applied.get() >= 200, "only {} files were applied", applied.get());
}
