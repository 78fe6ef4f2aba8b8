//! The supervision crate from outside: real actors, real crashes, real files.

mod common;
mod links;
mod mailbox;
mod plan;
mod pool;
mod tree;
