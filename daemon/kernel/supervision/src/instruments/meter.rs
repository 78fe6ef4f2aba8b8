//! What is measured of one actor in one generation. The actor itself writes, with plain stores; whoever looks
//! reads, and is a message late at worst. What most actors never need is made when it is needed: so are the
//! figures of a loop of its own, which are another meter below this one.

use super::control::Control;
use super::histogram::Histogram;
use super::kind_meter::{KindMeter, Traffic};
use super::pace::{Pace, Totals};
use super::tracer::{Handled, line_in, line_out};
use super::turns::Beside;
use super::variants::{Variants, add};
use super::waiting::Waits;
use crate::{ExitReason, clock};
use hecate_proto::debug::{Dropped, OwnLoop, Window};
use std::sync::atomic::{
    AtomicU8, AtomicU64,
    Ordering::{AcqRel, Relaxed},
};
use std::sync::{Arc, Mutex, OnceLock, PoisonError};
use uuid::Uuid;

/// A message that took so long is measured well enough by the coarse clock.
const LONG_NS: u64 = 10_000_000;
/// The depth before an actor has ended.
const ALIVE: u64 = u64::MAX;

/// Something is to be done between two messages.
pub(crate) const SUSPENDED: u8 = 1;
/// Somebody asks for the state.
pub(crate) const ASKED: u8 = 2;
/// Every message is written down.
pub(crate) const TRACED: u8 = 4;
/// It ended with a message at hand.
const ENDED_AT_WORK: u8 = 8;
/// It lives by a loop of its own, beside its messages.
pub(crate) const BESIDE: u8 = 16;

/// One actor's figures. What every look reads stands first, side by side.
#[derive(Debug)]
#[repr(C)]
pub(crate) struct Meter {
    handled: AtomicU64,
    busy_ns: AtomicU64,
    full: AtomicU64,
    shed: AtomicU64,
    undelivered: AtomicU64,
    /// The numbers of the last sixteen variants, the newest in the lowest byte.
    recent: [AtomicU64; 2],
    control: OnceLock<Box<Control>>,
    pub(crate) kind: Arc<KindMeter>,
    /// What is asked of the actor from outside: the one thing that every message looks at.
    flags: AtomicU8,
    /// When the last message was delivered, or else when the actor was started; coarse.
    asked_ms: AtomicU64,
    /// In which tick of the coarse clock a sender last chose a message to be measured.
    chosen_ms: AtomicU64,
    /// Since when it handles the message at hand; 0 between messages, coarse.
    since_ns: AtomicU64,
    /// Trace id of the message at hand, or of the last one.
    trace: [AtomicU64; 2],
    sent: AtomicU64,
    /// Messages in the mailbox when it ended.
    depth_at_end: AtomicU64,
    ledger: OnceLock<Box<Ledger>>,
    pub(crate) waits: Waits,
}

/// What an actor has once it has handled a message.
#[derive(Debug, Default)]
pub(crate) struct Ledger {
    pub(crate) variants: Variants,
    pub(crate) handle: Histogram,
    pub(crate) queue: Histogram,
    pace: Mutex<Pace>,
}

/// When a message was sent, and whether that was looked up on the precise clock.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Postmark {
    pub(crate) sent_ns: u64,
    pub(crate) is_precise: bool,
}

/// A message at hand, from its delivery on.
#[derive(Debug)]
pub(crate) struct Lap {
    pub(crate) variant: &'static str,
    pub(crate) trace: Uuid,
    begun_ns: u64,
    /// Begin on the precise clock.
    precise_ns: Option<u64>,
    pub(crate) queued_ns: u64,
}

/// What the actor remembers between its messages, beside the meter.
#[derive(Debug, Default)]
pub(crate) struct Stopwatch {
    /// Messages that were not measured since the last that was.
    unmeasured: u64,
    /// The second in which the last message began.
    second: u64,
    /// It measures turns, for which nobody waits in a queue.
    has_no_queue: bool,
}

impl Stopwatch {
    pub(crate) fn of_turns() -> Self {
        Self { has_no_queue: true, ..Self::default() }
    }
}

impl Meter {
    pub(crate) fn new(kind: Arc<KindMeter>) -> Self {
        let zero = AtomicU64::default;
        Self {
            kind,
            flags: AtomicU8::new(0),
            handled: zero(),
            busy_ns: zero(),
            sent: zero(),
            full: zero(),
            shed: zero(),
            undelivered: zero(),
            asked_ms: AtomicU64::new(clock::coarse_now_ms()),
            chosen_ms: zero(),
            since_ns: zero(),
            trace: Default::default(),
            recent: Default::default(),
            depth_at_end: AtomicU64::new(ALIVE),
            ledger: OnceLock::new(),
            waits: Waits::default(),
            control: OnceLock::new(),
        }
    }

    /// Whether any of these is asked. What was left for the actor before is seen once it takes the flag down.
    pub(crate) fn is(&self, flags: u8) -> bool {
        self.flags.load(Relaxed) & flags != 0
    }

    /// Answers whether it was up already.
    pub(crate) fn raise(&self, flag: u8) -> bool {
        self.flags.fetch_or(flag, AcqRel) & flag != 0
    }

    pub(crate) fn lower(&self, flag: u8) {
        self.flags.fetch_and(!flag, AcqRel);
    }

    pub(crate) fn control(&self) -> &Control {
        self.control.get_or_init(Box::default)
    }

    pub(crate) fn known_control(&self) -> Option<&Control> {
        self.control.get().map(|control| &**control)
    }

    /// The postmark of a message to this actor. About one message per tick of the coarse clock is timed
    /// precisely, and every one of an actor that is traced.
    pub(crate) fn postmark(&self) -> Postmark {
        let coarse_ns = clock::coarse_now_ns();
        let now_ms = coarse_ns / 1_000_000;
        if self.chosen_ms.load(Relaxed) == now_ms && !self.is(TRACED) {
            return Postmark { sent_ns: coarse_ns, is_precise: false };
        }
        self.chosen_ms.store(now_ms, Relaxed);
        Postmark { sent_ns: clock::precise_now_ns(), is_precise: true }
    }

    /// A message is at hand from here on. For the actor alone, as all that follow.
    pub(crate) fn begin(
        &self,
        watch: &mut Stopwatch,
        variant: &'static str,
        trace: Uuid,
        postmark: Postmark,
    ) -> Lap {
        let begun_ns = clock::coarse_now_ns();
        let now_ms = begun_ns / 1_000_000;
        let precise_ns = (postmark.is_precise || self.is(TRACED)).then(clock::precise_now_ns);
        let ledger = self.ledger.get_or_init(Box::default);
        self.remember(ledger.variants.slot(variant, &self.kind.variants).number(), trace);
        self.asked_ms.store(now_ms, Relaxed);
        self.since_ns.store(begun_ns.max(1), Relaxed);
        if now_ms / 1_000 != watch.second {
            watch.second = now_ms / 1_000;
            ledger.pace.lock().unwrap_or_else(PoisonError::into_inner).turn(now_ms, self.totals());
        }
        let queued_ns = precise_ns.unwrap_or(begun_ns).saturating_sub(postmark.sent_ns);
        Lap { variant, trace, begun_ns, precise_ns, queued_ns }
    }

    fn remember(&self, number: u8, trace: Uuid) {
        let [low, high] = &self.recent;
        let newest = low.load(Relaxed);
        high.store(high.load(Relaxed) << 8 | newest >> 56, Relaxed);
        low.store(newest << 8 | u64::from(number), Relaxed);
        let (first, second) = trace.as_u64_pair();
        self.trace[0].store(first, Relaxed);
        self.trace[1].store(second, Relaxed);
    }

    /// The message at hand is done.
    pub(crate) fn finish(&self, watch: &mut Stopwatch, lap: &Lap) -> Handled {
        let coarse_ns = clock::coarse_now_ns().saturating_sub(lap.begun_ns);
        let handled_ns = lap.precise_ns.map(|begun_ns| clock::precise_now_ns().saturating_sub(begun_ns));
        add(&self.handled, 1);
        add(&self.busy_ns, coarse_ns);
        self.since_ns.store(0, Relaxed);
        if let Some(ledger) = self.ledger.get() {
            let slot = ledger.variants.slot(lap.variant, &self.kind.variants);
            slot.count();
            match handled_ns.or((coarse_ns >= LONG_NS).then_some(coarse_ns)) {
                Some(ns) => {
                    slot.measure(ns);
                    self.measure(ledger, watch, ns, lap.queued_ns);
                }
                None => watch.unmeasured += 1,
            }
        }
        Handled { queued_ns: lap.queued_ns, handled_ns: handled_ns.unwrap_or(coarse_ns) }
    }

    /// A measured message stands for those before it that were not, unless it took long: had they, they
    /// had been measured.
    fn measure(&self, ledger: &Ledger, watch: &mut Stopwatch, ns: u64, queued_ns: u64) {
        let count = if ns < LONG_NS { 1 + std::mem::take(&mut watch.unmeasured) } else { 1 };
        ledger.handle.add(ns, count);
        self.kind.handle.add(ns, count);
        if !watch.has_no_queue {
            ledger.queue.add(queued_ns, count);
            self.kind.queue.add(queued_ns, count);
        }
    }

    /// Writes the line of a message for whoever traces the actor.
    pub(crate) fn note_handled(
        &self,
        lap: &Lap,
        handled: Handled,
        sender: Option<&str>,
        failed: Option<&ExitReason>,
    ) {
        if self.is(TRACED) {
            let tracers = self.tracers();
            let tracers = tracers.iter().filter(|tracer| tracer.wants_in());
            tracers.for_each(|tracer| tracer.write(|| line_in(lap, handled, sender, failed)));
        }
    }

    /// The actor has sent a message from its handler.
    pub(crate) fn note_sent(&self, variant: &str, target: &str, trace: Uuid) {
        add(&self.sent, 1);
        if self.is(TRACED) {
            let tracers = self.tracers();
            let tracers = tracers.iter().filter(|tracer| tracer.wants_out());
            tracers.for_each(|tracer| tracer.write(|| line_out(variant, target, trace)));
        }
    }

    pub(crate) fn count_full(&self) {
        self.full.fetch_add(1, Relaxed);
    }

    pub(crate) fn count_shed(&self) {
        self.shed.fetch_add(1, Relaxed);
    }

    pub(crate) fn count_undelivered(&self, letters: u64) {
        self.undelivered.fetch_add(letters, Relaxed);
    }

    /// It ended in its handler.
    pub(crate) fn note_end_at_work(&self, depth: u64) {
        self.raise(ENDED_AT_WORK);
        self.note_end(depth);
    }

    /// In its handler, or amid a turn.
    pub(crate) fn ended_at_work(&self) -> bool {
        self.is(ENDED_AT_WORK) || self.beside().is_some_and(|beside| beside.since_ns.load(Relaxed) != 0)
    }

    /// The first word on it stands: later the mailbox is empty in any case.
    pub(crate) fn note_end(&self, depth: u64) {
        let _ = self.depth_at_end.compare_exchange(ALIVE, depth, Relaxed, Relaxed);
    }

    pub(crate) fn depth_at_end(&self) -> u64 {
        let depth = self.depth_at_end.load(Relaxed);
        if depth == ALIVE { 0 } else { depth }
    }

    /// Messages, and turns beside them.
    pub(crate) fn handled(&self) -> u64 {
        self.all_totals().handled
    }

    pub(crate) fn busy_ns(&self) -> u64 {
        self.all_totals().busy_ns
    }

    fn totals(&self) -> Totals {
        Totals { busy_ns: self.busy_ns.load(Relaxed), handled: self.handled.load(Relaxed) }
    }

    fn all_totals(&self) -> Totals {
        self.totals().plus(self.beside().map(Self::totals).unwrap_or_default())
    }

    /// The figures of a loop of its own, if it counts its turns.
    fn beside(&self) -> Option<&Meter> {
        Some(&self.known_control()?.beside.get()?.meter)
    }

    pub(crate) fn begin_beside(&self) -> &Beside {
        self.control().beside.get_or_init(|| Beside::of(self))
    }

    /// What tells more of what it does: its turns, once it has taken one.
    fn shown(&self) -> &Meter {
        self.beside().filter(|beside| beside.ledger.get().is_some()).unwrap_or(self)
    }

    /// Whether a loop of its own is measured; `None` where there is none.
    pub(crate) fn own_loop(&self) -> Option<OwnLoop> {
        let is_counted = self.beside().is_some();
        self.is(BESIDE).then_some(if is_counted { OwnLoop::Counted } else { OwnLoop::NotMeasured })
    }

    pub(crate) fn dropped(&self) -> Dropped {
        Dropped {
            full: self.full.load(Relaxed),
            shed: self.shed.load(Relaxed),
            undelivered: self.undelivered.load(Relaxed),
        }
    }

    pub(crate) fn traffic(&self) -> Traffic {
        Traffic { handled: self.handled(), sent: self.sent.load(Relaxed), dropped: self.dropped() }
    }

    pub(crate) fn asked_ms(&self) -> u64 {
        self.asked_ms.load(Relaxed)
    }

    /// How long the message or turn at hand has been handled, ms.
    pub(crate) fn at_hand_ms(&self, now_ns: u64) -> Option<u64> {
        let since_ns = self.shown().since_ns.load(Relaxed);
        (since_ns != 0).then(|| now_ns.saturating_sub(since_ns) / 1_000_000)
    }

    /// Trace id of the message at hand, or of the last one; a turn has none.
    pub(crate) fn trace_id(&self) -> Option<Uuid> {
        let trace = &self.shown().trace;
        let [first, second] = [&trace[0], &trace[1]].map(|half| half.load(Relaxed));
        Some(Uuid::from_u64_pair(first, second)).filter(|id| !id.is_nil())
    }

    /// The last sixteen variants, the newest last.
    pub(crate) fn recent(&self) -> Vec<&'static str> {
        let shown = self.shown();
        let [low, high] = [&shown.recent[0], &shown.recent[1]].map(|half| half.load(Relaxed).to_be_bytes());
        high.into_iter().chain(low).filter_map(|number| self.kind.variants.name(number)).collect()
    }

    /// The variant at hand, or the last one.
    pub(crate) fn last(&self) -> Option<&'static str> {
        self.kind.variants.name(self.shown().recent[0].load(Relaxed) as u8)
    }

    /// That of its messages, then that of its turns, where there are any.
    pub(crate) fn ledgers(&self) -> impl Iterator<Item = &Ledger> {
        let meters = std::iter::once(self).chain(self.beside());
        meters.filter_map(|meter| meter.ledger.get()).map(|ledger| &**ledger)
    }

    /// What it did in that window, the message at hand not included.
    pub(crate) fn over(&self, window: Window, now_ms: u64) -> Totals {
        let beside = self.beside().map(|beside| beside.alone_over(window, now_ms));
        self.alone_over(window, now_ms).plus(beside.unwrap_or_default())
    }

    fn alone_over(&self, window: Window, now_ms: u64) -> Totals {
        let Some(ledger) = self.ledger.get() else { return Totals::default() };
        ledger.pace.lock().unwrap_or_else(PoisonError::into_inner).over(window, now_ms, self.totals())
    }
}
