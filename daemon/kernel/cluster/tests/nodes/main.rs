//! Nodes as they are: each a process of its own, since ractor's registries are the process's, with a network
//! between them that can be cut.
#![expect(clippy::unwrap_used, reason = "a test may fail by a panic, its shared parts too")]

mod facts;
mod linking;
mod network;
mod node;
mod partitions;
mod rig;
mod strangers;
