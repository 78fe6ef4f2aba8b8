//! The pure core: `update(model, message) → effects`. No I/O, no clock, no runtime, so that every test of
//! behaviour is a table.

pub mod board;
pub mod catalogue;
pub mod chat;
pub mod command_line;
pub mod field;
pub mod form;
pub mod json;
pub mod key;
pub mod keymap;
pub mod letters;
pub mod link;
pub mod markdown;
pub mod message;
pub mod model;
pub mod observer;
mod press;
pub mod refusal;
pub mod schema;
pub mod text_input;
pub mod update;

pub use message::{Effect, Message};
pub use model::Model;
pub use update::update;
