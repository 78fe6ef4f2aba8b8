//! Journeys: the real programs, started, killed and asked from outside, over the socket that everybody uses.
//!
//! This library is what the journeys in `tests/` share. It imports the contract crate alone, so a journey
//! cannot see anything that a user could not.
#![expect(clippy::unwrap_used, reason = "a test that cannot go on has failed")]

pub mod binaries;
pub mod circle;
pub mod daemon;
pub mod dice;
pub mod divisions;
pub mod golden;
pub mod http;
pub mod log;
pub mod open_metrics;
pub mod patience;
pub mod program;
pub mod pty;
pub mod reaper;
pub mod sse;
pub mod ventures;
pub mod wire;
pub mod work;
pub mod workspaces;
