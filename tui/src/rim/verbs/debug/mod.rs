//! `hecate debug …`: the window into a running daemon, on a terminal or as JSON.

pub mod args;
mod around;
mod live;
mod reload;
mod screen;
mod table;
mod tables;
mod tree;

use super::{failed, refused};
use crate::core::catalogue::percent_encoded;
use crate::rim::client::{self, Call, Found};
use crate::rim::{exit::Exit, print};
use args::{Debug, Look, Target};
use hecate_proto::{debug_answers::Shown, header, route, tree::TreeAnswer};
use live::Stream;
use screen::Screen;
use serde::de::DeserializeOwned;
use serde_json::Value;
use std::io;
use std::path::{Path, PathBuf};
use std::time::Duration;

/// The status of what was found or done.
const SHOWN: u16 = 200;
/// The status of what was begun and goes on without us.
const ACCEPTED: u16 = 202;
/// Between two pictures of what is watched.
const WATCH_EVERY: Duration = Duration::from_secs(1);

/// Looks, or acts, at the daemon that answers.
pub fn run(debug: &Debug, candidates: &[PathBuf]) -> Exit {
    match tokio::runtime::Builder::new_current_thread().enable_all().build() {
        Ok(runtime) => runtime.block_on(look(debug, candidates)),
        Err(error) => failed(Exit::Unreachable, &format!("no runtime for the network: {error}")),
    }
}

async fn look(Debug { look, json }: &Debug, candidates: &[PathBuf]) -> Exit {
    let Found { socket, .. } = match client::find(candidates).await {
        Ok(found) => found,
        Err(errors) => {
            let why = client::nobody(&errors);
            return failed(Exit::Unreachable, &format!("no daemon answers: {why}; try `hecate doctor`"));
        }
    };
    let call = match call(look) {
        Ok(call) => call,
        Err(error) => return failed(Exit::Usage, &format!("the file cannot be read: {error}")),
    };
    match look {
        Look::Events { .. } => live::follow(&socket, &call, Stream::Events, *json).await,
        Look::Trace(_) => live::follow(&socket, &call, Stream::Trace, *json).await,
        Look::Tree { watch: true, .. } | Look::Top { watch: true, .. } => {
            tokio::select! {
                biased;
                exit = watch(&socket, &call, look, *json) => exit,
                () = print::reader_left() => Exit::Done,
            }
        }
        _ => show(&socket, &call, look, *json, None).await,
    }
}

/// Shows it again and again, until there is nothing to show.
async fn watch(socket: &Path, call: &Call, look: &Look, as_json: bool) -> Exit {
    loop {
        // Looked at each time: terminals change their size.
        let exit = show(socket, call, look, as_json, Screen::now()).await;
        if exit != Exit::Done || print::is_unheard() {
            return exit;
        }
        tokio::time::sleep(WATCH_EVERY).await;
    }
}

async fn show(socket: &Path, call: &Call, look: &Look, as_json: bool, screen: Option<Screen>) -> Exit {
    let answer = match client::ask(socket, call).await {
        Ok(answer) => answer,
        Err(error) => return failed(Exit::Unreachable, &error.to_string()),
    };
    if !matches!(answer.status, SHOWN | ACCEPTED) {
        return refused(answer, as_json, &[]);
    }
    let done = if is_stood_against(look, &answer.body) { Exit::Refused } else { Exit::Done };
    if as_json {
        print::json(&answer.body.to_string());
        return done;
    }
    let goes_on = answer.status == ACCEPTED;
    let lines = if goes_on { said(answer.body, tables::begun) } else { lines(look, answer.body) };
    match lines {
        Ok(lines) => {
            let lines = match screen {
                Some(screen) => screen.picture(lines),
                None => lines,
            };
            lines.iter().for_each(|line| print::line(line));
            done
        }
        Err(error) => {
            failed(Exit::Refused, &format!("the daemon's answer cannot be read: {error}; try --json"))
        }
    }
}

/// Whether it is a plan that the running tree cannot follow.
fn is_stood_against(look: &Look, body: &Value) -> bool {
    let refusals = || body["plan"]["refusals"].as_array().is_some_and(|refusals| !refusals.is_empty());
    matches!(look, Look::Plan(_)) && refusals()
}

/// The answer for people.
fn lines(look: &Look, body: Value) -> Result<Vec<String>, serde_json::Error> {
    match look {
        Look::Tree { .. } => serde_json::from_value(body).map(|TreeAnswer { tree, .. }| tree::draw(&tree)),
        Look::Top { .. } => said(body, tables::top),
        Look::Actor { .. } => said(body, tables::actor),
        Look::Crashes { .. } => said(body, tables::crashes),
        Look::Deadlocks { .. } => said(body, tables::deadlocks),
        Look::Groups { .. } => said(body, tables::groups),
        Look::Runtime => said(body, tables::runtime),
        Look::Cluster => said(body, around::cluster),
        Look::Store => said(body, around::store),
        Look::ReadModels => serde_json::from_value(body).map(|answer| around::read_models(&answer)),
        Look::Listeners => serde_json::from_value(body).map(|answer| around::listeners(&answer)),
        Look::Plan(_) => said(body, reload::planned),
        Look::Apply { .. } => said(body, reload::applied),
        _ => said(body, tables::done),
    }
}

fn said<T: DeserializeOwned>(
    body: Value,
    lines: fn(&T) -> Vec<String>,
) -> Result<Vec<String>, serde_json::Error> {
    serde_json::from_value(body).map(|shown: Shown<T>| lines(&shown.shown))
}

/// What the daemon is asked; a file that goes with it is read first.
fn call(look: &Look) -> io::Result<Call> {
    let post = |path: String, body| Call { body: Some(body), ..Call::get(path) };
    if let Some((Target { actor, confirm }, route, body)) = look.act() {
        let confirmed = confirm.as_ref().unwrap_or(actor).clone();
        return Ok(post(route::of_actor(route, actor), body).with(header::CONFIRM, Some(confirmed)));
    }
    Ok(match look {
        Look::Trace(trace) => post(route::of_actor(route::DEBUG_TRACE, &trace.actor), trace.body()),
        Look::Plan(reload) => post(route::DEBUG_PLAN.to_owned(), reload.body(None)?),
        Look::Apply { reload, fingerprint } => {
            let confirmed = Some(route::DEBUG_APPLY.to_owned());
            post(route::DEBUG_APPLY.to_owned(), reload.body(Some(fingerprint))?)
                .with(header::CONFIRM, confirmed)
        }
        _ => question(look),
    })
}

fn question(look: &Look) -> Call {
    let text = |text: &Option<String>| text.clone();
    let number = |number: &Option<u64>| number.map(|it| it.to_string());
    match look {
        Look::Tree { path, depth, at, node, .. } => {
            let (depth, node) = (number(depth), text(node));
            get(route::DEBUG_TREE, [("path", text(path)), ("depth", depth), ("at", text(at)), ("node", node)])
        }
        Look::Top { by, window, n, .. } => {
            let (by, window, n) = (Some(by.clone()), Some(window.clone()), Some(n.to_string()));
            get(route::DEBUG_TOP, [("by", by), ("window", window), ("n", n)])
        }
        Look::Actor { actor } => Call::get(route::of_actor(route::DEBUG_ACTOR, actor)),
        Look::Crashes { since } => get(route::DEBUG_CRASHES, [("since", text(since))]),
        Look::Deadlocks { older_than_ms } => {
            get(route::DEBUG_DEADLOCKS, [("older_than_ms", number(older_than_ms))])
        }
        Look::Events { after } => get(route::DEBUG_EVENTS, [("after", number(after))]),
        Look::Groups { group } => get(route::DEBUG_GROUPS, [("group", text(group))]),
        Look::Cluster => Call::get(route::DEBUG_CLUSTER),
        Look::Store => Call::get(route::DEBUG_STORE),
        Look::ReadModels => Call::get(route::DEBUG_READ_MODELS),
        Look::Listeners => Call::get(route::DEBUG_LISTENERS),
        _ => Call::get(route::DEBUG_RUNTIME),
    }
}

/// A question with those parameters that were said.
fn get<const N: usize>(path: &str, params: [(&str, Option<String>); N]) -> Call {
    let pairs = params.into_iter().filter_map(|(name, value)| Some((name, value?)));
    let pairs: Vec<String> =
        pairs.map(|(name, value)| format!("{name}={}", percent_encoded(&value))).collect();
    let query = if pairs.is_empty() { String::new() } else { format!("?{}", pairs.join("&")) };
    Call::get(format!("{path}{query}"))
}

#[cfg(test)]
mod tests {
    use super::*;
    use clap::Parser;

    #[derive(Parser)]
    struct Line {
        #[command(flatten)]
        debug: Debug,
    }

    fn asked(words: &str) -> Call {
        let words = std::iter::once("debug").chain(words.split_whitespace());
        call(&Line::try_parse_from(words).unwrap_or_else(|error| panic!("{error}")).debug.look).unwrap()
    }

    #[test]
    fn a_look_is_a_question_with_what_was_said() {
        for (words, path) in [
            ("tree", "/debug/tree"),
            ("tree /hecate/apps --depth 1", "/debug/tree?path=%2Fhecate%2Fapps&depth=1"),
            ("top --by depth -n 3", "/debug/top?by=depth&window=10s&n=3"),
            ("actor /hecate/edge", "/debug/actors/%2Fhecate%2Fedge"),
            ("crashes --since 7", "/debug/crashes?since=7"),
            ("deadlocks --older-than-ms 50", "/debug/deadlocks?older_than_ms=50"),
            ("events --after 4", "/debug/events?after=4"),
            ("groups facts.all", "/debug/groups?group=facts.all"),
            ("runtime", "/debug/runtime"),
            ("tree --node n2", "/debug/tree?node=n2"),
            ("cluster", "/debug/cluster"),
            ("store", "/debug/store"),
            ("read-models", "/debug/read_models"),
            ("listeners", "/debug/listeners"),
        ] {
            let call = asked(words);
            assert_eq!((call.path.as_str(), call.body), (path, None), "{words}");
        }
        let trace = asked("trace /h/a --rate 5");
        assert_eq!(
            (trace.path.as_str(), trace.body),
            ("/debug/actors/%2Fh%2Fa/trace", Some(serde_json::json!({"rate": 5})))
        );
    }

    #[test]
    fn a_plan_is_asked_for_with_its_file_and_applied_under_its_fingerprint() {
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("other.toml");
        std::fs::write(&file, "schema = 1").unwrap();
        let plan = asked(&format!("plan {} --restart", file.display()));
        let name = file.display().to_string();
        let body = serde_json::json!({"supervision": "schema = 1", "name": name, "restart": true});
        assert_eq!(plan.body, Some(body));
        let apply = asked("apply --fingerprint a1");
        assert_eq!(apply.body, Some(serde_json::json!({"fingerprint": "a1"})));
        assert_eq!(apply.headers, [(header::CONFIRM, route::DEBUG_APPLY.to_owned())]);
    }

    #[test]
    fn a_plan_that_the_tree_cannot_follow_is_a_refusal() {
        let words = ["debug", "plan"];
        let look = Line::try_parse_from(words).unwrap().debug.look;
        let plan = |refusals: Value| serde_json::json!({"plan": {"refusals": refusals}});
        assert!(is_stood_against(&look, &plan(serde_json::json!([{"path": "/h"}]))));
        assert!(!is_stood_against(&look, &plan(serde_json::json!([]))));
    }

    #[test]
    fn whoever_names_a_path_confirms_it_and_whoever_names_an_id_must_say_it() {
        let kill = asked("kill /h/a");
        assert_eq!(kill.path, "/debug/actors/%2Fh%2Fa/kill");
        assert_eq!(kill.headers, [(header::CONFIRM, "/h/a".to_owned())]);
        let drain = asked("drain 0.7 --confirm /h/a");
        assert_eq!(
            (drain.path.as_str(), &drain.headers[0].1),
            ("/debug/actors/0.7/drain", &"/h/a".to_owned())
        );
        assert_eq!(asked("suspend /h/a --ms 9").body, Some(serde_json::json!({"ms": 9})));
    }
}
