//! The edge over a real socket, with a small process and read model of the tests' own behind it.

mod bounds;
mod client;
mod commands;
mod debug;
mod documents;
mod lifecycle;
mod listeners;
mod streams;
mod teahouse;
