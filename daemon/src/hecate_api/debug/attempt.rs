//! One attempt to change the running daemon, from its first byte to its line in the audit. Granted, refused or
//! left half-way: none goes by unseen.

use super::super::{
    answer::Answer,
    command,
    connection::Asking,
    edge::Edge,
    headers,
    limits::Limits,
    params,
    peer::{AuditLine, Peer},
    request_body,
};
use super::look::accepted;
use axum::extract::Request;
use axum::http::HeaderMap;
use hecate_desk::{Refusal, Refused};
use hecate_proto::debug_answers::Begun;
use hecate_supervision::trace;
use serde_json::{Map, Value};
use std::sync::Arc;
use tokio::sync::Notify;
use tracing::Instrument;
use uuid::Uuid;

const TOO_MANY_ATTEMPTS: Refusal =
    Refusal::new(429, "too_many_attempts", "The daemon is being changed too often; wait a moment.");

/// More than a fingerprint has.
const FINGERPRINT_CHARS_MAX: usize = 64;

/// Who may make an attempt.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Role {
    /// Operators: it changes nothing, but costs the daemon something.
    Looks,
    /// Root and the daemon's own user.
    Changes,
}

/// An attempt that has not ended yet.
pub(super) struct Attempt {
    edge: Arc<Edge>,
    peer: Peer,
    operation: &'static str,
    /// What is acted on: the path of the request until somebody knows better.
    on: String,
    /// What exactly was shown or asked to be done, where that has a fingerprint.
    fingerprint: Option<String>,
    trace_id: Uuid,
    /// Notified once the attempt is let through and the tree is asked.
    under_way: Arc<Notify>,
    is_told: bool,
}

/// Carries an attempt on to its end though its client leaves, or the socket that it came by is itself what is
/// restarted: what was begun is done, and the audit says so. A socket on its way down waits for its requests, so
/// one that is under way does not wait for the socket.
pub(super) async fn see_through<Ended>(
    attempt: Attempt,
    asking: Asking,
    carry_out: impl FnOnce(Attempt) -> Ended,
) -> Answer
where
    Ended: Future<Output = Answer> + Send + 'static,
{
    let (edge, operation) = (Arc::clone(&attempt.edge), attempt.operation);
    let (under_way, mut stopping) = (Arc::clone(&attempt.under_way), asking.connected.stopping);
    let going = tokio::spawn(trace::scope(asking.correlation_id, carry_out(attempt)).in_current_span());
    let left_behind = async {
        under_way.notified().await;
        stopping.begun().await;
    };
    tokio::select! {
        biased;
        ended = going => ended.unwrap_or_else(|error| {
            tracing::error!(%error, "an attempt did not come to its end");
            Err(Refusal::INTERNAL.into())
        }),
        () = left_behind => accepted(&edge, Begun { begun: operation.to_owned() }),
    }
}

/// What was asked, once the caller is known to have the role.
pub(super) struct Said {
    pub(super) ids: Map<String, Value>,
    pub(super) body: Map<String, Value>,
    pub(super) headers: HeaderMap,
}

impl Attempt {
    pub(super) fn begin(
        edge: &Arc<Edge>,
        asking: &Asking,
        operation: &'static str,
        request: &Request,
    ) -> Self {
        Attempt {
            edge: Arc::clone(edge),
            peer: asking.connected.peer,
            operation,
            on: request.uri().path().to_owned(),
            fingerprint: None,
            trace_id: asking.correlation_id,
            under_way: Arc::default(),
            is_told: false,
        }
    }

    /// Reads the request as far as it is the same for all attempts.
    pub(super) async fn admit(
        &self,
        role: Role,
        body_bytes_max: usize,
        mut request: Request,
    ) -> Result<Said, Refused> {
        let parts = &self.edge.parts;
        let limits = Limits { body_bytes_max, ..parts.limits };
        // The body comes first: a client that is still writing would miss the answer.
        let bytes = request_body::read(std::mem::take(request.body_mut()), &limits).await?;
        let admitted = match role {
            Role::Looks => parts.operators.admit(self.peer, self.edge.own_uid),
            Role::Changes => self.peer.may_change(self.edge.own_uid),
        };
        // Those who are refused anyway have a pace of their own, so that they are in nobody's way.
        let pace = if admitted.is_ok() { &self.edge.attempts } else { &self.edge.vain_attempts };
        pace.take().map_err(|wait_ms| TOO_MANY_ATTEMPTS.about("retry_after_ms", wait_ms))?;
        admitted?;
        params::known(request.uri().query(), &[])?;
        let body = command::object(&bytes, &request)?;
        let ids = params::path_ids(&mut request).await?;
        Ok(Said { ids, body, headers: std::mem::take(request.headers_mut()) })
    }

    /// Names what is acted on more closely than the request did.
    pub(super) fn acts_on(&mut self, path: &str) {
        path.clone_into(&mut self.on);
    }

    /// Names what was shown, or is to be done, by its fingerprint.
    pub(super) fn is_about(&mut self, fingerprint: &str) {
        // A caller may have written anything.
        self.fingerprint = Some(fingerprint.chars().take(FINGERPRINT_CHARS_MAX).collect());
    }

    /// Refuses unless the caller has named once more what is acted on.
    pub(super) fn confirmed(&self, headers: &HeaderMap) -> Result<(), Refused> {
        headers::confirmed(headers, &self.on)
    }

    /// Says that it is let through: it is up to the tree from now on.
    pub(super) fn is_under_way(&self) {
        self.under_way.notify_one();
    }

    /// Says in the audit, and among the events of the tree, how it went.
    pub(super) fn end(mut self, answer: Answer) -> Answer {
        match &answer {
            Ok(_) => self.tell("granted"),
            Err(refused) => self.tell(&refused.code),
        }
        answer
    }

    fn tell(&mut self, outcome: &str) {
        self.is_told = true;
        let Attempt { peer, operation, on, trace_id, .. } = &*self;
        // What comes too often must not push out of the log and the events what happened before.
        let is_news = outcome != TOO_MANY_ATTEMPTS.code;
        let times = (!is_news).then(|| self.edge.refused_too_fast.more());
        if times.is_some_and(|times| !times.is_power_of_two()) {
            return;
        }
        peer.audit(AuditLine {
            says: "an attempt to act on the running daemon",
            operation,
            on,
            fingerprint: self.fingerprint.as_deref(),
            outcome,
            times,
            trace_id: *trace_id,
        });
        if let Some(tree) = self.edge.parts.tree.get().filter(|_| is_news) {
            tree.announce_attempt(on, format!("{operation} {on} by uid {}: {outcome}", peer.uid));
        }
    }
}

impl Drop for Attempt {
    /// Its client left, or its request panicked.
    fn drop(&mut self) {
        if !self.is_told {
            self.tell("abandoned");
        }
    }
}
