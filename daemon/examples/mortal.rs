//! The daemon with death walking through it: the same program on the same command line, and beside it a thread
//! that strikes one of those who live, at random, at every beat. Soak tests steer it by lines on the socket that
//! `REAPER_SOCKET` names: `reap EVERY_MS SEED SPARED`, `rest`, and `census`, which is answered by everything that
//! must not leak.

use ractor::{ActorCell, pg, registry};
use serde_json::{Value, json};
use std::io::{self, BufRead, BufReader, Write};
use std::os::unix::net::{UnixListener, UnixStream};
use std::process::ExitCode;
use std::sync::mpsc::{Receiver, RecvTimeoutError, Sender, channel};
use std::sync::{Arc, Mutex, PoisonError};
use std::thread;
use std::time::Duration;

fn main() -> ExitCode {
    let Some(socket) = std::env::var_os("REAPER_SOCKET") else { return ExitCode::from(64) };
    let listener = match UnixListener::bind(socket) {
        Ok(listener) => listener,
        Err(_) => return ExitCode::from(74),
    };
    let (steer, steered) = channel();
    let kills = Arc::<Mutex<Kills>>::default();
    let counted = Arc::clone(&kills);
    thread::spawn(move || reap(&steered, &counted));
    thread::spawn(move || {
        // Who hangs up in the middle of a word has said nothing.
        listener.incoming().flatten().for_each(|client| drop(obey(client, &steer, &kills)));
    });
    hecate_daemon::run()
}

/// None rests.
type Orders = Option<Blows>;

struct Blows {
    every: Duration,
    dice: u64,
    /// The root, whose end is the daemon's.
    spared: String,
}

/// How many were killed, and how often nobody was hit.
#[derive(Clone, Copy, Default)]
struct Kills {
    hits: u64,
    misses: u64,
}

fn obey(mut client: UnixStream, steer: &Sender<Orders>, kills: &Mutex<Kills>) -> io::Result<()> {
    let mut line = String::new();
    BufReader::new(&client).read_line(&mut line)?;
    let words: Vec<&str> = line.split_whitespace().collect();
    let number = |nth: usize| words.get(nth).and_then(|word| word.parse().ok()).unwrap_or(1);
    let (every, spared) = (Duration::from_millis(number(1)), (*words.get(3).unwrap_or(&"")).to_owned());
    let told = match words.first() {
        Some(&"reap") => steer.send(Some(Blows { every, dice: number(2), spared })),
        Some(&"rest") => steer.send(None),
        _ => Ok(()),
    };
    // The reaper lives as long as the process.
    let _ = told;
    let kills = *kills.lock().unwrap_or_else(PoisonError::into_inner);
    writeln!(client, "{}", census(kills))
}

/// Everything that the actor layer knows of, as its own registers have it.
fn census(kills: Kills) -> Value {
    let ids = |cells: Vec<ActorCell>| cells.iter().map(|cell| cell.get_id().to_string()).collect::<Vec<_>>();
    let groups = pg::which_scopes_and_groups().into_iter().map(|key| {
        let (scope, group) = (key.get_scope(), key.get_group());
        let members = ids(pg::get_scoped_members(&scope, &group));
        json!({"group": format!("{scope}/{group}"), "members": members})
    });
    json!({
        "hits": kills.hits,
        "misses": kills.misses,
        "actors": ids(registry::get_all_pids()),
        "names": registry::registered(),
        "groups": groups.collect::<Vec<_>>(),
    })
}

/// Strikes at every beat.
fn reap(steered: &Receiver<Orders>, kills: &Mutex<Kills>) {
    let mut orders: Orders = None;
    loop {
        let heard = match &orders {
            None => steered.recv().map_err(RecvTimeoutError::from),
            Some(blows) => steered.recv_timeout(blows.every),
        };
        match (heard, &mut orders) {
            (Ok(new), orders) => *orders = new,
            (Err(RecvTimeoutError::Timeout), Some(blows)) => {
                let dice = throw(&mut blows.dice);
                strike(dice, &blows.spared, &mut kills.lock().unwrap_or_else(PoisonError::into_inner));
            }
            (Err(_), _) => return,
        }
    }
}

fn strike(dice: u64, spared: &str, kills: &mut Kills) {
    let mortals = mortals(spared);
    match mortals.get((dice % mortals.len().max(1) as u64) as usize) {
        None => kills.misses += 1,
        Some(victim) => {
            kills.hits += 1;
            victim.kill();
        }
    }
}

/// Everybody else. The register has no order of its own.
fn mortals(spared: &str) -> Vec<ActorCell> {
    let mut mortals = registry::get_all_pids();
    mortals.retain(|cell| cell.get_id().to_string() != spared);
    mortals.sort_unstable_by_key(ActorCell::get_id);
    mortals
}

/// SplitMix64.
fn throw(dice: &mut u64) -> u64 {
    *dice = dice.wrapping_add(0x9e37_79b9_7f4a_7c15);
    let mut x = *dice;
    x = (x ^ (x >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    x = (x ^ (x >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
    x ^ (x >> 31)
}
