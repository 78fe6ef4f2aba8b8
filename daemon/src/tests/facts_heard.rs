//! Nothing is told in vain: somebody here reacts to a fact, draws it, or it leaves the node.

use crate::{MODELS, PROCESSES};
use hecate_desk::Emits;
use std::collections::BTreeSet;

#[tokio::test]
async fn every_fact_that_is_told_is_heard_drawn_or_marked_for_the_mesh() {
    let listened = PROCESSES.iter().flat_map(|process| (process.hears)()).map(|hears| hears.event_type);
    let drawn = MODELS.iter().flat_map(|model| model.draws());
    let heard: BTreeSet<&str> = listened.chain(drawn).collect();
    let house = crate::house::a_house();
    let told: Vec<_> = house.processes.iter().flat_map(|process| process.event_types()).collect();
    assert!(told.len() >= 100, "{} types are few", told.len());
    let in_vain = told
        .iter()
        .filter(|(event_type, emits)| !matches!(emits, Emits::GroupAndMesh) && !heard.contains(event_type));
    assert_eq!(in_vain.map(|(event_type, _)| *event_type).collect::<Vec<_>>(), [""; 0]);
    // And nobody waits for what is never told.
    let recorded: BTreeSet<&str> = told.iter().map(|(event_type, _)| *event_type).collect();
    assert_eq!(heard.difference(&recorded).collect::<Vec<_>>(), [&""; 0]);
}
