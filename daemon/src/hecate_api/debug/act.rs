//! `POST /debug/actors/{actor}/…`: suspends, resumes, kills, restarts and drains one actor.

use super::super::{answer::Answer, connection::Asking, edge::Edge};
use super::actor::{no_such_actor, which};
use super::attempt::{Attempt, Role, see_through};
use super::body::Body;
use super::look::shown;
use super::protected::spare_the_store;
use axum::extract::Request;
use hecate_desk::{Refusal, Refused};
use hecate_proto::debug_answers::Done;
use hecate_supervision::{InterventionError, Tree};
use std::sync::Arc;
use std::time::Duration;

const NOT_RUNNING: Refusal = Refusal::new(409, "actor_not_running", "No actor runs there now.");
const NOT_A_WORKER: Refusal =
    Refusal::new(409, "not_a_worker", "It is a supervisor or a pool: only a worker can be treated so.");
const IS_ROOT: Refusal =
    Refusal::new(409, "root_supervisor", "The root supervisor ends with the daemon alone.");
const NOT_SUSPENDED: Refusal = Refusal::new(409, "not_suspended", "The actor is not suspended.");
const WORKS_BESIDE: Refusal = Refusal::new(
    409,
    "works_beside",
    "It works by a loop of its own, beside its messages: a suspension would not stop it.",
);
const ENDING: Refusal = Refusal::new(409, "actor_ending", "The actor is on its way down already.");
const POOL_CHILD: Refusal =
    Refusal::new(409, "pool_child", "A pool's children are started by those who ask for them.");
const TEMPORARY: Refusal = Refusal::new(
    409,
    "temporary_child",
    "A temporary child is forgotten when it ends, so it cannot be restarted.",
);
const GROUP_MEMBER: Refusal = Refusal::new(409, "group_member", "Others stand on it.");
const SUPERVISOR_REFUSED: Refusal =
    Refusal::new(409, "supervisor_refused", "The actor's supervisor did not do it.");

/// Bytes of a body that says how, not what.
pub(super) const BODY_BYTES_MAX: usize = 4 * 1_024;
const SUSPEND_MS: u64 = 10_000;
const SUSPEND_MS_MAX: u64 = 60_000;

/// What can be done to an actor.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Operation {
    Suspend,
    Resume,
    Kill,
    Restart,
    Drain,
}

impl Operation {
    const fn name(self) -> &'static str {
        match self {
            Operation::Suspend => "suspend",
            Operation::Resume => "resume",
            Operation::Kill => "kill",
            Operation::Restart => "restart",
            Operation::Drain => "drain",
        }
    }
}

/// Does it, once the caller has confirmed the actor's path.
pub(super) async fn act(edge: Arc<Edge>, operation: Operation, asking: Asking, request: Request) -> Answer {
    let attempt = Attempt::begin(&edge, &asking, operation.name(), &request);
    see_through(attempt, asking, async move |mut attempt| {
        let done = carry_out(&edge, operation, &mut attempt, request).await;
        attempt.end(done)
    })
    .await
}

async fn carry_out(edge: &Edge, operation: Operation, attempt: &mut Attempt, request: Request) -> Answer {
    let said = attempt.admit(Role::Changes, BODY_BYTES_MAX, request).await?;
    let (tree, which) = (edge.tree()?, which(&said.ids));
    let path = tree.resolve(which).ok_or_else(|| no_such_actor(which))?;
    attempt.acts_on(&path);
    let mut body = Body(said.body);
    let span_ms = match operation {
        Operation::Suspend => Some(body.number("ms", 1..=SUSPEND_MS_MAX)?.unwrap_or(SUSPEND_MS)),
        _ => None,
    };
    body.end()?;
    attempt.confirmed(&said.headers)?;
    if !edge.parts.unsafe_debug && operation != Operation::Resume {
        spare_the_store(&tree.snapshot(), &path)?;
    }
    attempt.is_under_way();
    // By path, not by id: the successor of whoever was meant stands in the same place.
    intervene(tree, operation, &path, span_ms.unwrap_or_default())
        .await
        .map_err(|error| refuse(&path, error))?;
    shown(edge, Done { operation: operation.name().to_owned(), path, resumes_in_ms: span_ms })
}

async fn intervene(
    tree: &Tree,
    operation: Operation,
    path: &str,
    span_ms: u64,
) -> Result<(), InterventionError> {
    match operation {
        Operation::Suspend => tree.suspend(path, Duration::from_millis(span_ms)),
        Operation::Resume => tree.resume(path),
        Operation::Kill => tree.kill(path),
        Operation::Restart => tree.restart(path).await,
        Operation::Drain => tree.drain(path),
    }
}

fn refuse(path: &str, error: InterventionError) -> Refused {
    let refusal = match &error {
        InterventionError::NotFound => return no_such_actor(path),
        InterventionError::NotRunning => NOT_RUNNING,
        InterventionError::NotAWorker(_) => NOT_A_WORKER,
        InterventionError::IsRoot => IS_ROOT,
        InterventionError::NotSuspended => NOT_SUSPENDED,
        InterventionError::WorksBeside => WORKS_BESIDE,
        InterventionError::Grouped => GROUP_MEMBER,
        // Its bounds are checked before.
        InterventionError::SuspensionLength { .. } => Refusal::INTERNAL,
        InterventionError::Ending => ENDING,
        InterventionError::PoolChild => POOL_CHILD,
        InterventionError::Temporary => TEMPORARY,
        InterventionError::Refused(_) => {
            return SUPERVISOR_REFUSED
                .about("path", path)
                .about("hint", format!("{error}. It may be down now: look at its place in the tree."));
        }
    };
    let hint = format!("Nothing was done: {error}.");
    refusal.about("field", "actor").about("path", path).about("hint", hint)
}

#[cfg(test)]
mod tests {
    use super::*;
    use hecate_supervision::AdminError;

    #[test]
    fn whatever_an_actor_does_not_take_has_a_code() {
        let refused = |error| refuse("/h/a", error);
        assert!(refused(InterventionError::NotRunning).is(NOT_RUNNING));
        assert!(refused(InterventionError::NotAWorker("/h/a".into())).is(NOT_A_WORKER));
        assert!(refused(InterventionError::IsRoot).is(IS_ROOT));
        assert!(refused(InterventionError::NotSuspended).is(NOT_SUSPENDED));
        assert!(refused(InterventionError::Grouped).is(GROUP_MEMBER));
        assert!(refused(InterventionError::WorksBeside).is(WORKS_BESIDE));
        assert!(refused(InterventionError::Ending).is(ENDING));
        assert!(refused(InterventionError::PoolChild).is(POOL_CHILD));
        assert!(refused(InterventionError::Temporary).is(TEMPORARY));
        let late = InterventionError::Refused(AdminError::NotRunning);
        assert!(refused(late).is(SUPERVISOR_REFUSED));
    }
}
