//! The supervision crate from outside: real actors, real crashes, real files.

#![expect(clippy::unwrap_used, reason = "a test may fail by a panic, its shared parts too")]

mod common;
mod golden;
mod groups;
mod instruments;
mod links;
mod log;
mod mailbox;
mod plan;
mod pool;
mod reload;
mod schema;
mod suite;
mod tree;
