//! What whoever only looks is refused is in the audit too: who has looked where, and why in vain.

use super::super::{answer::Answer, connection::Asking, edge::Edge, peer::AuditLine};
use super::protected::is_at_or_below;
use axum::extract::Request;
use futures_util::FutureExt;
use futures_util::future::BoxFuture;
use hecate_proto::route;
use std::sync::Arc;

/// Where everything is in the audit that is refused.
const WATCHED: [&str; 2] = ["/debug", route::METRICS];

/// A look at the running daemon, or at a place where there is nothing to see.
pub(in super::super) struct Look {
    asking: Asking,
    operation: String,
    on: String,
}

/// Answers, and leaves a line where that is a refusal. An attempt leaves its own.
pub(in super::super) fn watched<F, Fut>(
    ask: F,
) -> impl Fn(Arc<Edge>, Asking, Request) -> BoxFuture<'static, Answer> + Clone
where
    F: Fn(Arc<Edge>, Asking, Request) -> Fut + Clone,
    Fut: Future<Output = Answer> + Send + 'static,
{
    move |edge, asking, request| {
        let look = Look::at(&asking, &request);
        let answering = ask(Arc::clone(&edge), asking, request);
        let tell = move |answer: Answer| {
            answer.inspect_err(|refused| look.into_iter().for_each(|look| look.refused(&edge, &refused.code)))
        };
        answering.map(tell).boxed()
    }
}

impl Look {
    /// None where the request is about something else.
    pub(in super::super) fn at(asking: &Asking, request: &Request) -> Option<Look> {
        let (on, operation) = (request.uri().path(), request.method().as_str());
        let is_watched = WATCHED.iter().any(|place| is_at_or_below(on, place));
        is_watched.then(|| Look {
            asking: asking.clone(),
            operation: operation.to_owned(),
            on: on.to_owned(),
        })
    }

    /// Leaves a line, and ever fewer of them once they come faster than attempts may.
    pub(in super::super) fn refused(self, edge: &Edge, code: &str) {
        let peer = self.asking.connected.peer;
        let is_operator = edge.parts.operators.admit(peer, edge.own_uid).is_ok();
        // Who looks for what is gone must not be in the way of their own attempts.
        let pace = if is_operator { &edge.refused_looks } else { &edge.vain_attempts };
        let times = pace.take().err().map(|_| edge.refused_too_fast.more());
        if times.is_some_and(|times| !times.is_power_of_two()) {
            return;
        }
        peer.audit(AuditLine {
            says: "a look at the running daemon was refused",
            operation: &self.operation,
            on: &self.on,
            fingerprint: None,
            outcome: code,
            times,
            trace_id: self.asking.correlation_id,
        });
    }
}
