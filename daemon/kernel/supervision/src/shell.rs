//! One ractor actor for all of ours: it unpacks envelopes, counts, times, catches panics, and sees to it
//! that every end but a kill takes the same road: terminate, drop the state, sever what was attached.

use crate::links::Links;
use crate::mailbox::{Gauge, Ticket};
use crate::ring::{Letter, Token};
use crate::{Actor, Addr, ExitReason, Me, Message, Name, clock, trace};
use futures_util::FutureExt;
use ractor::{ActorProcessingErr, ActorRef, SupervisionEvent};
use std::marker::PhantomData;
use std::panic::AssertUnwindSafe;
use std::sync::atomic::Ordering::Release;
use std::sync::{Arc, OnceLock};

/// What travels through ractor: the body, its trace id, when it was sent, and its place in the gauge.
pub(crate) struct Envelope<M> {
    cargo: Cargo<M>,
    ticket: Ticket,
}

enum Cargo<M> {
    Letter(Letter<M>),
    Token(Token<M>),
}

impl<M: Send + 'static> ractor::Message for Envelope<M> {}

impl<M> Envelope<M> {
    pub(crate) fn direct(letter: Letter<M>, ticket: Ticket) -> Self {
        Self { cargo: Cargo::Letter(letter), ticket }
    }

    pub(crate) fn token(token: Token<M>, ticket: Ticket) -> Self {
        Self { cargo: Cargo::Token(token), ticket }
    }

    /// Delivers the letter. The ticket is held until the message is handled.
    fn open(mut self) -> Option<(Letter<M>, Ticket)> {
        self.ticket.settle();
        let letter = match self.cargo {
            Cargo::Letter(letter) => letter,
            Cargo::Token(token) => token.redeem()?,
        };
        if let Some(receipt) = &letter.receipt {
            receipt.store(true, Release);
        }
        Some((letter, self.ticket))
    }

    /// The letter of an envelope that was refused.
    pub(crate) fn take_back(mut self) -> Letter<M> {
        self.ticket.settle();
        match self.cargo {
            Cargo::Letter(letter) => letter,
            Cargo::Token(_) => unreachable!("tokens are voided"),
        }
    }

    /// Unmakes an envelope whose token was refused.
    pub(crate) fn void(mut self) {
        self.ticket.settle();
        if let Cargo::Token(token) = self.cargo {
            token.void();
        }
    }
}

/// What a start needs.
pub(crate) struct Birth<A: Actor> {
    pub(crate) args: A::Args,
    pub(crate) path: Arc<str>,
    pub(crate) gauge: Arc<Gauge>,
    pub(crate) links: Arc<Links>,
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
    last: &'static str,
}

impl<A: Actor> Living<A> {
    fn retire(&self) {
        if let Some(name) = &self.name {
            name.clear(self.me.addr());
        }
        self.me.addr().gauge().close();
    }

    fn note(&mut self, letter: &Letter<A::Msg>) {
        let variant = letter.body.variant();
        let now_ms = clock::coarse_now_ms();
        let waited_ms = now_ms.saturating_sub(letter.sent_ms);
        self.me.addr().gauge().note_asked(now_ms);
        tracing::trace!(path = self.me.path(), trace = %letter.trace, waited_ms, variant, "message");
        if !std::ptr::eq(self.last, variant) {
            self.last = variant;
            self.me.addr().gauge().set_last(variant);
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
        let Birth { args, path, gauge, links, name, addr } = birth;
        links.bind(myself.get_cell());
        let me = Me::new(Addr::new(myself, path, gauge), Arc::clone(&links));
        let begun = AssertUnwindSafe(A::init(args, &me)).catch_unwind().await;
        match begun.unwrap_or_else(|payload| Err(ExitReason::from_panic(payload))) {
            Ok(actor) => {
                let _ = addr.set(me.addr().clone());
                if let Some(name) = &name {
                    name.set(me.addr());
                }
                Ok(Living { actor: Some(actor), me, links, name, last: "" })
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
        let Some((letter, _place)) = envelope.open() else { return Ok(()) };
        living.note(&letter);
        let Some(actor) = living.actor.as_mut() else { return Ok(()) };
        let begun_ns = clock::coarse_now_ns();
        let work = trace::scope(letter.trace, actor.handle(letter.body, &living.me));
        let done = AssertUnwindSafe(work).catch_unwind().await;
        living.me.addr().gauge().count_handled(clock::coarse_now_ns().saturating_sub(begun_ns));
        if let Err(why) = done.unwrap_or_else(|payload| Err(ExitReason::from_panic(payload))) {
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
            let last_act = AssertUnwindSafe(actor.terminate(&why)).catch_unwind().await;
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
