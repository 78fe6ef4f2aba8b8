//! What reaches the core and what it asks for. Both are plain values, so a session can be replayed.

use super::{
    chat::{AnswerEvent, AnswerId, Kept, Prompts},
    key::Key,
};
use hecate_proto::{fact::FactFrame, health::Health, llm::ChatRequest};
use serde_json::Value;

/// Something happened.
#[derive(Clone, Debug)]
pub enum Message {
    /// A key was pressed.
    Key(Key),
    /// Text was pasted.
    Paste(String),
    /// The terminal has this size.
    Resized {
        /// Cells in a row.
        columns: u16,
        /// Rows.
        rows: u16,
    },
    /// The process goes on after it was stopped; the shell may have had the terminal meanwhile.
    Resumed,
    /// The connection changed.
    Link(LinkEvent),
    /// A fact arrived on the stream.
    Fact(FactFrame),
    /// The log ends at this position, before what was seen last, as after a restore: read everything anew.
    Snapshot {
        /// The log's head.
        position: u64,
    },
    /// A frame arrived that is not a fact this terminal can read.
    UnreadableFrame(String),
    /// An answer to a [`Request`], or the news that there is none.
    Reply(Reply),
    /// Something came of a question to a model.
    Answer(AnswerId, AnswerEvent),
    /// What an earlier terminal left behind.
    Kept(Kept),
    /// The personality and the roles, as their files say now.
    Prompts(Prompts),
    /// What a person types cannot be kept.
    KeepingFailed(String),
    /// There is time for work that was put off with [`Effect::GoOnLater`].
    GoOn,
    /// Hand the terminal back to the shell.
    Suspend,
    /// The process was asked to end.
    Terminate,
}

/// How the connection is.
#[derive(Clone, Debug)]
pub enum LinkEvent {
    /// The daemon answered and serves.
    Up {
        /// Where it listens.
        socket: String,
        /// Who it says it is.
        health: Health,
    },
    /// The daemon answered that it is still starting, or already stopping.
    NotReady(Health),
    /// The fact stream is open.
    Following,
    /// No connection.
    Down {
        /// Wall-clock time for people, `10:42:07 UTC`.
        at: String,
        /// Why.
        why: Down,
        /// Why, for people.
        reason: String,
    },
}

/// Why there is no connection.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Down {
    /// Nobody listens.
    Unreachable,
    /// Somebody is there and says no: permissions, a refusal, an answer that is none.
    Refused,
    /// It was there and broke off.
    Broken,
}

/// What to do in the world.
#[derive(Clone, Debug, PartialEq)]
pub enum Effect {
    /// Ask the daemon.
    Send(Request),
    /// Open the fact stream after this global position.
    Follow {
        /// The last position already seen.
        after: u64,
    },
    /// Ask a model; what comes of it comes as [`Message::Answer`].
    Ask {
        /// Comes back with every piece of the answer.
        id: AnswerId,
        /// The question.
        request: Box<ChatRequest>,
    },
    /// Close the connection of an answer.
    CancelAnswer(AnswerId),
    /// Keep what is being written, so that no kill can take it.
    KeepDraft(String),
    /// Keep a prompt that was sent.
    KeepPrompt(String),
    /// Keep the name of the model that was asked.
    KeepModel(String),
    /// Read the files of personality and roles.
    ReadPrompts,
    /// Send [`Message::GoOn`] after the next frame.
    GoOnLater,
    /// Begin or stop to read the supervision tree every two seconds.
    WatchTree(bool),
    /// Hand the terminal back to the shell.
    Suspend,
    /// Take the terminal again and paint all of it.
    RetakeTerminal,
    /// End.
    Quit,
}

/// Names one intention to change something; the rim gives each its own idempotency key, so that a repeat
/// under the same name records nothing twice.
pub type SubmissionId = u64;

/// A question for the daemon.
#[derive(Clone, Debug, PartialEq)]
pub struct Request {
    /// Comes back with the reply.
    pub tag: Tag,
    /// Path and query.
    pub path: String,
    /// A body makes it a POST.
    pub body: Option<Value>,
    /// Wait until the read model has reached this position.
    pub min_position: Option<u64>,
    /// Refuse unless the stream is at this version.
    pub if_match: Option<u64>,
}

impl Request {
    /// A plain question.
    pub fn get(tag: Tag, path: impl Into<String>) -> Self {
        Self { tag, path: path.into(), body: None, min_position: None, if_match: None }
    }
}

/// What a request was about.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Tag {
    /// The desk catalogue.
    Catalogue,
    /// One page of the list of ventures, of the given load.
    Ventures {
        /// Which load of the list it belongs to; an older one is ignored.
        load: u64,
    },
    /// One venture.
    Venture(String),
    /// The supervision tree.
    Tree,
    /// The models that the daemon offers.
    Models,
    /// How the models' providers are.
    Providers,
    /// A command.
    Command(SubmissionId),
}

/// How a request ended. Every request ends in exactly one.
#[derive(Clone, Debug)]
pub struct Reply {
    /// The request's own tag.
    pub tag: Tag,
    /// What came.
    pub outcome: Outcome,
}

/// What came of a request.
#[derive(Clone, Debug)]
pub enum Outcome {
    /// The daemon answered.
    Answered {
        /// HTTP status.
        status: u16,
        /// The JSON body.
        body: Value,
    },
    /// No answer: for a command, what it changed is unknown.
    Unanswered(String),
}

impl Outcome {
    /// Whether it says for good what became of a command. Everything else, a 500 or a 504 above all, leaves
    /// open what was recorded, and a 429 or 503 may follow a try whose answer was lost.
    pub fn is_final(&self) -> bool {
        matches!(self, Self::Answered { status: 200..=299 | 400..=428 | 430..=499, .. })
    }

    /// Whether asking again soon may bring more: nothing came, a mailbox was full, the daemon starts, a read
    /// model lags, an answer was not there in time.
    pub fn may_pass(&self) -> bool {
        matches!(self, Self::Unanswered(_) | Self::Answered { status: 429 | 503 | 504, .. })
    }
}
