//! The terminal as people and programs meet it: the core by key strings, the screens as pictures, the real
//! binary in a real pty against a daemon that can be told to fail.
#![expect(clippy::unwrap_used, reason = "a test that cannot go on has failed")]

mod asking;
mod attached;
mod chat;
mod fake_daemon;
mod keys;
mod markdown;
mod pty;
mod sample;
mod screens;
mod talking;
mod transcript;
mod verbs;
