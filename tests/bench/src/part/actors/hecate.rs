//! The kernel as the daemon uses it: every actor in a tree, every message bounded, counted and timed.

use super::library::{BOUND, Births, Counter, Crowd, Fragile, Library, Nursery, Tally};
use crate::sample::TYPE;
use hecate_facts::{Fact, Groups};
use hecate_supervision::{
    Actor, Addr, Child, ExitReason, Flags, Kinds, Me, Message, Name, Plan, Pool, PoolFlags, Reply, Strategy,
    Tree,
};
use std::sync::Arc;
use std::time::Duration;

/// More than anything here takes.
const PATIENCE: Duration = Duration::from_secs(60);
/// Children of a pool, and messages in the mailbox that is to stand for one without bound.
const PLENTY: usize = 1_000_000;

pub(super) struct Hecate;

impl Library for Hecate {
    const NAME: &'static str = super::HECATE;
    type Counter = Counting;
    type Crowd = Hearers;
    type Fragile = Brittle;
    type Nursery = Brood;

    async fn counter(bounded: bool) -> Option<Counting> {
        let name = Name::new();
        let mut kinds = Kinds::new();
        kinds.worker::<Tell>("counter", Some(name.clone()), || ());
        let capacity = if bounded { BOUND } else { PLENTY };
        let text = format!(
            "schema = 1\n[[supervisor]]\npath = \"/r\"\n[[child]]\npath = \"/r/counter\"\nkind = \"counter\"\n\
             mailbox = {{ capacity = {capacity} }}\n"
        );
        let plan = Plan::parse(&text, "bench.toml", &kinds).unwrap();
        let tree = Tree::boot(&plan, &kinds).await.unwrap();
        Some(Counting { addr: name.whereis().unwrap(), bounded, _tree: tree })
    }

    async fn crowd(members: usize, tally: Arc<Tally>) -> Hearers {
        let (groups, pool) = (Groups::new(&format!("bench{:p}", Arc::as_ptr(&tally))), Pool::<Hearer>::new());
        let tree = grow(Child::pool("hearers", &pool, plenty())).await;
        for number in 0..members {
            let args = (groups.clone(), Arc::clone(&tally));
            pool.start_child(number.to_string(), args).await.unwrap();
        }
        Hearers { groups, _tree: tree }
    }

    async fn fragile(children: usize, births: Arc<Births>) -> Brittle {
        let first = Name::new();
        let child = |number: usize| {
            let (name, births) = ((number == 0).then(|| first.clone()), Arc::clone(&births));
            Child::worker::<Glass>(number.to_string(), name, move || Arc::clone(&births))
        };
        let (intensity, period) = (u32::MAX, Duration::from_millis(1));
        let flags = Flags { strategy: Strategy::OneForAll, intensity, period, ..Flags::default() };
        let tree = Tree::grow("bench", flags, (0..children).map(child).collect()).await.unwrap();
        Brittle { first, _tree: tree }
    }

    async fn nursery() -> Brood {
        let pool = Pool::new();
        Brood { tree: grow(Child::pool("brood", &pool, plenty())).await, pool }
    }
}

async fn grow(child: Child) -> Tree {
    Tree::grow("bench", Flags::default(), vec![child]).await.unwrap()
}

fn plenty() -> PoolFlags {
    PoolFlags { children_max: PLENTY, ..PoolFlags::default() }
}

enum Said {
    Tick,
    HowMany(Reply<u64>),
}

impl Message for Said {
    fn variant(&self) -> &'static str {
        match self {
            Said::Tick => "tick",
            Said::HowMany(_) => "how_many",
        }
    }
}

#[derive(Default)]
struct Tell(u64);

impl Actor for Tell {
    type Msg = Said;
    type Args = ();

    async fn init((): (), _: &Me<Said>) -> Result<Tell, ExitReason> {
        Ok(Tell::default())
    }

    async fn handle(&mut self, said: Said, _: &Me<Said>) -> Result<(), ExitReason> {
        match said {
            Said::Tick => self.0 += 1,
            Said::HowMany(reply) => reply.send(self.0),
        }
        Ok(())
    }
}

pub(super) struct Counting {
    addr: Addr<Said>,
    bounded: bool,
    _tree: Tree,
}

impl Counter for Counting {
    async fn cast(&self) {
        if self.bounded {
            self.addr.cast_wait(Said::Tick, PATIENCE).await.unwrap();
        } else {
            self.addr.cast(Said::Tick).unwrap();
        }
    }

    async fn call(&self) -> u64 {
        self.addr.call(Said::HowMany, PATIENCE).await.unwrap()
    }
}

struct Heard(#[expect(dead_code, reason = "it travels, nobody looks at it")] Fact);

impl Message for Heard {
    fn variant(&self) -> &'static str {
        "heard"
    }
}

struct Hearer {
    tally: Arc<Tally>,
    count: usize,
}

impl Actor for Hearer {
    type Msg = Heard;
    type Args = (Groups, Arc<Tally>);

    async fn init((groups, tally): Self::Args, me: &Me<Heard>) -> Result<Hearer, ExitReason> {
        groups.join(me, TYPE, Heard);
        Ok(Hearer { tally, count: 0 })
    }

    async fn handle(&mut self, _: Heard, _: &Me<Heard>) -> Result<(), ExitReason> {
        self.count += 1;
        self.tally.heard(self.count);
        Ok(())
    }
}

pub(super) struct Hearers {
    groups: Groups,
    _tree: Tree,
}

impl Crowd for Hearers {
    fn tell(&self, fact: &Fact) {
        self.groups.tell(fact);
    }
}

/// Fails at the first message.
struct Glass(Arc<Births>);

struct Hit;

impl Message for Hit {
    fn variant(&self) -> &'static str {
        "hit"
    }
}

impl Actor for Glass {
    type Msg = Hit;
    type Args = Arc<Births>;

    async fn init(births: Arc<Births>, _: &Me<Hit>) -> Result<Glass, ExitReason> {
        births.born();
        Ok(Glass(births))
    }

    async fn handle(&mut self, Hit: Hit, _: &Me<Hit>) -> Result<(), ExitReason> {
        self.0.crash();
        Err(ExitReason::error("hit"))
    }
}

pub(super) struct Brittle {
    first: Name<Hit>,
    _tree: Tree,
}

impl Fragile for Brittle {
    async fn crash(&self) {
        // Its name is set right after its init.
        while self.first.cast(Hit).is_err() {
            tokio::task::yield_now().await;
        }
    }
}

pub(super) struct Brood {
    pool: Pool<Tell>,
    tree: Tree,
}

impl Nursery for Brood {
    async fn start(&mut self, number: usize) {
        self.pool.start_child(number.to_string(), ()).await.unwrap();
    }

    async fn stop(self) {
        assert!(self.tree.stop(PATIENCE).await, "children were killed");
    }
}
