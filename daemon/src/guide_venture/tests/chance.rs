//! Ventures that go anywhere: whatever happened in whatever order, the file says what the log says.
//! `HECATE_TEST_SEED` repeats a run.

use super::super::GuideVenture;
use super::world::World;
use crate::deploy_division::Deployment;
use crate::design_division::Design;
use crate::discover_divisions::Discovery;
use crate::generate_division::Generation;
use crate::monitor_division::Monitoring;
use crate::plan_division::Plan;
use crate::rescue_division::Rescue;
use crate::setup_venture::Venture;
use crate::test_division::Testing;
use crate::tests::operation::asks_behind_a_design;
use hecate_desk::{Aggregate, Folded, shown};
use hecate_proto::guide::TaskState;
use hecate_read_model::kit::{self, survives_kills};
use rusqlite::Connection;
use serde_json::{Value, json};
use std::collections::BTreeMap;
use uuid::Uuid;

const STEPS: u64 = 1_500;
/// How often who draws the guide is killed before it is done.
const KILLS: u32 = 100;

/// Throws that follow from a seed, which is printed.
struct Dice(u64);

impl Dice {
    fn announced() -> Dice {
        let given = std::env::var("HECATE_TEST_SEED").ok().and_then(|text| text.parse().ok());
        let seed: u64 = given.unwrap_or_else(|| Uuid::now_v7().as_u64_pair().1);
        eprintln!("HECATE_TEST_SEED={seed}");
        Dice(seed.wrapping_mul(0x9e37_79b9_7f4a_7c15) | 1)
    }

    fn below(&mut self, end: u64) -> u64 {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        (self.0 >> 16) % end
    }

    fn one_of<'t, T>(&mut self, things: &'t [T]) -> Option<&'t T> {
        things.get(self.below(things.len().max(1) as u64) as usize)
    }
}

/// Who may be asked for something.
#[derive(Default)]
struct People {
    ventures: Vec<Value>,
    /// Each with its venture.
    divisions: Vec<(Value, Value)>,
}

impl People {
    async fn step(&mut self, world: &World, dice: &mut Dice) {
        match dice.below(20) {
            0 if dice.below(5) == 0 || self.ventures.is_empty() => {
                self.ventures.push(world.a_venture("Shop").await)
            }
            0..4 => world.listen().await,
            4..7 => self.ask_of_a_venture(world, dice).await,
            7..9 => self.discover(world, dice).await,
            9 if dice.below(4) == 0 => self.dismiss(world, dice).await,
            10..14 => self.ask_of_a_design(world, dice).await,
            _ => self.ask_behind_a_design(world, dice).await,
        }
    }

    async fn ask_of_a_venture(&self, world: &World, dice: &mut Dice) {
        let Some(venture) = dice.one_of(&self.ventures) else { return };
        let refine = json!({ "brief": format!("Sell {}", dice.below(3)) });
        let (desk, body) = match dice.below(20) {
            0..4 => ("refine_vision", refine),
            4..8 => ("submit_vision", json!({})),
            8..13 => ("start_discovery", json!({})),
            13 => ("pause_discovery", json!({"reason": "Break"})),
            14 => ("resume_discovery", json!({})),
            15 => ("complete_discovery", json!({})),
            16..18 => ("reopen_discovery", json!({"reason": "More"})),
            18 if dice.below(10) == 0 => ("archive_discovery", json!({"cascade": dice.below(2) == 0})),
            19 if dice.below(10) == 0 => ("archive_venture", json!({"cascade": dice.below(2) == 0})),
            _ => ("resume_discovery", json!({})),
        };
        expected(world.ask(desk, venture.clone(), body).await);
    }

    async fn discover(&mut self, world: &World, dice: &mut Dice) {
        let Some(venture) = dice.one_of(&self.ventures) else { return };
        let ask = json!({ "division_name": format!("division-{}", dice.below(6)) });
        if !expected(world.ask("discover_division", venture.clone(), ask).await) {
            return;
        }
        let found = world.facts(world.head() - 1).await.pop().unwrap();
        let data: Value = serde_json::from_str(found.data.get()).unwrap();
        self.divisions.push((json!({"division_id": data["division_id"]}), venture.clone()));
    }

    async fn dismiss(&self, world: &World, dice: &mut Dice) {
        let Some((division, venture)) = dice.one_of(&self.divisions) else { return };
        let ask = json!({"division_id": division["division_id"], "reason": "None"});
        if expected(world.ask("dismiss_division", venture.clone(), ask).await) && dice.below(2) == 0 {
            // Heard before the discovery of the division is.
            world.react(world.facts(world.head() - 1).await.last().unwrap()).await;
        }
    }

    async fn ask_of_a_design(&self, world: &World, dice: &mut Dice) {
        let Some((division, _)) = dice.one_of(&self.divisions) else { return };
        let name = format!("order_{}", dice.below(2));
        let aggregate = json!({"aggregate_name": name, "stream_pattern": "order-{order_id}"});
        let event = json!({"event_name": format!("{name}_taken_v1"), "aggregate_name": name});
        let (desk, body) = match dice.below(16) {
            0..4 => ("start_design", json!({})),
            4..6 => ("design_aggregate", aggregate),
            6..8 => ("design_event", event),
            8 => ("pause_design", json!({"reason": "Break"})),
            9..11 => ("resume_design", json!({})),
            11..13 => ("complete_design", json!({})),
            13..15 => ("reopen_design", json!({"reason": "More"})),
            _ if dice.below(10) == 0 => ("archive_design", json!({})),
            _ => ("start_design", json!({})),
        };
        expected(world.ask(desk, division.clone(), body).await);
    }

    /// Anything of what comes behind a design.
    async fn ask_behind_a_design(&self, world: &World, dice: &mut Dice) {
        let Some((division, _)) = dice.one_of(&self.divisions) else { return };
        let id = division["division_id"].as_str().unwrap();
        let asks = asks_behind_a_design(id);
        let Some((desk, body)) = dice.one_of(&asks) else { return };
        expected(world.ask(desk, division.clone(), body.clone()).await);
    }
}

/// Whether it was done; who asks at random is often told no, but nothing breaks.
fn expected<T>(answer: Result<T, hecate_desk::Refused>) -> bool {
    if let Err(refused) = &answer {
        assert!(refused.status < 500, "{refused:?}");
    }
    answer.is_ok()
}

#[tokio::test]
async fn wherever_ventures_go_the_file_equals_one_drawn_anew_and_agrees_with_every_aggregate() {
    let (mut dice, mut people, mut world) = (Dice::announced(), People::default(), World::begin().await);
    for step in 0..STEPS {
        people.step(&world, &mut dice).await;
        if step % 500 == 300 {
            world = world.restarted().await;
        }
    }
    assert!(world.head() > 100, "nothing much happened");
    let rows = world.rows().await;
    assert_eq!(rows, world.rows_drawn_anew().await);
    world = world.restarted().await;
    assert_eq!(rows, world.rows().await);
    let log = world.store.get().unwrap();
    survives_kills::<GuideVenture>(&log, &mut kit::Dice::new(dice.below(u64::MAX)), KILLS).await;
    agree_with_the_aggregates(&world).await;
    for venture in &people.ventures {
        agree_with_themselves(&world, venture).await;
    }
    world.end().await;
}

/// The row of one dossier: of a division, or of one of its incidents.
const OF_A_DIVISION: &str = "FROM division_process WHERE process = ?2 AND ?1 =
    division_id || CASE incident_id WHEN '' THEN '' ELSE '-' || incident_id END";

/// Every status, but for flags that a process sets while it is at work, and its open desks are what the aggregate's own fold of the log says.
async fn agree_with_the_aggregates(world: &World) {
    let mut streams: BTreeMap<String, Vec<_>> = BTreeMap::new();
    for fact in world.facts(0).await {
        streams.entry(fact.stream_id.to_string()).or_default().push(fact);
    }
    let db = Connection::open(world.folder.path().join("guide_venture.sqlite")).unwrap();
    for (stream_id, facts) in &streams {
        let facts: Vec<(&str, &str)> =
            facts.iter().map(|fact| (&*fact.event_type, fact.data.get())).collect();
        let (kind, id) = stream_id.split_once('-').unwrap();
        let ((status, open), sql) = match kind {
            "setup" => (folded::<Venture>(&facts), "FROM venture_progress WHERE venture_id = ?1"),
            "discovery" => (
                folded::<Discovery>(&facts),
                "FROM division_process WHERE venture_id = ?1 AND division_id = ''",
            ),
            "design" => (folded::<Design>(&facts), OF_A_DIVISION),
            "plan" => (folded::<Plan>(&facts), OF_A_DIVISION),
            "generation" => (folded::<Generation>(&facts), OF_A_DIVISION),
            "testing" => (folded::<Testing>(&facts), OF_A_DIVISION),
            "deployment" => (folded::<Deployment>(&facts), OF_A_DIVISION),
            "monitoring" => (folded::<Monitoring>(&facts), OF_A_DIVISION),
            "rescue" => (folded::<Rescue>(&facts), OF_A_DIVISION),
            other => panic!("a stream of {other}"),
        };
        // Of the flags that a division's process has of its own the guide keeps those that completion sets.
        let flags = if sql == OF_A_DIVISION && kind != "testing" { 31 } else { u32::MAX };
        let sql = format!("SELECT status & {flags}, available_actions {sql}");
        let verb = match kind {
            "generation" => "generate",
            "testing" => "test",
            "deployment" => "deploy",
            "monitoring" => "monitor",
            kind => kind,
        };
        let shown = |row: &rusqlite::Row<'_>| Ok((row.get::<_, u32>(0)?, row.get::<_, String>(1)?));
        let drawn = match sql.contains("?2") {
            true => db.query_row(&sql, [id, verb], shown),
            false => db.query_row(&sql, [id], shown),
        };
        assert_eq!(drawn.unwrap(), (status & flags, open), "{stream_id}");
    }
}

fn folded<A: Aggregate>(facts: &[(&str, &str)]) -> (u32, String) {
    let mut folded = Folded::<A>::default();
    facts.iter().for_each(|(event_type, data)| folded.fold(event_type, data).unwrap());
    let status = folded.aggregate().status();
    (status.0, json!(shown::<A>(status).available_actions).to_string())
}

/// What is counted in a venture's row is what is listed.
async fn agree_with_themselves(world: &World, venture: &Value) {
    let (status, tasks) = (world.status(venture).await, world.tasks(venture).await);
    let is_archived = status["phase"] == "archived";
    let blocked = tasks.iter().filter(|task| task.state == TaskState::Blocked).count();
    assert_eq!(status["blocked_count"], blocked, "{status}");
    let divisions = status["division_list"].as_array().unwrap();
    assert_eq!(status["division_count"], divisions.len(), "{status}");
    for division in divisions {
        let id = division["division_id"].as_str();
        let own = tasks.iter().filter(|task| task.division_id.as_deref() == id);
        let blocked = own.filter(|task| task.state == TaskState::Blocked).count();
        assert!(is_archived || division["blocked_count"] == blocked, "{division}");
    }
    assert_eq!(tasks.is_empty(), is_archived, "{status}");
}
