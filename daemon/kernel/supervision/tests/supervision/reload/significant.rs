//! OTP's cases of a code change that concerns significant children, under their names there: what a file may
//! say about them, and who ends the supervisor before and after.

use super::{House, reload, standing, text};
use crate::common::{PATIENCE, Say, until};
use hecate_supervision::{ExitReason, Tree};

const NEVER: &str = "never";
const ANY: &str = "any_significant";
const ALL: &str = "all_significant";

/// Two actors that can end for good, and one that does not, under a policy.
fn file(policy: &str, significant: bool) -> String {
    let child = format!("restart=\"transient\"; significant={significant}");
    format!("/r auto_shutdown=\"{policy}\"\n/r/a {child}\n/r/b {child}\n/r/c")
}

/// A tree of the one policy that was told the other.
async fn upgraded(house: &House, from: &str, to: &str) -> Tree {
    let tree = house.boot(&file(from, from != NEVER)).await;
    reload(&tree, &file(to, to != NEVER)).await.unwrap();
    assert!(house.told().is_empty(), "nobody was touched");
    tree
}

async fn end(house: &House, tree: &Tree, id: &str) {
    house.addr(id).cast(Say::End(ExitReason::Normal)).unwrap();
    let row = format!("/r/{id} stopped");
    until(|| standing(tree).contains(&row), || format!("the end of {id}")).await;
}

async fn is_down(tree: &Tree) {
    tokio::time::timeout(PATIENCE, tree.ended(PATIENCE)).await.unwrap();
}

async fn is_up(tree: &Tree) {
    let counts = tree.count_children("/r").await.unwrap();
    assert!(counts.active > 0, "{counts:?}");
}

/// A significant child where nobody looks at it is no spec, neither at boot nor later.
async fn a_significant_child_is_refused(house: &House, tree: &Tree) {
    let faults = tree.read_plan(&text(&file(NEVER, true)), "new.toml").unwrap_err();
    let places: Vec<_> = faults.iter().map(|fault| fault.message.as_str()).collect();
    assert_eq!(places, ["a significant child needs a supervisor with auto_shutdown"; 2]);
    assert!(house.told().is_empty());
}

#[tokio::test]
async fn significant_upgrade_never_any() {
    let house = House::new();
    let tree = upgraded(&house, NEVER, ANY).await;
    end(&house, &tree, "a").await;
    is_down(&tree).await;
}

#[tokio::test]
async fn significant_upgrade_any_never() {
    let house = House::new();
    let tree = upgraded(&house, ANY, NEVER).await;
    a_significant_child_is_refused(&house, &tree).await;
    end(&house, &tree, "a").await;
    end(&house, &tree, "b").await;
    is_up(&tree).await;
}

#[tokio::test]
async fn significant_upgrade_never_all() {
    let house = House::new();
    let tree = upgraded(&house, NEVER, ALL).await;
    end(&house, &tree, "a").await;
    is_up(&tree).await;
    end(&house, &tree, "b").await;
    is_down(&tree).await;
}

#[tokio::test]
async fn significant_upgrade_all_never() {
    let house = House::new();
    let tree = upgraded(&house, ALL, NEVER).await;
    a_significant_child_is_refused(&house, &tree).await;
    end(&house, &tree, "a").await;
    end(&house, &tree, "b").await;
    is_up(&tree).await;
}

#[tokio::test]
async fn significant_upgrade_any_all() {
    let house = House::new();
    let tree = upgraded(&house, ANY, ALL).await;
    end(&house, &tree, "a").await;
    is_up(&tree).await;
    end(&house, &tree, "b").await;
    is_down(&tree).await;
}

#[tokio::test]
async fn significant_upgrade_all_any() {
    let house = House::new();
    let tree = upgraded(&house, ALL, ANY).await;
    end(&house, &tree, "b").await;
    is_down(&tree).await;
}

#[tokio::test]
async fn significant_upgrade_child() {
    let house = House::new();
    let with = |significant: &str| {
        format!("/r auto_shutdown=\"{ANY}\"\n/r/a restart=\"transient\"{significant}\n/r/b\n/r/c")
    };
    let tree = house.boot(&with("")).await;
    end(&house, &tree, "a").await;
    is_up(&tree).await;
    tree.restart_child("/r", "a").await.unwrap();
    house.told();
    reload(&tree, &with("; significant=true")).await.unwrap();
    assert!(tree.get_childspec("/r", "a").await.unwrap().significant);
    end(&house, &tree, "a").await;
    is_down(&tree).await;
}
