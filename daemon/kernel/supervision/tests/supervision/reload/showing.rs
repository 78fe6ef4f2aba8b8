//! What a plan says before anything is done.

use super::{House, plan, reload, shown, standing};
use crate::common::within;
use hecate_supervision::{Flags, ReloadError, Tree};

const BEFORE: &str = r#"
    /r intensity=3
    /r/a mailbox={capacity=8}
    /r/s strategy="rest_for_one"
    /r/s/b shutdown="1s"
    /r/p max_children=1
"#;

#[tokio::test]
async fn the_same_file_is_an_empty_plan() {
    let house = House::new();
    let tree = house.boot(BEFORE).await;
    assert!(shown(&plan(&tree, BEFORE, true)).is_empty());
    assert_eq!(reload(&tree, BEFORE).await.unwrap().supervisors, Vec::<String>::new());
    assert!(house.told().is_empty());
}

#[tokio::test]
async fn every_difference_is_a_step_with_what_was_and_what_will_be() {
    let house = House::new();
    let tree = house.boot(BEFORE).await;
    let after = r#"
        /r intensity=1; period="1m"
        /r/s strategy="rest_for_one"; restart="transient"; backoff={min="1s",max="2s",jitter=0.5}
        /r/s/t
        /r/s/t/c
        /r/s/b shutdown={drain="1s"}
        /r/a mailbox={capacity=9,on_full="refuse"}; start_timeout="1500ms"
        /r/d
    "#;
    let at_once = plan(&tree, after, false);
    let first = serde_json::to_value(&at_once.shown().operations[0]).unwrap();
    let expected = serde_json::json!({"operation": "change", "path": "/r", "changes": [
        {"key": "intensity", "from": "3", "to": "1", "takes_effect": "at_once"},
        {"key": "period", "from": "\"5s\"", "to": "\"1m\"", "takes_effect": "at_once"},
    ]});
    assert_eq!(first, expected, "as it crosses the socket");
    let expected = [
        "change /r intensity: 3 -> 1 AtOnce, period: \"5s\" -> \"1m\" AtOnce",
        "change /r/s restart: permanent -> transient AtOnce, \
         backoff: none -> { min = \"1s\", max = \"2s\", jitter = 0.5 } AtOnce",
        "change /r/a start_timeout: \"10s\" -> \"1500ms\" NextStart, mailbox.capacity: 8 -> 9 NextStart, \
         mailbox.on_full: wait -> refuse NextStart",
        "reorder /r s a d",
        "start /r/d d 1",
        "stop /r/p p 1",
        "change /r/s/b shutdown: \"1s\" -> { drain = \"1s\" } AtOnce",
        "start /r/s/t supervisor 2",
    ];
    assert_eq!(shown(&at_once), expected);
    let renewing = plan(&tree, after, true);
    let restarts: Vec<_> = shown(&renewing).into_iter().filter(|step| step.starts_with("restart")).collect();
    assert_eq!(restarts, ["restart /r/a"]);
    assert_ne!(at_once.shown().fingerprint, renewing.shown().fingerprint);
    assert_eq!(at_once.shown(), plan(&tree, after, false).shown(), "shown twice it is the same");
    assert!(house.told().is_empty(), "showing does nothing");
}

#[tokio::test]
async fn what_no_running_tree_can_follow_is_refused_and_nothing_is_done() {
    let house = House::new();
    let tree = house.boot(BEFORE).await;
    let before = standing(&tree);
    let cases: [(&str, &[&str]); 5] = [
        ("/q\n/q/a", &["refused Root /r"]),
        ("/r strategy=\"one_for_all\"\n/r/s strategy=\"rest_for_one\"", &["refused Strategy /r"]),
        ("/r\n/r/s strategy=\"rest_for_one\"\n/r/s/a\n/r/b", &["refused Move /r/a", "refused Move /r/s/b"]),
        ("/r\n/r/s strategy=\"one_for_all\"\n/r/s/b", &["refused Strategy /r/s"]),
        ("/r\n/r/t\n/r/t/p", &["refused Move /r/p"]),
    ];
    for (after, expected) in cases {
        let plan = plan(&tree, after, false);
        let refusals: Vec<_> = shown(&plan).into_iter().filter(|step| step.starts_with("refused")).collect();
        assert_eq!(refusals, expected, "{after}");
        assert!(plan.shown().refusals.iter().all(|refusal| !refusal.hint.is_empty()));
        assert_eq!(tree.apply(plan).await, Err(ReloadError::Refused(expected.len())), "{after}");
    }
    assert_eq!(standing(&tree), before);
    assert!(house.told().is_empty());
}

#[tokio::test]
async fn a_place_keeps_what_it_is() {
    let house = House::new();
    let tree = house.boot("/r\n/r/a\n/r/s").await;
    for (written, becomes) in
        [("path = \"/r/a\"\nkind = \"b\"", "/r/a"), ("path = \"/r/s\"\nkind = \"b\"", "/r/s")]
    {
        let other = if becomes == "/r/a" { "[[supervisor]]\npath = \"/r/s\"" } else { "" };
        let text = format!("schema = 1\n[[supervisor]]\npath = \"/r\"\n[[child]]\n{written}\n{other}");
        let plan = tree.plan_reload(&tree.read_plan(&text, "new.toml").unwrap(), false).unwrap();
        let refusals: Vec<_> = shown(&plan).into_iter().filter(|step| step.starts_with("refused")).collect();
        assert_eq!(refusals, [format!("refused Role {becomes}")]);
    }
}

#[tokio::test]
async fn a_plan_for_kinds_that_are_not_compiled_in_is_refused() {
    let (house, mut other) = (House::new(), crate::common::Stage::of(&["a", "e"]));
    other.kinds.optional("a");
    let tree = house.boot("/r\n/r/a").await;
    let text = "schema = 1\n[[supervisor]]\npath = \"/r\"\n[[child]]\npath = \"/r/e\"\nkind = \"e\"\n";
    let plan = tree.plan_reload(&other.plan(text), false).unwrap();
    assert_eq!(shown(&plan).last().unwrap(), "refused Kind /r/e");
}

#[tokio::test]
async fn a_plan_is_good_for_the_tree_that_it_was_made_for() {
    let house = House::new();
    let tree = house.boot("/r\n/r/a").await;
    let (first, second) = (plan(&tree, "/r\n/r/a\n/r/b", false), plan(&tree, "/r\n/r/a\n/r/c", false));
    tree.apply(first).await.unwrap();
    assert_eq!(tree.apply(second).await, Err(ReloadError::Stale));
    assert_eq!(standing(&tree), ["/r running", "/r/a running", "/r/b running"]);
}

#[tokio::test]
async fn a_tree_that_was_read_from_no_file_follows_none() {
    let house = House::new();
    let tree = within(Tree::grow("r", Flags::default(), Vec::new())).await.unwrap();
    let plan = house.stage.plan(&super::text("/r\n/r/a"));
    assert_eq!(tree.plan_reload(&plan, false).map(|_| ()), Err(ReloadError::NoFile));
}
