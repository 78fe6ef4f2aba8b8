//! The connection as a thread of its own: it greets the daemon, keeps the fact stream open and carries
//! requests. What it all means is the core's business.

use super::{
    answer::AnswerStream,
    backoff::Backoff,
    client::{self, Call, CallError},
    inbox::{Gone, Sender},
    signals::Signals,
    sse::{Item, Parser},
};
use crate::core::{
    Message,
    chat::{AnswerEvent, AnswerId},
    message::{Down, LinkEvent, Outcome, Reply, Request, Tag},
};
use hecate_proto::{fact::FactFrame, llm::ChatRequest, route};
use http_body_util::BodyExt;
use hyper::{Response, body::Incoming};
use serde::Deserialize;
use std::{
    path::{Path, PathBuf},
    sync::Arc,
    time::Duration,
};
use tokio::{
    sync::{mpsc, watch},
    task::JoinHandle,
    time::{Instant, timeout, timeout_at},
};
use uuid::Uuid;

/// Heartbeats come every 10 s; a stream that is silent for longer than this is dead.
const SILENCE_MAX_MS: u64 = 25_000;
/// How long the core may take to say from where to follow.
const FOLLOW_WAIT_MS: u64 = 20_000;
/// How long a request is tried again while it cannot be answered.
const RETRY_MS: u64 = 20_000;
/// How often the supervision tree is read while somebody looks at it.
const TREE_EVERY_MS: u64 = 2_000;

/// What the model's thread hands over.
pub(super) struct Orders {
    /// Requests, bounded.
    pub(super) requests: mpsc::Receiver<Request>,
    /// Questions to models, and their ends.
    pub(super) answers: mpsc::Receiver<AnswerOrder>,
    /// From where to follow: the number of the order and the position.
    pub(super) follow: watch::Receiver<(u64, u64)>,
    /// Whether somebody looks at the tree.
    pub(super) tree: watch::Receiver<bool>,
}

/// What to do about an answer.
pub(super) enum AnswerOrder {
    /// Ask for it.
    Ask {
        /// Comes back with every piece.
        id: AnswerId,
        /// The question.
        request: Box<ChatRequest>,
    },
    /// Close its connection.
    Cancel(AnswerId),
}

/// Runs until the model's thread hangs up.
pub(super) fn run(candidates: Vec<PathBuf>, orders: Orders, messages: Sender) {
    let runtime = match tokio::runtime::Builder::new_current_thread().enable_all().build() {
        Ok(runtime) => runtime,
        Err(error) => return refuse(&messages, &format!("no runtime for the network: {error}")),
    };
    let socket = watch::Sender::new(None);
    let link = Arc::new(Link { candidates, messages, socket, session: Uuid::now_v7() });
    runtime.block_on(async move {
        match Signals::listen() {
            Ok(signals) => drop(tokio::spawn(signals.pass_on(link.messages.clone()))),
            Err(error) => refuse(&link.messages, &format!("signals cannot be heard: {error}")),
        }
        let Orders { requests, answers, follow, tree } = orders;
        tokio::spawn(Arc::clone(&link).stay_connected(follow));
        tokio::spawn(Arc::clone(&link).watch_tree(tree));
        tokio::spawn(Arc::clone(&link).carry_answers(answers));
        link.carry(requests).await;
    });
}

fn refuse(messages: &Sender, reason: &str) {
    let down = LinkEvent::Down { at: now(), why: Down::Refused, reason: reason.to_owned() };
    drop(messages.send(Message::Link(down)));
}

/// Wall-clock time for people.
#[expect(clippy::disallowed_methods, reason = "the rim is the terminal's clock; the core is told the time")]
fn now() -> String {
    let since = std::time::SystemTime::now().duration_since(std::time::UNIX_EPOCH).unwrap_or_default();
    let at_us = i64::try_from(since.as_micros()).unwrap_or(i64::MAX);
    let at = hecate_proto::time::rfc3339(at_us);
    format!("{} UTC", at.get(11..19).unwrap_or(&at))
}

struct Link {
    candidates: Vec<PathBuf>,
    messages: Sender,
    /// Where the daemon was found last.
    socket: watch::Sender<Option<PathBuf>>,
    /// Makes the numbers of this terminal's submissions into idempotency keys like no others.
    session: Uuid,
}

/// How one connection ended.
enum Ended {
    /// The daemon was reached; begin again with the shortest wait.
    Broken(String),
    /// It was not reached, or not let in.
    Failed(Down, String),
    /// It is there and not ready.
    NotReady,
}

impl Link {
    /// The model's thread may be gone already; then this thread ends with it.
    fn tell(&self, message: Message) {
        drop(self.messages.send(message));
    }

    async fn stay_connected(self: Arc<Self>, mut follow: watch::Receiver<(u64, u64)>) {
        let mut backoff = Backoff::new();
        loop {
            let ended = self.connect_once(&mut follow).await;
            let down = match ended {
                Ended::Broken(reason) => {
                    backoff = Backoff::new();
                    Some((Down::Broken, reason))
                }
                Ended::Failed(why, reason) => Some((why, reason)),
                Ended::NotReady => {
                    backoff = Backoff::new();
                    None
                }
            };
            if let Some((why, reason)) = down {
                self.tell(Message::Link(LinkEvent::Down { at: now(), why, reason }));
            }
            backoff.wait(&self.candidates).await;
        }
    }

    async fn connect_once(&self, follow: &mut watch::Receiver<(u64, u64)>) -> Ended {
        let found = match client::find(&self.candidates).await {
            Ok(found) => found,
            Err(errors) => {
                let denied = errors.iter().any(CallError::is_denied);
                let why = if denied { Down::Refused } else { Down::Unreachable };
                return Ended::Failed(why, client::nobody(&errors));
            }
        };
        if !found.health.ready {
            self.tell(Message::Link(LinkEvent::NotReady(found.health)));
            return Ended::NotReady;
        }
        self.socket.send_replace(Some(found.socket.clone()));
        follow.mark_unchanged();
        let socket = found.socket.display().to_string();
        self.tell(Message::Link(LinkEvent::Up { socket, health: found.health }));
        match timeout(Duration::from_millis(FOLLOW_WAIT_MS), follow.changed()).await {
            Ok(Ok(())) => {}
            Ok(Err(_)) => return std::future::pending().await,
            Err(_) => return Ended::Failed(Down::Refused, "the daemon does not list what it has".to_owned()),
        }
        let (_, after) = *follow.borrow_and_update();
        self.follow_facts(&found.socket, after).await
    }

    async fn follow_facts(&self, socket: &Path, after: u64) -> Ended {
        let call = Call::get(route::FACTS_STREAM).with("last-event-id", Some(after.to_string()));
        let opened = timeout(Duration::from_millis(SILENCE_MAX_MS), client::open(socket, &call)).await;
        match opened.unwrap_or(Err(CallError::TooSlow(SILENCE_MAX_MS))) {
            Err(error) => Ended::Broken(error.to_string()),
            Ok(response) if response.status() == 200 => {
                self.tell(Message::Link(LinkEvent::Following));
                self.read_facts(response).await
            }
            Ok(response) => {
                let status = response.status();
                Ended::Failed(Down::Refused, format!("the fact stream answered {status}"))
            }
        }
    }

    async fn read_facts(&self, response: Response<Incoming>) -> Ended {
        let mut body = response.into_body();
        let mut parser = Parser::default();
        loop {
            let chunk = match timeout(Duration::from_millis(SILENCE_MAX_MS), body.frame()).await {
                Err(_) => return Ended::Broken("the daemon fell silent".to_owned()),
                Ok(None) => return Ended::Broken("the daemon closed the stream".to_owned()),
                Ok(Some(Err(error))) => return Ended::Broken(format!("the stream broke: {error}")),
                Ok(Some(Ok(frame))) => frame.into_data().unwrap_or_default(),
            };
            parser.push(&chunk).into_iter().filter_map(frame).for_each(|message| self.tell(message));
        }
    }

    /// Carries requests, each on a task of its own; the core bounds how many there are.
    async fn carry(self: Arc<Self>, mut requests: mpsc::Receiver<Request>) {
        while let Some(request) = requests.recv().await {
            let link = Arc::clone(&self);
            tokio::spawn(async move {
                let tag = request.tag.clone();
                let outcome = link.answer(request).await;
                link.tell(Message::Reply(Reply { tag, outcome }));
            });
        }
    }

    /// Carries one answer at a time, as there is one conversation; letting go of it closes its connection.
    async fn carry_answers(self: Arc<Self>, mut orders: mpsc::Receiver<AnswerOrder>) {
        let mut current: Option<(AnswerId, JoinHandle<()>)> = None;
        while let Some(order) = orders.recv().await {
            match order {
                AnswerOrder::Ask { id, request } => {
                    let reading = tokio::spawn(Arc::clone(&self).carry_answer(id, request));
                    let before = current.replace((id, reading));
                    before.inspect(|(_, reading)| reading.abort());
                }
                AnswerOrder::Cancel(id) => {
                    let meant = current.take_if(|(current, _)| *current == id);
                    meant.inspect(|(_, reading)| reading.abort());
                }
            }
        }
    }

    async fn carry_answer(self: Arc<Self>, id: AnswerId, request: Box<ChatRequest>) {
        let socket = self.socket.borrow().clone();
        let opened = match socket {
            None => Err(AnswerEvent::Broken("there is no connection".to_owned())),
            Some(socket) => AnswerStream::open(&socket, &request).await.map_err(AnswerEvent::from),
        };
        // A model's thread that is gone takes this one along.
        drop(self.tell_answer(id, opened).await);
    }

    /// Reads no faster than the model takes it.
    async fn tell_answer(&self, id: AnswerId, opened: Result<AnswerStream, AnswerEvent>) -> Result<(), Gone> {
        let mut stream = match opened {
            Ok(stream) => stream,
            Err(why) => return self.messages.send_answer(id, why).await,
        };
        while let Some(event) = stream.next().await {
            self.messages.send_answer(id, event).await?;
        }
        Ok(())
    }

    /// Tries until there is an answer that does not pass by itself, or for as long as [`RETRY_MS`] says. A
    /// command goes out under one key however often it is sent.
    async fn answer(&self, request: Request) -> Outcome {
        let call = self.call(&request);
        let deadline = Instant::now() + Duration::from_millis(RETRY_MS);
        let mut backoff = Backoff::new();
        loop {
            let socket = self.socket.borrow().clone();
            let outcome = match socket {
                None => Outcome::Unanswered("there is no connection".to_owned()),
                Some(socket) => outcome(client::ask(&socket, &call).await),
            };
            let waited = timeout_at(deadline, backoff.wait(&self.candidates));
            if !outcome.may_pass() || waited.await.is_err() {
                return outcome;
            }
        }
    }

    fn call(&self, request: &Request) -> Call {
        let key = match request.tag {
            Tag::Command(submission) => Some(format!("{}-{submission}", self.session)),
            _ => None,
        };
        Call { path: request.path.clone(), body: request.body.clone(), headers: Vec::new() }
            .if_match(request.if_match)
            .min_position(request.min_position)
            .idempotency_key(key)
    }

    async fn watch_tree(self: Arc<Self>, mut watched: watch::Receiver<bool>) {
        while watched.wait_for(|it| *it).await.is_ok() {
            let socket = self.socket.borrow().clone();
            if let Some(socket) = socket {
                let outcome = outcome(client::ask(&socket, &Call::get(route::DEBUG_TREE)).await);
                self.tell(Message::Reply(Reply { tag: Tag::Tree, outcome }));
            }
            // Whichever comes first: the next turn, or nobody looks any more.
            drop(timeout(Duration::from_millis(TREE_EVERY_MS), watched.wait_for(|it| !*it)).await);
        }
    }
}

fn outcome(answer: Result<client::Answer, CallError>) -> Outcome {
    match answer {
        Ok(client::Answer { status, body }) => Outcome::Answered { status, body },
        Err(error) => Outcome::Unanswered(error.to_string()),
    }
}

fn frame(item: Item) -> Option<Message> {
    let frame = match item {
        Item::TooLarge => return Some(Message::UnreadableFrame("it is too large".to_owned())),
        // A later daemon may say more than this terminal knows.
        Item::Stray => return None,
        Item::Frame(frame) => frame,
    };
    let read = match frame.event.as_str() {
        "fact" => serde_json::from_str::<FactFrame>(&frame.data).map(Message::Fact),
        "snapshot" => serde_json::from_str::<Snapshot>(&frame.data)
            .map(|Snapshot { position }| Message::Snapshot { position }),
        _ => return None,
    };
    Some(read.unwrap_or_else(|error| Message::UnreadableFrame(error.to_string())))
}

/// Where the log ends, told to a client that has seen what the log no longer has.
#[derive(Deserialize)]
struct Snapshot {
    position: u64,
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::rim::inbox;
    use serde_json::{Value, json};
    use tempfile::TempDir;
    use tokio::{io::AsyncWriteExt, net::UnixListener};

    /// A link to a socket where connections are taken and nobody answers.
    fn to_a_mute() -> (TempDir, UnixListener, Link) {
        let folder = tempfile::tempdir().expect("a folder");
        let socket = folder.path().join("daemon.sock");
        let listener = UnixListener::bind(&socket).expect("a listener");
        let (messages, _) = inbox::open();
        let candidates = vec![socket.clone()];
        let socket = watch::Sender::new(Some(socket));
        (folder, listener, Link { candidates, messages, socket, session: Uuid::now_v7() })
    }

    /// A minute of a clock that stands still takes no time, and what has no limit fails instead of hanging.
    async fn bounded<T>(work: impl Future<Output = T>) -> T {
        timeout(Duration::from_secs(60), work).await.expect("a limit")
    }

    #[tokio::test(start_paused = true)]
    async fn a_daemon_that_never_answers_is_given_up_by_everything_that_asks() {
        let (_folder, _listener, link) = to_a_mute();
        let ended = bounded(link.connect_once(&mut watch::channel((0, 0)).1)).await;
        assert!(
            matches!(ended, Ended::Failed(Down::Unreachable, why) if why.contains("does not answer within 2 s"))
        );
        let ended = bounded(link.follow_facts(&link.candidates[0], 0)).await;
        assert!(matches!(ended, Ended::Broken(why) if why.starts_with("no answer")));
        let command = Request { body: Some(Value::Null), ..Request::get(Tag::Command(1), "/") };
        for request in [Request::get(Tag::Catalogue, "/"), command] {
            assert!(matches!(bounded(link.answer(request)).await, Outcome::Unanswered(_)));
        }
    }

    #[tokio::test]
    async fn an_answer_that_nobody_looks_at_is_not_read_on() {
        const FRAMES: usize = 64;
        let (_folder, listener, link) = to_a_mute();
        let (messages, inbox) = inbox::open();
        let link = Arc::new(Link { messages, ..link });
        let reading = tokio::spawn(link.carry_answer(1, Box::default()));
        let (mut stream, _) = bounded(listener.accept()).await.expect("a question");
        let head = "HTTP/1.1 200 OK\r\ncontent-type: text/event-stream\r\n\r\n";
        stream.write_all(head.as_bytes()).await.expect("a reader");
        let frame = format!("data: {}\n\n", json!({"content": "x".repeat(900_000), "done": false}));
        let mut told = 0;
        while told < FRAMES {
            match timeout(Duration::from_secs(1), stream.write_all(frame.as_bytes())).await {
                Ok(written) => written.expect("a reader"),
                Err(_) => break,
            }
            told += 1;
        }
        assert!(told < 8, "{told} frames were taken, and nobody looked at one");
        drop(inbox);
        bounded(reading).await.expect("it ends with the model");
    }

    #[tokio::test]
    async fn a_stream_that_falls_silent_is_broken() {
        let (_folder, listener, link) = to_a_mute();
        let call = Call::get(route::FACTS_STREAM);
        let begin = async {
            let (mut stream, _) = listener.accept().await.expect("a connection");
            let head = b"HTTP/1.1 200 OK\r\ncontent-type: text/event-stream\r\n\r\n: hello\n\n";
            stream.write_all(head).await.expect("a reader");
            stream
        };
        let (_kept_open, opened) = tokio::join!(begin, client::open(&link.candidates[0], &call));
        tokio::time::pause();
        let ended = bounded(link.read_facts(opened.expect("a stream"))).await;
        assert!(matches!(ended, Ended::Broken(why) if why == "the daemon fell silent"));
    }
}
