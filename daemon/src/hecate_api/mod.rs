//! The daemon's edge: one Unix socket, one generic entry for every desk, one for every query.
//!
//! It knows no desk and no query by name. Routes, catalogue and OpenAPI are read off the doors that the
//! composition root hands over, so a new desk needs no line here. Other parts of the house bring routes of
//! their own.

mod answer;
mod api;
mod catalogue;
mod claim;
mod client_io;
mod command;
mod connection;
mod debug;
mod departure;
mod edge;
mod headers;
mod health;
mod limits;
mod openapi;
mod pace;
mod params;
mod peer;
mod pieces;
mod places;
mod query;
mod request_body;
mod router;
mod routes;
mod socket;
mod stopping;
mod stream;
mod tally;
#[cfg(test)]
mod tests;

pub(crate) use claim::ClaimError;
pub(crate) use edge::{Edge, EdgeParts, Supervision};
pub(crate) use limits::Limits;
pub(crate) use peer::Operators;
pub(crate) use routes::{Client, Ended, Method, Reply, Route, RouteAsked, Routes};

use hecate_supervision::Kinds;
use std::sync::Arc;

/// Adds the kinds `api` (publishes the router) and `socket` (accepts connections) to those that
/// `supervision.toml` can place. The socket comes last, so that nobody is answered before everything is up.
pub(crate) fn kinds(mut kinds: Kinds, edge: &Arc<Edge>) -> Kinds {
    let (for_api, for_socket) = (Arc::clone(edge), Arc::clone(edge));
    kinds.worker::<api::Api>("api", None, move || Arc::clone(&for_api));
    kinds.worker::<socket::Socket>("socket", None, move || Arc::clone(&for_socket));
    kinds
}
