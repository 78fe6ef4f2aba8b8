//! One ractor actor for all of ours: it unpacks envelopes, counts, times, catches panics, and sees to it
//! that every end but a kill takes the same road: terminate, drop the state, sever what was attached.

use crate::instruments::{ASKED, EventLog, SUSPENDED, Stopwatch};
use crate::links::Links;
use crate::mailbox::{Gauge, Ticket};
use crate::ring::{Letter, Token};
use crate::{Actor, Addr, ExitReason, Me, Message, Name, trace};
use futures_util::FutureExt;
use ractor::{ActorProcessingErr, ActorRef, SupervisionEvent};
use std::marker::PhantomData;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::atomic::Ordering::Release;
use std::sync::{Arc, OnceLock};

/// What travels through ractor: a letter with its place in the gauge, or a nudge.
pub(crate) struct Envelope<M>(Option<(Cargo<M>, Ticket)>);

enum Cargo<M> {
    Letter(Letter<M>),
    Token(Token<M>),
}

impl<M: Send + 'static> ractor::Message for Envelope<M> {}

impl<M> Envelope<M> {
    pub(crate) fn direct(letter: Letter<M>, ticket: Ticket) -> Self {
        Self(Some((Cargo::Letter(letter), ticket)))
    }

    pub(crate) fn token(token: Token<M>, ticket: Ticket) -> Self {
        Self(Some((Cargo::Token(token), ticket)))
    }

    /// Nothing but a reason to look up: an actor at rest finds what is asked of it.
    pub(crate) fn nudge() -> Self {
        Self(None)
    }

    /// Delivers the letter. The ticket is held until the message is handled.
    fn open(self) -> Option<(Letter<M>, Ticket)> {
        let (cargo, mut ticket) = self.0?;
        ticket.settle();
        let letter = match cargo {
            Cargo::Letter(letter) => letter,
            Cargo::Token(token) => token.redeem()?,
        };
        if let Some(receipt) = &letter.receipt {
            receipt.store(true, Release);
        }
        Some((letter, ticket))
    }

    /// The letter of an envelope that was refused.
    pub(crate) fn take_back(self) -> Letter<M> {
        let Some((Cargo::Letter(letter), mut ticket)) = self.0 else {
            unreachable!("tokens are voided, and a nudge brings nothing")
        };
        ticket.settle();
        letter
    }

    /// Unmakes an envelope whose token was refused.
    pub(crate) fn void(self) {
        if let Some((Cargo::Token(token), mut ticket)) = self.0 {
            ticket.settle();
            token.void();
        }
    }
}

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
    watch: Stopwatch,
}

impl<A: Actor> Living<A> {
    fn retire(&self) {
        if let Some(name) = &self.name {
            name.clear(self.me.addr());
        }
        let gauge = self.me.addr().gauge();
        gauge.meter().note_end(gauge.depth());
        gauge.close();
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
        let work = trace::scope_of(Arc::clone(gauge), lap.trace, actor.handle(letter.body, &self.me));
        let done = AssertUnwindSafe(work).catch_unwind().await;
        cut_off.disarm();
        let done = done.unwrap_or_else(|payload| Err(ExitReason::from_panic(payload)));
        let handled = gauge.meter().finish(&mut self.watch, &lap);
        gauge.meter().note_handled(&lap, handled, letter.sender.as_deref(), done.as_ref().err());
        if done.is_err() {
            gauge.note_end_at_work();
        }
        done
    }
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
    type Msg = Envelope<A::Msg>;
    type State = Living<A>;
    type Arguments = Birth<A>;

    async fn pre_start(
        &self,
        myself: ActorRef<Self::Msg>,
        birth: Birth<A>,
    ) -> Result<Living<A>, ActorProcessingErr> {
        let Birth { args, gauge, links, events, name, addr } = birth;
        links.bind(myself.get_cell(), Arc::clone(&gauge));
        let me = Me::new(Addr::new(myself, Arc::clone(&gauge)), Arc::clone(&links), events);
        let begin = trace::scope_of(gauge, trace::current(), A::init(args, &me));
        let begun = AssertUnwindSafe(begin).catch_unwind().await;
        match begun.unwrap_or_else(|payload| Err(ExitReason::from_panic(payload))) {
            Ok(actor) => {
                let _ = addr.set(me.addr().clone());
                if let Some(name) = &name {
                    name.set(me.addr());
                }
                Ok(Living { actor: Some(actor), me, links, name, watch: Stopwatch::default() })
            }
            Err(why) => {
                let refused = why.to_string();
                links.set_outcome(why);
                Err(refused.into())
            }
        }
    }

    async fn handle(
        &self,
        _: ActorRef<Self::Msg>,
        envelope: Envelope<A::Msg>,
        living: &mut Living<A>,
    ) -> Result<(), ActorProcessingErr> {
        if living.me.addr().gauge().meter().is(SUSPENDED | ASKED) {
            living.attend().await;
        }
        let Some((letter, _place)) = envelope.open() else { return Ok(()) };
        if let Err(why) = living.work(letter).await {
            living.links.end_actor(why);
        }
        Ok(())
    }

    async fn post_stop(
        &self,
        _: ActorRef<Self::Msg>,
        living: &mut Living<A>,
    ) -> Result<(), ActorProcessingErr> {
        living.retire();
        let why = living.links.cause().unwrap_or(ExitReason::Shutdown);
        if let Some(mut actor) = living.actor.take() {
            let gauge = Arc::clone(living.me.addr().gauge());
            let last_act = trace::scope_of(gauge, trace::current(), actor.terminate(&why));
            let last_act = AssertUnwindSafe(last_act).catch_unwind().await;
            if last_act.is_err() {
                tracing::error!(path = living.me.path(), "terminate panicked");
            }
        }
        living.links.abort_tasks();
        living.links.set_outcome(why);
        Ok(())
    }

    /// The supervisor learns of an end by waiting for the whole task, not by this event, which would
    /// carry the old state and with it files and sockets that the successor needs.
    async fn handle_supervisor_evt(
        &self,
        _: ActorRef<Self::Msg>,
        event: SupervisionEvent,
        _: &mut Living<A>,
    ) -> Result<(), ActorProcessingErr> {
        drop(event);
        Ok(())
    }
}
