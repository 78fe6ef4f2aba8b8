//! `hecate NOUN VERB …`: nouns, verbs and flags are the catalogue's, so a new desk has its verb at once.

mod columns;
pub mod debug;
mod parser;
pub(super) mod show;

use super::{
    client::{self, Answer, Call, CallError, Found},
    exit::Exit,
    print, socket,
};
use hecate_proto::{answer::ErrorAnswer, catalogue::Catalogue, catalogue::DeskSheet, header, route};
use parser::{Order, Parsed};
use serde::Deserialize;
use std::{
    ffi::OsString,
    path::{Path, PathBuf},
};
use uuid::Uuid;

/// Runs one verb against the daemon that answers.
pub fn run(words: &[OsString], candidates: Vec<PathBuf>) -> Exit {
    let candidates = match parser::socket_among(words) {
        Some(explicit) => socket::candidates(Some(Path::new(&explicit)), socket::env_path),
        None => candidates,
    };
    match tokio::runtime::Builder::new_current_thread().enable_all().build() {
        Ok(runtime) => runtime.block_on(obey(words, &candidates)),
        Err(error) => failed(Exit::Unreachable, &format!("no runtime for the network: {error}")),
    }
}

fn failed(exit: Exit, says: &str) -> Exit {
    print::trouble(&format!("hecate: {says}"));
    exit
}

async fn obey(words: &[OsString], candidates: &[PathBuf]) -> Exit {
    let Found { socket, .. } = match client::find(candidates).await {
        Ok(found) => found,
        Err(errors) => {
            let why = client::nobody(&errors);
            return failed(Exit::Unreachable, &format!("no daemon answers: {why}; try `hecate doctor`"));
        }
    };
    let catalogue = match catalogue(&socket).await {
        Ok(catalogue) => catalogue,
        Err(exit) => return exit,
    };
    match parser::parse(&catalogue, words) {
        Parsed::Order(order) => carry_out(&socket, *order, &catalogue.desks).await,
        Parsed::Help(text) => {
            print::line(text.trim_end());
            Exit::Done
        }
        Parsed::Wrong(text) => {
            print::trouble(text.trim_end());
            Exit::Usage
        }
    }
}

async fn catalogue(socket: &Path) -> Result<Catalogue, Exit> {
    let answer = client::probe(socket, route::DESKS).await;
    let answer = answer.map_err(|error| failed(Exit::Unreachable, &error.to_string()))?;
    if answer.status != 200 {
        return Err(refused(answer, false, &[]));
    }
    let unreadable =
        |error| failed(Exit::Refused, &format!("the daemon's catalogue cannot be read: {error}"));
    Catalogue::deserialize(answer.body).map_err(unreadable)
}

async fn carry_out(socket: &Path, order: Order, desks: &[DeskSheet]) -> Exit {
    // A command whose answer is lost can be asked about under its key, so every one has a key.
    let fresh = || order.body.is_some().then(|| Uuid::now_v7().to_string());
    let key = order.idempotency_key.or_else(fresh);
    let call = Call { path: order.path, body: order.body, headers: Vec::new() }
        .if_match(order.if_match)
        .min_position(order.min_position)
        .idempotency_key(key.clone())
        .with(header::ACTOR, order.actor);
    let answer = client::ask(socket, &call).await;
    let unknown = key.filter(|_| call.body.is_some() && leaves_open(&answer));
    let exit = match answer {
        Err(error) => failed(Exit::Unreachable, &error.to_string()),
        Ok(answer) if !(200..300).contains(&answer.status) => refused(answer, order.json, desks),
        Ok(answer) if order.json => {
            print::json(&answer.body.to_string());
            Exit::Done
        }
        Ok(answer) => {
            show::answer(&order.shows, &answer.body, desks).iter().for_each(|line| print::line(line));
            Exit::Done
        }
    };
    if let Some(key) = unknown {
        print::trouble(&format!("outcome unknown; repeat with --idempotency-key {key} to learn it"));
    }
    exit
}

/// Whether a command may have been recorded although nothing says so. A 503 comes before anything is done.
fn leaves_open(answer: &Result<Answer, CallError>) -> bool {
    match answer {
        Ok(Answer { status, .. }) => *status >= 500 && *status != 503,
        Err(CallError::Connect { .. } | CallError::Request(_)) => false,
        Err(_) => true,
    }
}

/// The code stands first on stderr, for programs; with `--json` the raw answer stands on stdout too.
fn refused(Answer { status, body }: Answer, as_json: bool, desks: &[DeskSheet]) -> Exit {
    if as_json {
        print::json(&body.to_string());
    }
    match ErrorAnswer::deserialize(&body) {
        Ok(error) => show::refusal(&error, desks).iter().for_each(|line| print::trouble(line)),
        Err(_) => print::trouble(&format!("hecate: the daemon answered {status} without a reason")),
    }
    Exit::Refused
}
