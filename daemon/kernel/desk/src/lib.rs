//! What a desk is, and how one is run.
//!
//! A desk reads one request against one aggregate and either records events or refuses. Its types are
//! rubbed off into a plain-data [`DeskEntry`], from which routes, OpenAPI, the catalogue, forms, verbs and
//! spans are derived; the rest of the kernel calls the entry's function pointers and never sees a type.
//!
//! Pure: [`Aggregate`], [`Desk`], [`Event`], [`Folded`]. At the rim: the aggregate actor and [`Process`].
#![warn(missing_docs)]

mod aggregate;
mod aggregate_actor;
mod answer;
pub mod body;
mod caller;
mod catalogue;
mod code;
mod content;
mod decision;
mod desk;
mod event;
mod folded;
#[cfg(any(test, feature = "kit"))]
pub mod kit;
pub mod lifecycle;
mod listener;
mod loaded;
mod moment;
mod name;
mod policy;
mod process;
mod reaction;
mod receipt;
mod refusal;
#[cfg(test)]
mod request_tests;
pub mod schema;
#[cfg(test)]
mod snapshot_tests;
mod status;
mod subject;
#[cfg(test)]
mod tests;
mod text;
mod upcast;
mod version;
mod word;

pub use aggregate::{Aggregate, ProcessSpec, Shown, shown};
pub use answer::Told;
pub use caller::{Because, Caller, Clock, Node, SystemClock};
pub use catalogue::{common_refusals, path_params};
pub use code::{Code, CodeHash};
pub use content::{Content, content_unavailable};
pub use decision::Decision;
pub use desk::{Desk, DeskEntry, DeskSpec, desk};
pub use event::{Emits, Event, EventEntry, event};
pub use folded::{BEGINS_WITH, Folded};
pub use hecate_blobs::{Blobs, Sha256};
pub use hecate_event_store::UpcastEntry;
pub use listener::{Ask, Heard, Listener, ListenerEntry, Source, listener};
pub use moment::Moment;
pub use name::Name;
pub use policy::{AutoStart, Policy};
pub use process::{Asked, Door, Process, ProcessEntry, Wiring, process};
pub use reaction::{Hears, NoReaction, React, Reacted, forgo, was_forgone};
pub use refusal::{Refusal, Refused, Rule};
pub use status::{StateMask, Status};
pub use text::Text;
pub use upcast::upcast;
pub use word::{EventType, Form, Slug, Snake, SnakeForm, Word};

/// What a desk's file says in one line.
pub mod prelude {
    pub use crate::{Ask, EventType, Heard, Listener, Slug, Snake, Source};
    pub use crate::{Decision, Desk, DeskSpec, Emits, Event, EventEntry, Moment, Name, Refusal, Refused};
    pub use crate::{StateMask, Status, Text, event};
    pub use schemars::JsonSchema;
    pub use serde::{Deserialize, Serialize};
}
