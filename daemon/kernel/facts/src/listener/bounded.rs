//! Calls into a process, which may hang or panic: neither takes the listener along.

use futures_util::FutureExt;
use std::any::Any;
use std::panic::AssertUnwindSafe;
use std::time::Duration;

/// How long a process may take over one call. A desk answers in a fraction of that; what takes longer hangs.
pub(crate) const CALL_MAX: Duration = Duration::from_secs(60);

/// Why a call has no answer.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub(crate) enum Mishap {
    #[error("the listener panicked: {0}")]
    Panicked(String),
    #[error("the listener has not answered for {} s", CALL_MAX.as_secs())]
    Hung,
}

/// Awaits a call, for at most [`CALL_MAX`].
pub(crate) async fn bounded<T>(call: impl Future<Output = T>) -> Result<T, Mishap> {
    match tokio::time::timeout(CALL_MAX, AssertUnwindSafe(call).catch_unwind()).await {
        Ok(Ok(answer)) => Ok(answer),
        Ok(Err(payload)) => Err(Mishap::Panicked(text_of(&*payload).to_owned())),
        Err(_) => Err(Mishap::Hung),
    }
}

fn text_of(payload: &(dyn Any + Send)) -> &str {
    let text = payload.downcast_ref::<String>().map(String::as_str);
    text.or_else(|| payload.downcast_ref::<&'static str>().copied()).unwrap_or("no text")
}
