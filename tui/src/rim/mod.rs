//! The rim: everything that touches the terminal, the socket, files and processes.

mod answer;
pub mod args;
pub mod ask;
pub mod attach;
mod backoff;
pub mod client;
pub mod daemon_process;
pub mod doctor;
pub mod exit;
mod inbox;
mod input;
mod journal;
pub mod keep;
mod link;
pub mod print;
mod prompt_files;
pub mod signals;
pub mod socket;
pub mod sse;
pub mod state_folder;
pub mod terminal;
pub mod verbs;
