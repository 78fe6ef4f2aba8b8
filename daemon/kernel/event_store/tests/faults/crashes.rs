//! A scenario of 200 commands, and the power cut at its calls to the disk, under each model of a disk.

use std::collections::BTreeMap;
use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use hecate_disk::simulation::Model as DiskModel;
use hecate_event_store::{EventStore, Filter, RecordedEvent, SqliteStore, Subscription};

use crate::author::Author;
use crate::ground::{Bench, Dice, all_cores, file, folder, number, options};
use crate::judgement::{Complaint, goes_on, is_whole, open, which};
use crate::model::Model;
use crate::recording::Recording;

const COMMANDS: u64 = 200;
/// Of so many points, one is also verified before anybody opens it.
const VERIFIED_COLD: u64 = 8;
/// Of so many points, one draws a read model.
const READ_MODELS: u64 = 4;

#[test]
fn a_power_cut_at_a_sample_of_the_calls_loses_and_doubles_nothing() {
    cut_everywhere(number("HECATE_FAULT_POINTS", 800), 1);
}

#[test]
#[ignore = "minutes"]
fn a_power_cut_at_every_call_loses_and_doubles_nothing() {
    cut_everywhere(u64::MAX, number("HECATE_FAULT_TEARS", 4));
}

/// Judges so many of the pairs of a call and a model, evenly spread, each with so many seeds of the disk.
fn cut_everywhere(points_max: u64, tears: u64) {
    let seed = number("HECATE_FAULT_SEED", 1);
    let home = folder();
    let steps = Author::new(seed).life(COMMANDS);
    let recording = Bench::new().run(Recording::of(home.path(), options(), Model::default(), &steps));
    let pairs = (recording.calls() + 1) * DiskModel::ALL.len() as u64;
    let (points, judged) = (pairs.min(points_max), AtomicU64::new(0));
    let took = all_cores(points, Bench::new, |bench, point| {
        let pair = point * pairs / points + Dice::new(seed ^ point).below(pairs / points);
        let (at, model) = (pair / 4 + 1, DiskModel::ALL[(pair % 4) as usize]);
        let is_chance = matches!(model, DiskModel::Torn | DiskModel::Reordered);
        for tear in 0..if is_chance { tears } else { 1 } {
            bench.run(judge(&recording, at, model, seed + tear));
            judged.fetch_add(1, Ordering::Relaxed);
        }
    });
    let (calls, head) = (recording.calls(), recording.last().head());
    println!(
        "crashes: seed {seed}, {} steps, {head} events, {calls} calls; {points} of {pairs} pairs of a call and \
         a model, {judged:?} cuts judged in {took:?}",
        steps.len()
    );
}

async fn judge(recording: &Recording, at: u64, model: DiskModel, seed: u64) {
    let there = folder();
    let told = recording.cut(at, model, seed, there.path());
    let judged = survived(recording, at, there.path()).await;
    judged.unwrap_or_else(|complaint| panic!("{told}: {complaint}"));
}

async fn survived(recording: &Recording, at: u64, there: &Path) -> Result<(), Complaint> {
    let (path, allowed) = (file(there), recording.allowed(at));
    if allowed.was_open && at.is_multiple_of(VERIFIED_COLD) {
        is_whole(&path, None)?;
    }
    let store = open(&path)?;
    if allowed.was_open && store.store_id() != recording.store_id {
        return Err("it is another store now".to_owned());
    }
    let states = allowed.states.iter().map(|(_, model)| model);
    let state = which(&store, states, allowed.clock_us).await?;
    if at.is_multiple_of(READ_MODELS) {
        let seen = Dice::new(at).below(allowed.states[0].1.head() + 1);
        let store = Arc::new(store);
        catches_up(store.clone(), state, seen).await?;
        let store = Arc::into_inner(store).ok_or("somebody still holds the store")?;
        return goes_on(&path, store, state.clone()).await;
    }
    goes_on(&path, store, state.clone()).await
}

/// A read model: per stream its events, its last version and the bytes of its payloads.
type Drawing = BTreeMap<Arc<str>, (u64, u64, usize)>;

fn draw(drawing: &mut Drawing, event: &RecordedEvent) {
    let row = drawing.entry(event.stream_id.clone()).or_default();
    *row = (row.0 + 1, event.version, row.2 + event.data.get().len());
}

/// A read model that had seen `seen` events before the power went, and goes on from there.
async fn catches_up(store: Arc<SqliteStore>, state: &Model, seen: u64) -> Result<(), Complaint> {
    let (mut wanted, mut drawn) = (Drawing::new(), Drawing::new());
    state.log.iter().for_each(|event| draw(&mut wanted, event));
    state.log[..seen as usize].iter().for_each(|event| draw(&mut drawn, event));
    let head = store.head();
    let mut subscription = Subscription::new(store, seen, Filter::all());
    while subscription.caught_up_to() < head {
        let page = subscription.try_page(7).await.map_err(|error| error.to_string())?;
        page.iter().for_each(|event| draw(&mut drawn, event));
    }
    if drawn == wanted {
        Ok(())
    } else {
        Err(format!("read model from {seen}: {drawn:?}, wanted {wanted:?}"))
    }
}
