//! What crosses the socket or the mesh, and nothing else.
//!
//! The daemon, the terminal and the journeys in `tests/` all say these types, so that no path, field or
//! code is spelled twice. Commands are not here: a command is understood by its desk alone, and everybody
//! else reads its schema in the [`catalogue`].
#![warn(missing_docs)]

pub mod answer;
pub mod catalogue;
pub mod cluster;
pub mod debug;
pub mod debug_answers;
pub mod fact;
pub mod guide;
pub mod health;

pub mod header;
pub mod id;
pub mod listeners;
pub mod llm;
pub mod read_models;
pub mod reload;
pub mod route;
pub mod rows;
pub mod time;
pub mod tree;
