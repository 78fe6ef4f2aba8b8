//! `hecate doctor`: every place where a daemon could listen, what is there, what is wrong and what to do.

use super::{
    client::{self, CallError},
    exit::Exit,
    print,
};
use hecate_proto::{
    health::{Component, Health},
    route,
};
use serde_json::{Value, json};
use std::{
    io,
    os::unix::fs::{FileTypeExt, MetadataExt},
    path::{Path, PathBuf},
    time::Instant,
};

/// What was found at one candidate.
struct Finding {
    socket: PathBuf,
    file: Option<File>,
    answer: Result<(Health, u128), CallError>,
}

/// The socket file itself.
struct File {
    is_socket: bool,
    mode: u32,
    uid: u32,
    gid: u32,
}

/// Looks at every candidate and prints the findings; done when one of them answers and is well.
pub fn examine(candidates: &[PathBuf], as_json: bool) -> Exit {
    on_the_network(async {
        let mut findings = Vec::new();
        for socket in candidates {
            findings.push(look(socket).await);
        }
        if as_json {
            print::json(&report(&findings).to_string());
        } else {
            findings.iter().for_each(tell);
            print::line(&verdict(&findings));
        }
        match answering(&findings) {
            Some((_, health)) if ailing(health).is_empty() => Exit::Done,
            Some(_) => Exit::Refused,
            None => Exit::Unreachable,
        }
    })
}

/// Prints the path of the first socket that answers, or nothing.
pub fn name_socket(candidates: &[PathBuf]) -> Exit {
    on_the_network(async {
        match client::find(candidates).await {
            Ok(found) => {
                print::line(&found.socket.display().to_string());
                Exit::Done
            }
            Err(_) => Exit::Unreachable,
        }
    })
}

fn on_the_network(work: impl Future<Output = Exit>) -> Exit {
    match tokio::runtime::Builder::new_current_thread().enable_all().build() {
        Ok(runtime) => runtime.block_on(work),
        Err(error) => {
            print::trouble(&format!("hecate: no runtime for the network: {error}"));
            Exit::Refused
        }
    }
}

/// The first finding that answers, which is the one that `hecate` attaches to.
fn answering(findings: &[Finding]) -> Option<(&Finding, &Health)> {
    findings.iter().find_map(|it| Some((it, &it.answer.as_ref().ok()?.0)))
}

async fn look(socket: &Path) -> Finding {
    let file = socket.metadata().ok().map(|meta| File {
        is_socket: meta.file_type().is_socket(),
        mode: meta.mode() & 0o7777,
        uid: meta.uid(),
        gid: meta.gid(),
    });
    let asked = Instant::now();
    let answer = client::health(socket).await.map(|health| (health, asked.elapsed().as_micros()));
    Finding { socket: socket.to_owned(), file, answer }
}

fn tell(finding: &Finding) {
    print::line(&finding.socket.display().to_string());
    if let Some(file) = &finding.file {
        let kind = if file.is_socket { "socket" } else { "not a socket" };
        print::line(&format!("  file      {kind}, mode {:04o}, owner {}:{}", file.mode, file.uid, file.gid));
    }
    match &finding.answer {
        Ok((health, took_us)) => {
            print::line(&format!("  answers   {} after {took_us} µs", health.status));
            print::line(&format!(
                "  daemon    {} version {}, pid {}",
                health.node_id, health.version, health.pid
            ));
            for (name, part) in &health.components {
                let says = part.says.as_deref().map(|it| format!(": {it}")).unwrap_or_default();
                let lag = part.lag.map(|it| format!(", {it} behind")).unwrap_or_default();
                print::line(&format!("  part      {name} {}{lag}{says}", part.status));
                part_remedy(name, part).iter().for_each(|it| print::line(&format!("  remedy    {it}")));
            }
        }
        Err(error) => {
            print::line(&format!("  trouble   {}", trouble(error)));
            print::line(&format!("  remedy    {}", remedy(finding, error)));
        }
    }
}

/// The parts that do not do what they are there for, and will not by waiting.
fn ailing(health: &Health) -> Vec<&str> {
    let parts = health.components.iter().filter(|(_, part)| is_ailing(part));
    parts.map(|(name, _)| name.as_str()).collect()
}

fn is_ailing(part: &Component) -> bool {
    !matches!(part.status.as_str(), "ok" | "starting")
}

/// What to do about an ailing part. What the daemon says of it names the cause.
fn part_remedy(name: &str, part: &Component) -> Option<String> {
    match part {
        part if !is_ailing(part) => None,
        Component { dead: Some(_), .. } => {
            Some(format!("look at each in {}, then replay or dismiss it", route::DEBUG_LISTENERS))
        }
        Component { parked: Some(_), .. } => {
            Some(format!("`hecate read_model parked {name}` lists them; retry or skip each, or rebuild"))
        }
        _ => Some("see to its cause, which the daemon's log tells; it goes on by itself then".to_owned()),
    }
}

/// The trouble without the path, which stands above it already.
fn trouble(error: &CallError) -> String {
    match error {
        CallError::Connect { error, .. } => client::connect_trouble(error),
        CallError::Silent(_) => client::silence(),
        other => other.to_string(),
    }
}

fn remedy(finding: &Finding, error: &CallError) -> &'static str {
    let kind = match error {
        CallError::Connect { error, .. } => Some(error.kind()),
        _ => None,
    };
    match kind {
        Some(io::ErrorKind::NotFound) => "`hecate up` starts a daemon",
        Some(io::ErrorKind::PermissionDenied) => "become a member of the socket's group, or ask its owner",
        Some(_) if finding.file.as_ref().is_some_and(|it| !it.is_socket) => {
            "name another path: this is no socket"
        }
        Some(io::ErrorKind::ConnectionRefused) => "the daemon has ended; `hecate up` starts one in its place",
        Some(_) => "look at the daemon's log",
        None => "something listens here that is no daemon of ours, or hangs: look at its log",
    }
}

fn verdict(findings: &[Finding]) -> String {
    match answering(findings) {
        Some((finding, health)) if !ailing(health).is_empty() => {
            let parts = ailing(health).join(", ");
            format!("The daemon at {} answers, but not all is well: {parts}.", finding.socket.display())
        }
        Some((finding, health)) if health.ready => {
            format!("All is well: hecate attaches to {}.", finding.socket.display())
        }
        Some((finding, health)) => {
            format!("The daemon at {} is {}: wait a moment.", finding.socket.display(), health.status)
        }
        None => match findings.iter().find(|it| matches!(it.answer, Err(CallError::Silent(_)))) {
            Some(mute) => format!("The daemon at {} hangs: end it or let it go on.", mute.socket.display()),
            None => "No daemon answers. `hecate up` starts one.".to_owned(),
        },
    }
}

fn report(findings: &[Finding]) -> Value {
    let one = |finding: &Finding| {
        let file = finding.file.as_ref().map(|file| {
            json!({"is_socket": file.is_socket, "mode": format!("{:04o}", file.mode), "uid": file.uid, "gid": file.gid})
        });
        let mut entry = json!({"socket": finding.socket, "exists": file.is_some(), "file": file});
        match &finding.answer {
            Ok((health, took_us)) => {
                entry["health"] = json!(health);
                entry["round_trip_us"] = json!(u64::try_from(*took_us).unwrap_or(u64::MAX));
            }
            Err(error) => {
                entry["trouble"] = json!(trouble(error));
                entry["remedy"] = json!(remedy(finding, error));
            }
        }
        entry
    };
    let found = answering(findings);
    json!({
        "ok": found.is_some_and(|(_, health)| health.ready && ailing(health).is_empty()),
        "socket": found.map(|(finding, _)| &finding.socket),
        "version": env!("CARGO_PKG_VERSION"),
        "tried": findings.iter().map(one).collect::<Vec<_>>()
    })
}
