//! Follows the log for one listener: one fact after the other, each until it is settled.

use super::{
    actor::{Listener, Order},
    bounded::{Mishap, bounded},
    file::Standing,
    hearing::{AtHand, Hearing, HearingError, Retrying},
    keep::Kept,
    opening::Pair,
    outcome::{Outcome, OutcomeState},
    reacts::Reaction,
    verdict::{Next, Tries, Verdict, judge},
};
use crate::Fact;
use hecate_event_store::{EventStore, Filter, ReadError, Subscription, UnavailableReason};
use hecate_supervision::{ExitReason, Turns};
use std::collections::HashMap;
use std::sync::Arc;
use std::time::Duration;
use tokio::sync::{mpsc, watch};
use tokio::time::Instant;
use uuid::Uuid;

/// Facts read from the log in one go.
const PAGE_EVENTS: usize = 256;
/// How long after the log has moved a listener waits to be told. Then it looks by itself.
pub(super) const TELLING_MAX: Duration = Duration::from_millis(20);
/// How long it rests before it tries again to open its file.
const OPEN_PAUSE: Duration = Duration::from_secs(1);
/// Positions that the cursor on disk may lie behind: they hold nothing to hear.
const CURSOR_LAG_MAX: u64 = 1_000;

/// What is known of some facts already, by position and listener.
type Known = HashMap<(u64, String), Outcome>;

/// Follows one store's log, until the store is renewed.
pub(crate) struct Follower {
    pub(super) hearing: Hearing,
    pub(super) now_us: Arc<dyn Fn() -> i64 + Send + Sync>,
    turns: Turns,
    pub(super) store: Arc<dyn EventStore>,
    pub(super) kept: Kept,
    /// Everything up to here is settled; `saved` is what the file says.
    cursor: u64,
    pub(super) saved: u64,
    /// Nothing is known of facts behind this position.
    outcomes_to: u64,
    /// Who has heard facts behind the cursor, and up to where.
    ahead: HashMap<Pair, u64>,
    told: watch::Receiver<u64>,
    orders: mpsc::Receiver<Order>,
}

impl Follower {
    /// Waits for a store and for the file, and shows how far it is.
    pub(crate) async fn begin(
        listener: Listener,
        turns: Turns,
        told: watch::Receiver<u64>,
        mut orders: mpsc::Receiver<Order>,
    ) -> Result<Follower, ExitReason> {
        let Listener { hearing, store, now_us, .. } = listener;
        let store = store.opened().await;
        let (kept, standing) = open(&hearing, &*store, &mut orders).await?;
        let Standing { cursor, dead, outcomes_to, ahead } = standing;
        {
            let mut shown = hearing.shown();
            (shown.dead, shown.at_hand, shown.retrying, shown.waiting) = (dead, None, None, None);
        }
        hearing.progress().set(cursor);
        let saved = cursor;
        Ok(Follower { hearing, now_us, turns, store, kept, cursor, saved, outcomes_to, ahead, told, orders })
    }

    /// Hears what the log has, and goes on as it grows.
    pub(crate) async fn follow(mut self) -> Result<(), ExitReason> {
        let types = Filter::types(self.hearing.reacts().hears());
        let mut log = Subscription::new(Arc::clone(&self.store), self.cursor, types);
        let mut head = self.store.watch_head();
        loop {
            let facts = while_open(log.try_page(PAGE_EVENTS).await).await?;
            self.hear_all(&facts, log.caught_up_to()).await?;
            if log.caught_up_to() >= self.store.head() {
                self.wait_for_more(&mut head).await?;
            }
        }
    }

    async fn hear_all(&mut self, facts: &[Fact], to: u64) -> Result<(), ExitReason> {
        let known = self.known(to).await?;
        self.forget_ghosts(facts, &known).await?;
        for fact in facts {
            while let Ok(order) = self.orders.try_recv() {
                self.obey(order).await?;
            }
            self.hear(fact, &known).await?;
            self.pass(fact.position).await?;
        }
        self.pass(to).await
    }

    async fn known(&self, to: u64) -> Result<Known, ExitReason> {
        let after = self.cursor;
        if after >= self.outcomes_to {
            return Ok(Known::new());
        }
        self.kept.with(move |file| file.known(after, to)).await
    }

    /// Drops the decisions about events that a restored log does not hold: nobody could carry them out.
    async fn forget_ghosts(&self, facts: &[Fact], known: &Known) -> Result<(), ExitReason> {
        let decisions =
            known.values().filter(|row| matches!(row.state, OutcomeState::Dead | OutcomeState::Dismissed));
        for row in decisions {
            let is_heard = facts.iter().any(|fact| fact.event_id == row.event_id);
            if is_heard || while_open(self.fact_of(row).await).await?.is_some() {
                continue;
            }
            let (process, position, listener) = (self.hearing.process(), row.position, &row.listener);
            tracing::warn!(
                process,
                position,
                listener,
                "a decision about an event that the log lost is dropped"
            );
            let ghost = row.clone();
            self.hearing.shown().dead = self.kept.with(move |file| file.forget(&ghost)).await?;
        }
        Ok(())
    }

    /// The fact of an outcome; none where the log holds another one at its position, or nothing.
    pub(super) async fn fact_of(&self, row: &Outcome) -> Result<Option<Fact>, ReadError> {
        let page = self.store.read_all(row.position.saturating_sub(1), &Filter::all(), 1).await?;
        Ok(page.events.into_iter().find(|fact| fact.event_id == row.event_id))
    }

    /// Everything up to here is settled or nobody's to hear. That the file says so too can wait.
    async fn pass(&mut self, to: u64) -> Result<(), ExitReason> {
        self.cursor = to;
        if to - self.saved >= CURSOR_LAG_MAX {
            self.kept.with(move |file| file.pass(to)).await?;
            self.saved = to;
        }
        self.hearing.progress().set(to);
        Ok(())
    }

    /// Lets every listener of a fact react, in order.
    async fn hear(&mut self, fact: &Fact, known: &Known) -> Result<(), ExitReason> {
        let listeners = self.hearing.reacts().listeners(&fact.event_type);
        for (nth, listener) in listeners.iter().enumerate() {
            if self.has_heard(listener, fact) {
                continue;
            }
            let before = known.get(&(fact.position, (*listener).to_owned()));
            // After a restore another event may stand at this position.
            let before = before.filter(|row| row.event_id == fact.event_id);
            if before.is_some_and(|row| row.state != OutcomeState::Retrying) {
                continue;
            }
            let cursor = fact.position - u64::from(nth + 1 < listeners.len());
            self.settle(fact, listener, before, cursor).await?;
        }
        Ok(())
    }

    /// Whether this listener heard the fact before others joined it.
    fn has_heard(&self, listener: &str, fact: &Fact) -> bool {
        let up_to = || self.ahead.get(&(fact.event_type.to_string(), listener.to_owned()));
        !self.ahead.is_empty() && up_to().is_some_and(|up_to| fact.position <= *up_to)
    }

    /// Lets one listener react until the fact is settled; from then on the file's cursor is at `cursor`.
    async fn settle(
        &mut self,
        fact: &Fact,
        listener: &'static str,
        before: Option<&Outcome>,
        cursor: u64,
    ) -> Result<(), ExitReason> {
        let failed = before.map_or(0, |row| row.attempts);
        let first_at_us = before.map_or_else(|| (self.now_us)(), |row| row.first_at_us);
        let mut tries = Tries { failed, rests: failed };
        loop {
            let reaction = self.react(listener, fact).await;
            match judge(tries, reaction, dice()) {
                Next::Settle(verdict) => {
                    let row = row(fact, listener, verdict, (first_at_us, Some((self.now_us)())));
                    self.keep(row, cursor).await?;
                    self.saved = self.saved.max(cursor);
                    return Ok(());
                }
                Next::Again { verdict, tries: next, after } => {
                    self.keep(row(fact, listener, verdict, (first_at_us, None)), self.saved).await?;
                    self.rest(after).await?;
                    tries = next;
                }
            }
        }
    }

    /// A panic is the fact's fault until proven otherwise: it is counted, lest one fact that nobody foresaw
    /// end the listener again and again, and with it the whole tree. A call that hangs is not.
    pub(super) async fn react(&self, listener: &'static str, fact: &Fact) -> Reaction {
        let reacting = async { self.hearing.reacts().react(listener, fact).await };
        self.hearing.shown().at_hand = Some(AtHand { position: fact.position, listener });
        let reacted = self.turns.take(listener, bounded(reacting)).await;
        self.hearing.shown().at_hand = None;
        reacted.unwrap_or_else(|mishap| {
            let why = mishap.to_string();
            match mishap {
                Mishap::Panicked(_) => Reaction::Failed { why },
                Mishap::Hung => Reaction::Later { why },
            }
        })
    }

    /// Keeps and shows an outcome.
    async fn keep(&self, row: Outcome, cursor: u64) -> Result<(), ExitReason> {
        let kept = row.clone();
        let dead = self.kept.with(move |file| file.keep(&kept, cursor)).await?;
        self.show(&row, dead);
        Ok(())
    }

    /// Shows an outcome.
    pub(super) fn show(&self, row: &Outcome, dead: u64) {
        log(self.hearing.process(), row);
        let mut shown = self.hearing.shown();
        shown.dead = dead;
        // What an operator decides about one fact says nothing of another that is tried again.
        shown.retrying = shown.retrying.take().filter(|other| other.position != row.position);
        if row.state == OutcomeState::Retrying {
            shown.retrying = Some(Retrying {
                position: row.position,
                listener: row.listener.clone(),
                since_us: row.first_at_us,
                attempts: row.attempts,
                why: row.why.clone().unwrap_or_default(),
            });
        }
        match row.state {
            OutcomeState::Dispatched => shown.dispatched_total += 1,
            OutcomeState::Skipped => shown.skipped_total += 1,
            OutcomeState::Refused => shown.refused_total += 1,
            OutcomeState::Retrying | OutcomeState::Dead | OutcomeState::Dismissed => {}
        }
    }

    /// Waits until there may be something to hear, or an operator decides something.
    async fn wait_for_more(&mut self, head: &mut watch::Receiver<u64>) -> Result<(), ExitReason> {
        let (told, seen) = (&mut self.told, self.cursor);
        let news = async move {
            if head.wait_for(|head| *head > seen).await.is_err() {
                // The store is closed; who follows it is renewed with it.
                std::future::pending::<()>().await;
            }
            // Whatever comes of it: the log is looked at.
            let _ = tokio::time::timeout(TELLING_MAX, told.wait_for(|told| *told > seen)).await;
        };
        let order = tokio::select! {
            () = news => return Ok(()),
            Some(order) = self.orders.recv() => order,
        };
        self.obey(order).await
    }

    /// Rests before a fact is tried again; operators are heard meanwhile.
    async fn rest(&mut self, after: Duration) -> Result<(), ExitReason> {
        let until = Instant::now() + after;
        loop {
            let order = tokio::select! {
                () = tokio::time::sleep_until(until) => return Ok(()),
                Some(order) = self.orders.recv() => order,
            };
            self.obey(order).await?;
        }
    }
}

/// Opens the file, and waits for as long as it cannot be opened: that is no reason to end the tree.
async fn open(
    hearing: &Hearing,
    store: &dyn EventStore,
    orders: &mut mpsc::Receiver<Order>,
) -> Result<(Kept, Standing), ExitReason> {
    loop {
        let why = match Kept::open(hearing, store).await? {
            Ok(opened) => return Ok(opened),
            Err(error) => format!("its file cannot be opened: {error}"),
        };
        hearing.waits(why.clone());
        let declining = async {
            while let Some(order) = orders.recv().await {
                order.reply.send(Err(HearingError::NoAnswer { why: why.clone() }));
            }
        };
        // The pause ends it; what was asked meanwhile was answered.
        let _ = tokio::time::timeout(OPEN_PAUSE, declining).await;
    }
}

/// Who follows a store is renewed with it: a closed one is not an error, but the end of the news.
async fn while_open<T>(read: Result<T, ReadError>) -> Result<T, ExitReason> {
    match read {
        Err(ReadError::Unavailable { reason: UnavailableReason::Closed }) => std::future::pending().await,
        read => read.map_err(ExitReason::error),
    }
}

/// What the file keeps of a verdict, with the times when the listener was asked first and when that ended.
pub(super) fn row(
    fact: &Fact,
    listener: &str,
    verdict: Verdict,
    (first, settled): (i64, Option<i64>),
) -> Outcome {
    let Verdict { state, attempts, code, why, recorded } = verdict;
    Outcome {
        position: fact.position,
        listener: listener.to_owned(),
        event_id: fact.event_id,
        event_type: fact.event_type.to_string(),
        stream_id: fact.stream_id.to_string(),
        event_at_us: fact.at_us,
        state,
        code,
        why,
        dismissal: None,
        recorded,
        attempts,
        first_at_us: first,
        settled_at_us: settled,
    }
}

fn log(process: &str, row: &Outcome) {
    let Outcome { position, listener, state, attempts, .. } = row;
    let (state, code) = (state.as_str(), row.code.as_deref().unwrap_or("-"));
    let why = row.why.as_deref().unwrap_or("-");
    match row.state {
        OutcomeState::Dispatched | OutcomeState::Skipped => {
            tracing::debug!(process, position, listener, state, attempts, why, "a fact was heard");
        }
        OutcomeState::Refused | OutcomeState::Dismissed => {
            tracing::info!(process, position, listener, state, attempts, code, why, "a fact has no effect");
        }
        OutcomeState::Retrying => {
            tracing::warn!(process, position, listener, attempts, why, "a fact is tried again");
        }
        OutcomeState::Dead => {
            tracing::error!(process, position, listener, attempts, why, "a fact was given up");
        }
    }
}

/// Any number: it spreads rests, nothing depends on it.
fn dice() -> u32 {
    let [a, b, c, d, ..] = *Uuid::new_v4().as_bytes();
    u32::from_le_bytes([a, b, c, d])
}
