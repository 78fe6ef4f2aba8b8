//! kameo with its own supervision; it has no process groups, so that a crowd is a list of addresses.

use super::library::{BOUND, Births, Counter, Crowd, Fragile, Library, Nursery, Tally};
use ::kameo::actor::{Actor, ActorRef, Spawn};
use ::kameo::error::Infallible;
use ::kameo::mailbox;
use ::kameo::message::{Context, Message};
use ::kameo::supervision::{RestartPolicy, SupervisionStrategy};
use hecate_facts::Fact;
use std::sync::Arc;
use std::time::Duration;

pub(super) struct Kameo;

impl Library for Kameo {
    const NAME: &'static str = super::KAMEO;
    type Counter = ActorRef<Counting>;
    type Crowd = Vec<ActorRef<Hearer>>;
    type Fragile = Brittle;
    type Nursery = Brood;

    async fn counter(bounded: bool) -> Option<ActorRef<Counting>> {
        let mailbox = if bounded { mailbox::bounded(BOUND) } else { mailbox::unbounded() };
        Some(Counting::spawn_with_mailbox(Counting(0), mailbox))
    }

    async fn crowd(members: usize, tally: Arc<Tally>) -> Self::Crowd {
        let member = |_| {
            let hearer = Hearer { tally: Arc::clone(&tally), count: 0 };
            Hearer::spawn_with_mailbox(hearer, mailbox::unbounded())
        };
        (0..members).map(member).collect()
    }

    async fn fragile(children: usize, births: Arc<Births>) -> Brittle {
        let supervisor = Superior::spawn(Superior);
        let mut first = None;
        for _ in 0..children {
            let child = Glass::supervise(&supervisor, Arc::clone(&births))
                .restart_policy(RestartPolicy::Permanent)
                .restart_limit(u32::MAX, Duration::from_millis(1))
                .spawn()
                .await;
            first.get_or_insert(child);
        }
        Brittle { first: first.unwrap(), _supervisor: supervisor }
    }

    async fn nursery() -> Brood {
        Brood { parent: Superior::spawn(Superior), children: Vec::new() }
    }
}

pub(super) struct Counting(u64);

impl Actor for Counting {
    type Args = Self;
    type Error = Infallible;

    async fn on_start(counting: Self, _: ActorRef<Self>) -> Result<Self, Infallible> {
        Ok(counting)
    }
}

pub(super) struct Tick;

impl Message<Tick> for Counting {
    type Reply = ();

    async fn handle(&mut self, Tick: Tick, _: &mut Context<Self, ()>) {
        self.0 += 1;
    }
}

pub(super) struct HowMany;

impl Message<HowMany> for Counting {
    type Reply = u64;

    async fn handle(&mut self, HowMany: HowMany, _: &mut Context<Self, u64>) -> u64 {
        self.0
    }
}

impl Counter for ActorRef<Counting> {
    async fn cast(&self) {
        self.tell(Tick).send().await.unwrap();
    }

    async fn call(&self) -> u64 {
        self.ask(HowMany).send().await.unwrap()
    }
}

pub(super) struct Hearer {
    tally: Arc<Tally>,
    count: usize,
}

impl Actor for Hearer {
    type Args = Self;
    type Error = Infallible;

    async fn on_start(hearer: Self, _: ActorRef<Self>) -> Result<Self, Infallible> {
        Ok(hearer)
    }
}

impl Message<Fact> for Hearer {
    type Reply = ();

    async fn handle(&mut self, _: Fact, _: &mut Context<Self, ()>) {
        self.count += 1;
        self.tally.heard(self.count);
    }
}

impl Crowd for Vec<ActorRef<Hearer>> {
    fn tell(&self, fact: &Fact) {
        self.iter().for_each(|member| member.tell(Arc::clone(fact)).try_send().unwrap());
    }
}

/// Takes everybody along, which with one child is the same as taking nobody.
struct Superior;

impl Actor for Superior {
    type Args = Self;
    type Error = Infallible;

    fn supervision_strategy() -> SupervisionStrategy {
        SupervisionStrategy::OneForAll
    }

    async fn on_start(superior: Self, _: ActorRef<Self>) -> Result<Self, Infallible> {
        Ok(superior)
    }
}

/// Fails at the first message.
struct Glass(Arc<Births>);

impl Actor for Glass {
    type Args = Arc<Births>;
    type Error = Infallible;

    async fn on_start(births: Arc<Births>, _: ActorRef<Self>) -> Result<Self, Infallible> {
        births.born();
        Ok(Glass(births))
    }
}

struct Hit;

impl Message<Hit> for Glass {
    type Reply = Result<(), &'static str>;

    async fn handle(&mut self, Hit: Hit, _: &mut Context<Self, Self::Reply>) -> Self::Reply {
        self.0.crash();
        Err("hit")
    }
}

pub(super) struct Brittle {
    first: ActorRef<Glass>,
    _supervisor: ActorRef<Superior>,
}

impl Fragile for Brittle {
    async fn crash(&self) {
        self.first.tell(Hit).send().await.unwrap();
    }
}

pub(super) struct Brood {
    parent: ActorRef<Superior>,
    children: Vec<ActorRef<Idle>>,
}

/// Waits for messages that never come.
#[derive(Clone)]
struct Idle;

impl Actor for Idle {
    type Args = Self;
    type Error = Infallible;

    async fn on_start(idle: Self, _: ActorRef<Self>) -> Result<Self, Infallible> {
        Ok(idle)
    }
}

impl Nursery for Brood {
    async fn start(&mut self, _: usize) {
        let child = Idle::supervise(&self.parent, Idle)
            .restart_policy(RestartPolicy::Never)
            .spawn_with_mailbox(mailbox::unbounded())
            .await;
        child.wait_for_startup().await;
        self.children.push(child);
    }

    async fn stop(self) {
        self.parent.stop_gracefully().await.unwrap();
        self.parent.wait_for_shutdown().await;
        for child in &self.children {
            child.wait_for_shutdown().await;
        }
    }
}
