//! What lies under the kernel, without the kernel: no bound, no counters, no policy.
#![expect(clippy::disallowed_methods, reason = "the bare sends are what is measured")]

use super::library::{Births, Counter, Crowd, Fragile, Library, Nursery, Tally};
use hecate_facts::Fact;
use ractor::concurrency::JoinHandle;
use ractor::{Actor, ActorProcessingErr, ActorRef, Message, RpcReplyPort, SupervisionEvent, pg};
use std::sync::Arc;

pub(super) struct Ractor;

impl Library for Ractor {
    const NAME: &'static str = super::RACTOR;
    type Counter = ActorRef<Said>;
    type Crowd = Hearers;
    type Fragile = Brittle;
    type Nursery = Brood;

    async fn counter(bounded: bool) -> Option<ActorRef<Said>> {
        if bounded {
            return None;
        }
        Some(Actor::spawn(None, Counting, ()).await.unwrap().0)
    }

    async fn crowd(members: usize, tally: Arc<Tally>) -> Hearers {
        // Groups are the process's own, so that every crowd needs another name.
        let group = format!("crowd of {members} at {:p}", Arc::as_ptr(&tally));
        let mut cells = Vec::with_capacity(members);
        for _ in 0..members {
            cells.push(Actor::spawn(None, Hearer(Arc::clone(&tally)), ()).await.unwrap().0.get_cell());
        }
        pg::join(group.clone(), cells);
        Hearers { group }
    }

    async fn fragile(children: usize, births: Arc<Births>) -> Brittle {
        Brittle { supervisor: Actor::spawn(None, Superior { births, children }, ()).await.unwrap().0 }
    }

    async fn nursery() -> Brood {
        Brood { parent: Actor::spawn(None, Parent, ()).await.unwrap().0, children: Vec::new() }
    }
}

pub(super) enum Said {
    Tick,
    HowMany(RpcReplyPort<u64>),
}

impl Message for Said {}

struct Counting;

impl Actor for Counting {
    type Msg = Said;
    type State = u64;
    type Arguments = ();

    async fn pre_start(&self, _: ActorRef<Said>, (): ()) -> Result<u64, ActorProcessingErr> {
        Ok(0)
    }

    async fn handle(&self, _: ActorRef<Said>, said: Said, count: &mut u64) -> Result<(), ActorProcessingErr> {
        match said {
            Said::Tick => *count += 1,
            Said::HowMany(reply) => reply.send(*count)?,
        }
        Ok(())
    }
}

impl Counter for ActorRef<Said> {
    async fn cast(&self) {
        ActorRef::cast(self, Said::Tick).unwrap();
    }

    async fn call(&self) -> u64 {
        ActorRef::call(self, Said::HowMany, None).await.unwrap().unwrap()
    }
}

struct Heard(#[expect(dead_code, reason = "it travels, nobody looks at it")] Fact);

impl Message for Heard {}

struct Hearer(Arc<Tally>);

impl Actor for Hearer {
    type Msg = Heard;
    type State = usize;
    type Arguments = ();

    async fn pre_start(&self, _: ActorRef<Heard>, (): ()) -> Result<usize, ActorProcessingErr> {
        Ok(0)
    }

    async fn handle(
        &self,
        _: ActorRef<Heard>,
        _: Heard,
        count: &mut usize,
    ) -> Result<(), ActorProcessingErr> {
        *count += 1;
        self.0.heard(*count);
        Ok(())
    }
}

pub(super) struct Hearers {
    group: String,
}

impl Crowd for Hearers {
    fn tell(&self, fact: &Fact) {
        for member in pg::get_members(&self.group) {
            member.send_message(Heard(Arc::clone(fact))).unwrap();
        }
    }
}

/// Fails at the first message.
struct Glass(Arc<Births>);

struct Hit;

impl Message for Hit {}

impl Actor for Glass {
    type Msg = Hit;
    type State = ();
    type Arguments = ();

    async fn pre_start(&self, _: ActorRef<Hit>, (): ()) -> Result<(), ActorProcessingErr> {
        self.0.born();
        Ok(())
    }

    async fn handle(&self, _: ActorRef<Hit>, Hit: Hit, (): &mut ()) -> Result<(), ActorProcessingErr> {
        self.0.crash();
        Err("hit".into())
    }
}

/// The least that can be called a supervisor: no window, no policy, no records.
struct Superior {
    births: Arc<Births>,
    children: usize,
}

type Children = Vec<(ActorRef<Hit>, JoinHandle<()>)>;

impl Superior {
    async fn start_all(&self, me: &ActorRef<Hit>) -> Result<Children, ActorProcessingErr> {
        let mut children = Vec::with_capacity(self.children);
        for _ in 0..self.children {
            let glass = Glass(Arc::clone(&self.births));
            children.push(Actor::spawn_linked(None, glass, (), me.get_cell()).await?);
        }
        Ok(children)
    }
}

impl Actor for Superior {
    type Msg = Hit;
    type State = Children;
    type Arguments = ();

    async fn pre_start(&self, me: ActorRef<Hit>, (): ()) -> Result<Children, ActorProcessingErr> {
        self.start_all(&me).await
    }

    async fn handle(
        &self,
        _: ActorRef<Hit>,
        hit: Hit,
        children: &mut Children,
    ) -> Result<(), ActorProcessingErr> {
        children[0].0.cast(hit)?;
        Ok(())
    }

    async fn handle_supervisor_evt(
        &self,
        me: ActorRef<Hit>,
        event: SupervisionEvent,
        children: &mut Children,
    ) -> Result<(), ActorProcessingErr> {
        if let SupervisionEvent::ActorFailed(..) = event {
            for (child, task) in children.drain(..).rev() {
                child.stop(None);
                task.await?;
            }
            *children = self.start_all(&me).await?;
        }
        Ok(())
    }
}

pub(super) struct Brittle {
    supervisor: ActorRef<Hit>,
}

impl Fragile for Brittle {
    async fn crash(&self) {
        self.supervisor.cast(Hit).unwrap();
    }
}

struct Parent;

impl Actor for Parent {
    type Msg = Hit;
    type State = ();
    type Arguments = ();

    async fn pre_start(&self, _: ActorRef<Hit>, (): ()) -> Result<(), ActorProcessingErr> {
        Ok(())
    }

    async fn handle_supervisor_evt(
        &self,
        _: ActorRef<Hit>,
        _: SupervisionEvent,
        (): &mut (),
    ) -> Result<(), ActorProcessingErr> {
        Ok(())
    }
}

pub(super) struct Brood {
    parent: ActorRef<Hit>,
    children: Vec<JoinHandle<()>>,
}

impl Nursery for Brood {
    async fn start(&mut self, _: usize) {
        let parent = self.parent.get_cell();
        let (_, task) = Actor::spawn_linked(None, Counting, (), parent).await.unwrap();
        self.children.push(task);
    }

    async fn stop(self) {
        self.parent.stop_children(None);
        for child in self.children {
            child.await.unwrap();
        }
    }
}
