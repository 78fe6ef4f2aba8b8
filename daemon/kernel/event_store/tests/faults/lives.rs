//! Thousands of stores with hard lives: random commands, a power cut anywhere, opened again, cut again, often
//! in the middle of that opening, and judged after each.

use hecate_disk::simulation::Model as DiskModel;
use hecate_event_store::Options;
use tempfile::TempDir;

use crate::author::Author;
use crate::ground::{Bench, Dice, WAL_BYTES, all_cores, file, folder, number, options};
use crate::judgement::{Complaint, goes_on, open, which};
use crate::model::Model;
use crate::recording::Recording;

#[test]
fn a_few_stores_survive_hard_lives() {
    live(number("HECATE_FAULT_LIVES", 600));
}

#[test]
#[ignore = "minutes"]
fn many_stores_survive_hard_lives() {
    live(number("HECATE_FAULT_LIVES", 20_000));
}

fn live(lives: u64) {
    let first = number("HECATE_FAULT_SEED", 1_000_000);
    let took = all_cores(lives, Bench::new, |bench, life| {
        let seed = first + life;
        let judged = bench.run(hard_life(seed));
        judged.unwrap_or_else(|complaint| panic!("HECATE_FAULT_SEED={seed}: {complaint}"));
    });
    println!("lives: seeds {first}..{}, judged in {took:?}", first + lives);
}

async fn hard_life(seed: u64) -> Result<(), Complaint> {
    let mut dice = Dice::new(seed);
    let (mut home, mut state) = (folder(), Model::default());
    let cuts = 1 + dice.below(3);
    for cut in 0..cuts {
        (home, state) = one_cut(&mut dice, home, state).await.map_err(|said| format!("cut {cut}: {said}"))?;
    }
    let (path, clock_us) = (file(home.path()), state.clock_us);
    let store = open(&path)?;
    which(&store, [&state], clock_us).await?;
    goes_on(&path, store, state).await
}

/// Lives for a while and loses its power. Answers what is left, and what that is.
async fn one_cut(dice: &mut Dice, home: TempDir, start: Model) -> Result<(TempDir, Model), Complaint> {
    let commands = dice.among(&[0, 1, 3, 10, 30]);
    let steps = Author::after(dice.draw(), &start).life(commands);
    let wal_bytes = dice.among(&[0, 30_000, WAL_BYTES, WAL_BYTES]);
    let options = Options { wal_bytes, ..options() };
    let recording = Recording::of(home.path(), options, start, &steps).await;
    let calls = recording.calls() + 1;
    let at = 1 + if dice.one_in(3) { dice.below(calls.min(12)) } else { dice.below(calls) };
    let (model, there) = (dice.among(&DiskModel::ALL), folder());
    let told = recording.cut(at, model, dice.draw(), there.path());
    let fail = |said| format!("{told}: {said}");
    let allowed = recording.allowed(at);
    // Looked at in a copy: what opens next shall find what the cut left.
    let copy = copied(&there);
    let store = open(&file(copy.path())).map_err(fail)?;
    let states = allowed.states.iter().map(|(_, model)| model);
    let state = which(&store, states, allowed.clock_us).await.map_err(fail)?;
    Ok((there, state.at(allowed.clock_us)))
}

fn copied(folder: &TempDir) -> TempDir {
    let copy = crate::ground::folder();
    for entry in std::fs::read_dir(folder.path()).unwrap() {
        let entry = entry.unwrap();
        std::fs::copy(entry.path(), copy.path().join(entry.file_name())).unwrap();
    }
    copy
}
