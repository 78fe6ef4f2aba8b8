//! A conversation with a model: what was said, what is being written, and the answer that is under way.

mod composer;
mod conversation;
mod heights;
mod models;
pub(super) mod press;
mod prompts;
mod transcript;
mod unit;

pub use composer::{Composer, PROMPTS_MAX};
pub use conversation::{AnswerEvent, AnswerId, Chat, Kept, Layout, layout};
pub use models::{Models, id};
pub use prompts::{Prompts, RolePrompt, tokens};
pub use transcript::Transcript;
