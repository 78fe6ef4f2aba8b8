//! The rim: everything that touches the terminal, the socket, files and processes.

pub mod args;
pub mod attach;
mod backoff;
pub mod client;
pub mod daemon_process;
pub mod doctor;
pub mod exit;
mod input;
mod link;
pub mod print;
pub mod signals;
pub mod socket;
pub mod sse;
pub mod terminal;
pub mod verbs;
