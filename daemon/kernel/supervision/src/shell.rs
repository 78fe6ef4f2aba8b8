//! One ractor actor for all of ours: it reads its letters, counts, times, catches panics, and sees to it
//! that every end but a kill takes the same road: terminate, drop the state, sever what was attached.

use crate::inbox::{Batch, Found, Letter};
use crate::instruments::{ASKED, EventLog, SUSPENDED, Stopwatch};
use crate::links::Links;
use crate::mailbox::{Door, Gauge};
use crate::{Actor, Addr, ExitReason, Me, Message, Name, clock, trace};
use futures_util::FutureExt;
use ractor::{ActorProcessingErr, ActorRef};
use std::future::{Future, poll_fn};
use std::marker::PhantomData;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::pin::pin;
use std::sync::{Arc, OnceLock};

/// What travels through ractor: nothing but a reason to look up, once.
pub(crate) struct Nudge;

impl ractor::Message for Nudge {}

/// What a start needs.
pub(crate) struct Birth<A: Actor> {
    pub(crate) args: A::Args,
    pub(crate) gauge: Arc<Gauge>,
    pub(crate) links: Arc<Links>,
    pub(crate) events: Arc<EventLog>,
    pub(crate) name: Option<Name<A::Msg>>,
    /// Where the address of the newborn is left for its supervisor.
    pub(crate) addr: Arc<OnceLock<Addr<A::Msg>>>,
}

/// The running actor. Its drop, on whatever road, takes the name and the mailbox away.
pub(crate) struct Living<A: Actor> {
    actor: Option<A>,
    me: Me<A::Msg>,
    links: Arc<Links>,
    name: Option<Name<A::Msg>>,
    batch: Batch<A::Msg>,
    watch: Stopwatch,
    /// In which tick of the coarse clock its task last gave way to others, ms.
    gave_way_ms: u64,
}

impl<A: Actor> Living<A> {
    fn new(me: Me<A::Msg>, links: Arc<Links>) -> Self {
        let (batch, watch) = (Batch::new(), Stopwatch::default());
        Self { actor: None, me, links, name: None, batch, watch, gave_way_ms: 0 }
    }

    fn retire(&mut self) {
        if let Some(name) = &self.name {
            name.clear(self.me.addr());
        }
        self.me.addr().inbox().close(&mut self.batch);
    }

    /// Handles letter after letter until nothing more will come. Only a kill interrupts it, at any await; one
    /// that never waits for anything is looked after once in a tick of the coarse clock.
    async fn read(&mut self) {
        loop {
            match self.look_up().await {
                Found::End => return,
                Found::Asked => self.attend().await,
                Found::Letters => self.read_batch().await,
            }
        }
    }

    async fn look_up(&mut self) -> Found {
        let (inbox, batch) = (self.me.addr().inbox(), &mut self.batch);
        let (found, waited) = with_waits(poll_fn(|cx| inbox.poll_take(cx, batch))).await;
        self.note_waits(waited);
        found
    }

    async fn read_batch(&mut self) {
        while let Some(letter) = self.batch.pop_front() {
            letter.sign();
            let done = self.work(letter).await;
            self.me.addr().gauge().leave();
            if let Err(why) = done {
                self.links.end_actor(why);
            }
            let gauge = self.me.addr().gauge();
            if gauge.door() == Door::Closed {
                return;
            }
            if gauge.meter().is(SUSPENDED | ASKED) {
                self.attend().await;
            }
            self.give_way().await;
        }
    }

    fn note_waits(&mut self, waited: bool) {
        if waited {
            self.gave_way_ms = clock::coarse_now_ms();
        }
    }

    /// Lets others run, and a kill arrive, if it has not for a while.
    async fn give_way(&mut self) {
        tokio::task::consume_budget().await;
        let now_ms = clock::coarse_now_ms();
        if self.gave_way_ms != now_ms {
            self.gave_way_ms = now_ms;
            tokio::task::yield_now().await;
        }
    }

    /// Does what is asked of it from outside before it takes the next message.
    async fn attend(&mut self) {
        let (actor, path) = (&mut self.actor, self.me.path());
        let state = || {
            let shown = catch_unwind(AssertUnwindSafe(|| actor.as_mut()?.debug_state()));
            shown.inspect_err(|_| tracing::error!(path, "debug_state panicked")).ok().flatten()
        };
        self.me.addr().gauge().meter().attend(state).await;
    }

    /// Handles one message and measures it. `Err` ends the actor.
    async fn work(&mut self, letter: Letter<A::Msg>) -> Result<(), ExitReason> {
        let Some(actor) = self.actor.as_mut() else { return Ok(()) };
        let gauge = self.me.addr().gauge();
        let variant = letter.body.variant();
        let lap = gauge.meter().begin(&mut self.watch, variant, letter.trace, letter.postmark);
        tracing::trace!(path = &*gauge.path, trace = %lap.trace, queued_ns = lap.queued_ns, variant, "message");
        let cut_off = CutOff(Some(gauge));
        trace::turn_to(lap.trace);
        let handling = AssertUnwindSafe(actor.handle(letter.body, &self.me)).catch_unwind();
        let (done, waited) = with_waits(handling).await;
        cut_off.disarm();
        let done = done.unwrap_or_else(|payload| Err(ExitReason::from_panic(payload)));
        let handled = gauge.meter().finish(&mut self.watch, &lap);
        gauge.meter().note_handled(&lap, handled, letter.sender.as_deref(), done.as_ref().err());
        if done.is_err() {
            gauge.note_end_at_work();
        }
        self.note_waits(waited);
        done
    }
}

/// Runs `work` and says whether it had to wait.
async fn with_waits<F: Future>(work: F) -> (F::Output, bool) {
    let (mut work, mut waited) = (pin!(work), false);
    let done = poll_fn(|cx| {
        let polled = work.as_mut().poll(cx);
        waited |= polled.is_pending();
        polled
    });
    (done.await, waited)
}

/// Notes the end of an actor that is killed in its handler: nobody else is there to do it.
struct CutOff<'g>(Option<&'g Arc<Gauge>>);

impl CutOff<'_> {
    fn disarm(mut self) {
        self.0 = None;
    }
}

impl Drop for CutOff<'_> {
    fn drop(&mut self) {
        if let Some(gauge) = self.0 {
            gauge.note_end_at_work();
        }
    }
}

impl<A: Actor> Drop for Living<A> {
    fn drop(&mut self) {
        self.retire();
    }
}

pub(crate) struct Shell<A>(PhantomData<fn() -> A>);

impl<A> Shell<A> {
    pub(crate) fn new() -> Self {
        Self(PhantomData)
    }
}

impl<A: Actor> ractor::Actor for Shell<A> {
    type Msg = Nudge;
    type State = Living<A>;
    type Arguments = Birth<A>;

    async fn pre_start(
        &self,
        myself: ActorRef<Nudge>,
        birth: Birth<A>,
    ) -> Result<Living<A>, ActorProcessingErr> {
        let Birth { args, gauge, links, events, name, addr } = birth;
        links.bind(myself.get_cell(), Arc::clone(&gauge));
        let me = Me::new(Addr::new(myself, Arc::clone(&gauge)), Arc::clone(&links), events);
        // Whatever becomes of the init, its end shuts the door.
        let mut living = Living::new(me, links);
        let begin = trace::scope_of(gauge, A::init(args, &living.me));
        let begun = AssertUnwindSafe(begin).catch_unwind().await;
        let begun = begun.unwrap_or_else(|payload| Err(ExitReason::from_panic(payload)));
        // What it is attached to may have ended it before it was up.
        let begun = begun.and_then(|actor| living.links.cause().map_or(Ok(actor), Err));
        match begun {
            Ok(actor) => {
                let _ = addr.set(living.me.addr().clone());
                if let Some(name) = &name {
                    name.set(living.me.addr());
                }
                (living.actor, living.name) = (Some(actor), name);
                Ok(living)
            }
            Err(why) => {
                let refused = why.to_string();
                living.links.set_outcome(why);
                Err(refused.into())
            }
        }
    }

    /// Begins to read, and comes back when it is to end: a letter then needs no way through ractor.
    async fn handle(
        &self,
        _: ActorRef<Nudge>,
        _: Nudge,
        living: &mut Living<A>,
    ) -> Result<(), ActorProcessingErr> {
        let gauge = Arc::clone(living.me.addr().gauge());
        trace::scope_of(gauge, living.read()).await;
        Ok(())
    }

    async fn post_stop(&self, _: ActorRef<Nudge>, living: &mut Living<A>) -> Result<(), ActorProcessingErr> {
        if living.me.addr().gauge().door() == Door::Draining {
            // What came in with nobody awake to read it.
            trace::scope_of(Arc::clone(living.me.addr().gauge()), living.read()).await;
        }
        living.retire();
        let why = living.links.cause().unwrap_or(ExitReason::Shutdown);
        if let Some(mut actor) = living.actor.take() {
            let gauge = Arc::clone(living.me.addr().gauge());
            let last_act = trace::scope_of(gauge, actor.terminate(&why));
            let last_act = AssertUnwindSafe(last_act).catch_unwind().await;
            if last_act.is_err() {
                tracing::error!(path = living.me.path(), "terminate panicked");
            }
        }
        living.links.abort_tasks();
        living.links.set_outcome(why);
        Ok(())
    }
}
