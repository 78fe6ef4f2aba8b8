//! Groups that the file names for an actor: joined at its start, left at its end.

use crate::common::{PATIENCE, Probe, Say, Stage, Trace, crash, find, until, within};
use hecate_supervision::{Kinds, Name, Plan, Tree};
use std::sync::Arc;

/// Groups are global, so each test has its own.
const NEWS: &str = "supervision-tests.news";

fn members() -> usize {
    ractor::pg::get_members(&NEWS.to_owned()).len()
}

#[tokio::test]
async fn an_actor_is_in_the_groups_that_the_file_names_as_long_as_it_runs() {
    let (name, mut kinds) = (Name::<Say>::new(), Kinds::new());
    let probe = Probe { id: "a", trace: Arc::<Trace>::default(), mood: Arc::default() };
    kinds.worker_in_groups::<Probe>(
        "a",
        Some(name.clone()),
        move || probe.clone(),
        |addr, group| ractor::pg::join(group.to_owned(), vec![addr.cell()]),
    );
    kinds.publishes([NEWS]);
    let text = format!(
        "schema = 1\n[[supervisor]]\npath = \"/r\"\n[[child]]\npath = \"/r/a\"\nkind = \"a\"\ngroups = [\"{NEWS}\"]\n"
    );
    let tree = within(Tree::boot(&Plan::parse(&text, "groups.toml", &kinds).unwrap(), &kinds)).await.unwrap();
    assert_eq!(find(&tree.snapshot(), "/r/a").groups, [NEWS]);
    let first = name.whereis().unwrap();
    first.cast(crash()).unwrap();
    until(|| name.whereis().is_some_and(|now| now != first), || "the restart".into()).await;
    until(|| members() == 1, || format!("one member, not {}", members())).await;
    assert!(tree.stop(PATIENCE).await);
    until(|| members() == 0, || format!("no member, not {}", members())).await;
}

#[tokio::test]
async fn an_actor_that_is_named_no_groups_joins_none() {
    let stage = Stage::of(&["a"]);
    let tree = stage.boot("one_for_one", 1, &["a"], "").await;
    assert!(find(&tree.snapshot(), "/r/a").groups.is_empty());
}
