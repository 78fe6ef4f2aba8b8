//! On whose account a task runs: the trace id that links a message to those sent while it is handled, and
//! the actor that handles it.

use crate::instruments::Meter;
use crate::mailbox::Gauge;
use std::cell::Cell;
use std::future::Future;
use std::sync::Arc;
use uuid::Uuid;

/// The running actor, known by its gauge.
pub(crate) type Who = Arc<Gauge>;

struct Account {
    trace: Cell<Uuid>,
    who: Option<Who>,
}

tokio::task_local! {
    static ACCOUNT: Account;
}

/// The trace id of the message or request that this task works on; nil when there is none.
pub fn current() -> Uuid {
    ACCOUNT.try_with(|account| account.trace.get()).unwrap_or(Uuid::nil())
}

/// Runs `work` under the trace id: every message it sends carries it. It runs on nobody's account: it may
/// go on beside the actor that began it.
pub fn scope<F: Future>(id: Uuid, work: F) -> impl Future<Output = F::Output> {
    ACCOUNT.scope(Account { trace: Cell::new(id), who: None }, work)
}

/// Runs an actor's own work, under the trace id of whoever began it until it turns to another.
pub(crate) fn scope_of<F: Future>(who: Who, work: F) -> impl Future<Output = F::Output> {
    ACCOUNT.scope(Account { trace: Cell::new(current()), who: Some(who) }, work)
}

/// From here on the running actor works on a message of that trace id.
pub(crate) fn turn_to(trace: Uuid) {
    let _ = ACCOUNT.try_with(|account| account.trace.set(trace));
}

/// The actor that runs in this task, if one does.
pub(crate) fn who() -> Option<Who> {
    ACCOUNT.try_with(|account| account.who.clone()).ok().flatten()
}

/// Looks at the running actor, if there is one.
pub(crate) fn with_meter(look: impl FnOnce(&Meter, Uuid)) {
    let _ = ACCOUNT.try_with(|account| {
        if let Some(who) = &account.who {
            look(who.meter(), account.trace.get());
        }
    });
}
