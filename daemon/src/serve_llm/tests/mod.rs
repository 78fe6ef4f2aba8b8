//! Models over the real edge, with providers of the tests' own on real sockets behind it.

mod chats;
mod control;
mod departures;
mod failures;
mod house;
mod keys;
pub(super) mod kit;
mod round_trips;
mod upstream;
