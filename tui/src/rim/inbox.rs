//! What waits for the model. The person comes first: keys go before whatever the network brings. Whoever sends more
//! than fits waits, and pieces of an answer are bounded in bytes, so that its socket is read no faster than it is
//! shown.

use crate::core::{
    Message,
    chat::{AnswerEvent, AnswerId},
};
use hecate_proto::llm::ChatFrame;
use std::{
    collections::VecDeque,
    sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError},
    time::Instant,
};
use tokio::sync::{OwnedSemaphorePermit, Semaphore};

/// Messages that may wait, of the person and of everybody else.
const MESSAGES_MAX: usize = 4_096;
/// Bytes of an answer that may wait, and what one piece of it weighs at least, so that there are not too many.
const ANSWER_BYTES_MAX: usize = 256 * 1024;
const PIECE_BYTES_MIN: usize = 256;

/// The model's thread is gone.
#[derive(Debug)]
pub(super) struct Gone;

/// The end that others hold.
#[derive(Clone)]
pub(super) struct Sender(Arc<Shared>);

/// The model's end.
pub(super) struct Inbox(Arc<Shared>);

struct Shared {
    waiting: Mutex<Waiting>,
    came: Condvar,
    went: Condvar,
    /// Bytes that an answer may still bring.
    room: Arc<Semaphore>,
}

#[derive(Default)]
struct Waiting {
    /// What the person does.
    person: VecDeque<Message>,
    /// What everybody else brings, and the room that it takes until it is looked at.
    others: VecDeque<(Message, Option<OwnedSemaphorePermit>)>,
    gone: bool,
}

impl Waiting {
    fn pop(&mut self) -> Option<Message> {
        self.person.pop_front().or_else(|| self.others.pop_front().map(|(message, _)| message))
    }

    fn is_full(&self, of_person: bool) -> bool {
        let count = if of_person { self.person.len() } else { self.others.len() };
        count >= MESSAGES_MAX
    }
}

impl Shared {
    /// Nothing is left half done in it by a panic.
    fn lock(&self) -> MutexGuard<'_, Waiting> {
        self.waiting.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Both ends of a new one.
pub(super) fn open() -> (Sender, Inbox) {
    let room = Arc::new(Semaphore::new(ANSWER_BYTES_MAX));
    let shared = Shared { waiting: Mutex::default(), came: Condvar::new(), went: Condvar::new(), room };
    let shared = Arc::new(shared);
    (Sender(Arc::clone(&shared)), Inbox(shared))
}

impl Sender {
    /// Sends; blocks while there is no room.
    pub(super) fn send(&self, message: Message) -> Result<(), Gone> {
        let of_person = is_of_person(&message);
        let mut waiting = self.0.lock();
        while waiting.is_full(of_person) && !waiting.gone {
            waiting = self.0.went.wait(waiting).unwrap_or_else(PoisonError::into_inner);
        }
        if waiting.gone {
            return Err(Gone);
        }
        match of_person {
            true => waiting.person.push_back(message),
            false => waiting.others.push_back((message, None)),
        }
        self.0.came.notify_one();
        Ok(())
    }

    /// Sends a piece of an answer; waits while there is no room, and holds nobody else up meanwhile.
    pub(super) async fn send_answer(&self, id: AnswerId, event: AnswerEvent) -> Result<(), Gone> {
        let bytes = weight_bytes(&event).clamp(PIECE_BYTES_MIN, ANSWER_BYTES_MAX);
        let bytes = u32::try_from(bytes).unwrap_or(u32::MAX);
        let room = Arc::clone(&self.0.room).acquire_many_owned(bytes).await.map_err(|_| Gone)?;
        self.0.lock().others.push_back((Message::Answer(id, event), Some(room)));
        self.0.came.notify_one();
        Ok(())
    }
}

impl Inbox {
    /// The next message, however long that takes.
    pub(super) fn wait(&self) -> Message {
        let mut waiting = self.0.lock();
        loop {
            if let Some(message) = waiting.pop() {
                self.0.went.notify_all();
                return message;
            }
            waiting = self.0.came.wait(waiting).unwrap_or_else(PoisonError::into_inner);
        }
    }

    /// The next message if it is there by `due`. Afterwards none is, whatever waits: a flood holds nothing up.
    pub(super) fn wait_until(&self, due: Instant) -> Option<Message> {
        let mut waiting = self.0.lock();
        loop {
            let left = due.checked_duration_since(Instant::now()).filter(|left| !left.is_zero())?;
            if let Some(message) = waiting.pop() {
                self.0.went.notify_all();
                return Some(message);
            }
            waiting = self.0.came.wait_timeout(waiting, left).unwrap_or_else(PoisonError::into_inner).0;
        }
    }

    /// The next message if one waits.
    pub(super) fn look(&self) -> Option<Message> {
        let message = self.0.lock().pop()?;
        self.0.went.notify_all();
        Some(message)
    }
}

/// Nobody waits for a model that is gone.
impl Drop for Inbox {
    fn drop(&mut self) {
        let mut waiting = self.0.lock();
        (waiting.gone, waiting.person, waiting.others) = (true, VecDeque::new(), VecDeque::new());
        self.0.room.close();
        self.0.went.notify_all();
    }
}

/// Whether it comes from whoever sits there, or ends what they see.
fn is_of_person(message: &Message) -> bool {
    matches!(
        message,
        Message::Key(_)
            | Message::Paste(_)
            | Message::Resized { .. }
            | Message::Resumed
            | Message::Suspend
            | Message::Terminate
    )
}

fn weight_bytes(event: &AnswerEvent) -> usize {
    let AnswerEvent::Frame(ChatFrame::Chunk(chunk)) = event else {
        return 0;
    };
    let calls = chunk.tool_calls.iter().map(|call| call.name.len() + call.arguments.to_string().len());
    chunk.content.len() + chunk.thinking.as_ref().map_or(0, String::len) + calls.sum::<usize>()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::core::key::{Code, Key};
    use hecate_proto::llm::ChatChunk;
    use std::{
        pin::{Pin, pin},
        task,
        time::Duration,
    };

    fn key() -> Message {
        Message::Key(Key { code: Code::Esc, ctrl: false })
    }

    fn piece(bytes: usize) -> AnswerEvent {
        let content = "x".repeat(bytes);
        AnswerEvent::Frame(ChatFrame::Chunk(ChatChunk { content, ..ChatChunk::default() }))
    }

    /// Whether it is done without waiting.
    fn is_ready(future: Pin<&mut impl Future>) -> bool {
        future.poll(&mut task::Context::from_waker(task::Waker::noop())).is_ready()
    }

    #[test]
    fn keys_go_before_an_answer_that_waits() {
        let (sender, inbox) = open();
        assert!(is_ready(pin!(sender.send_answer(1, piece(10)))));
        sender.send(Message::GoOn).expect("a model");
        sender.send(key()).expect("a model");
        assert!(matches!(inbox.wait(), Message::Key(_)));
        assert!(matches!(inbox.wait(), Message::Answer(1, _)));
        assert!(matches!(inbox.look(), Some(Message::GoOn)));
        assert!(inbox.look().is_none());
    }

    #[test]
    fn what_waits_of_an_answer_is_bounded_in_bytes_and_goes_on_when_it_is_looked_at() {
        let (sender, inbox) = open();
        let mut waiting = Box::pin(async {
            loop {
                sender.send_answer(1, piece(ANSWER_BYTES_MAX / 2)).await.expect("a model");
            }
        });
        assert!(!is_ready(waiting.as_mut()));
        assert_eq!(inbox.0.lock().others.len(), 2);
        drop(inbox.wait());
        assert!(!is_ready(waiting.as_mut()));
        assert_eq!(inbox.0.lock().others.len(), 2, "one more");
        // Nobody else is held up by it, and what is larger than all of the room comes through alone.
        sender.send(Message::GoOn).expect("a model");
        drop(waiting);
        while inbox.look().is_some() {}
        assert!(is_ready(pin!(sender.send_answer(2, piece(2 * ANSWER_BYTES_MAX)))));
        assert!(!is_ready(pin!(sender.send_answer(2, piece(0)))));
    }

    #[test]
    fn a_frame_that_is_due_waits_for_no_flood() {
        let (sender, inbox) = open();
        sender.send(Message::GoOn).expect("a model");
        assert!(inbox.wait_until(Instant::now()).is_none());
        assert!(inbox.wait_until(Instant::now() + Duration::from_secs(60)).is_some());
    }

    #[test]
    fn whoever_waits_for_room_learns_that_the_model_is_gone() {
        let (sender, inbox) = open();
        (0..MESSAGES_MAX).for_each(|_| sender.send(Message::GoOn).expect("a model"));
        let other = sender.clone();
        let full = std::thread::spawn(move || other.send(Message::GoOn));
        sender.send(key()).expect("room for the person");
        drop(inbox);
        full.join().expect("no panic").expect_err("nobody there");
        assert!(matches!(sender.send(key()), Err(Gone)));
    }
}
