//! The instruments of a running tree: what they show, what they do, and what they cost.

mod cost;
mod crashes;
mod deadlocks;
mod detail;
mod events;
mod interventions;
mod rewind;
mod stats;
mod trace;
mod turns;

use crate::common::{Stage, until, within};
use hecate_proto::debug::{ActorDetail, Work};
use hecate_supervision::{Pool, Tree};

/// One actor's detail.
async fn detail(tree: &Tree, which: &str) -> ActorDetail {
    tree.actor(which).await.unwrap_or_else(|| panic!("no actor {which}"))
}

async fn work(tree: &Tree, which: &str) -> Work {
    detail(tree, which).await.work.unwrap_or_else(|| panic!("{which} does not run"))
}

/// Waits until the actor has begun to handle that variant.
async fn until_at_hand(tree: &Tree, path: &str, variant: &str) {
    let at_hand = || {
        let stuck = tree.deadlocks(std::time::Duration::ZERO).stuck;
        stuck.iter().any(|it| it.path == path && it.current.variant == variant)
    };
    until(at_hand, || format!("{path} at {variant}")).await;
}

/// A root with one pool `p` in it.
async fn boot_pool<A: hecate_supervision::Actor>(stage: &mut Stage, extra: &str) -> (Tree, Pool<A>) {
    let pool = Pool::new();
    stage.kinds.pool::<A>("p", &pool);
    let text = format!(
        "schema = 1\n[[supervisor]]\npath = \"/r\"\n[[pool]]\npath = \"/r/p\"\nkind = \"p\"\n{extra}"
    );
    (within(Tree::boot(&stage.plan(&text), &stage.kinds)).await.unwrap(), pool)
}
