//! What is known of a panic. Whoever catches one gets its payload alone; the hook, which runs before and on the
//! same thread, knows the place.

use std::any::Any;
use std::backtrace::{Backtrace, BacktraceStatus};
use std::cell::Cell;
use std::panic::PanicHookInfo;

/// A backtrace, bytes: some sixty frames.
const BACKTRACE_MAX: usize = 16 * 1024;

/// A panic that was caught.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Panic {
    /// What it said.
    pub message: String,
    /// File, line and column, where the process notes them ([`note_panics`]).
    pub place: Option<String>,
    /// The way there, where `RUST_BACKTRACE` asks for it.
    pub backtrace: Option<String>,
}

thread_local! {
    /// The last panic of this thread, until somebody catches it.
    static LAST: Cell<Option<Panic>> = const { Cell::new(None) };
}

/// From here on, and for the whole process, crash records name the line, and a panic is a line of the log instead of
/// text on stderr.
pub fn note_panics() {
    std::panic::set_hook(Box::new(|info| {
        let panic = Panic::seen(info);
        let thread = std::thread::current();
        let (place, thread) = (panic.place.as_deref(), thread.name());
        tracing::error!(message = panic.message, place, thread, backtrace = panic.backtrace.as_deref());
        LAST.set(Some(panic));
    }));
}

impl Panic {
    fn seen(info: &PanicHookInfo<'_>) -> Self {
        let backtrace = Backtrace::capture();
        let captured = backtrace.status() == BacktraceStatus::Captured;
        Self {
            message: message_of(info.payload()),
            place: info.location().map(ToString::to_string),
            backtrace: captured.then(|| cut(backtrace.to_string(), BACKTRACE_MAX)),
        }
    }

    /// What is known of the panic of that payload, which this thread has just caught. One that was caught elsewhere
    /// and handed on has come past no hook here.
    pub(crate) fn caught(payload: &(dyn Any + Send)) -> Self {
        let message = message_of(payload);
        let seen = LAST.take().filter(|seen| seen.message == message);
        seen.unwrap_or(Self { message, ..Self::default() })
    }
}

impl From<&str> for Box<Panic> {
    fn from(message: &str) -> Self {
        Self::new(Panic { message: message.to_owned(), ..Panic::default() })
    }
}

/// For people: in a crash record the place and the way there have fields of their own.
impl std::fmt::Display for Panic {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(&self.message)?;
        self.place.iter().try_for_each(|place| write!(f, " (at {place})"))
    }
}

fn message_of(payload: &(dyn Any + Send)) -> String {
    let text = payload.downcast_ref::<String>().map(String::as_str);
    let text = text.or_else(|| payload.downcast_ref::<&'static str>().copied());
    text.unwrap_or("a payload that is no text").to_owned()
}

/// At most so many bytes, whole characters.
pub(crate) fn cut(mut text: String, bytes_max: usize) -> String {
    text.truncate(text.floor_char_boundary(bytes_max));
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_text_is_cut_between_two_characters() {
        assert_eq!(cut("é".repeat(600), 1_024).len(), 1_024);
        assert_eq!(cut("é".repeat(512) + "x", 1_024).len(), 1_024);
        assert_eq!(cut(format!("x{}", "é".repeat(600)), 1_024).len(), 1_023);
    }

    #[test]
    fn a_panic_that_was_handed_on_is_not_taken_for_the_last_one_here() {
        let here = Panic { message: "boom".into(), place: Some("a.rs:1:2".into()), backtrace: None };
        LAST.set(Some(here.clone()));
        assert_eq!(Panic::caught(&"boom"), here);
        assert_eq!(here.to_string(), "boom (at a.rs:1:2)");
        LAST.set(Some(here));
        assert_eq!(Panic::caught(&"bang".to_owned()).to_string(), "bang");
        assert_eq!(Panic::caught(&7_u8).to_string(), "a payload that is no text");
    }
}
