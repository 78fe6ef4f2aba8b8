//! Samples as a story in a real log, and what the daemon makes of it: facts, rows, refusals.

use crate::sample::{Sample, write_log};
use hecate_proto::catalogue::{Catalogue, DeskSheet, QuerySheet};
use hecate_proto::route;
use hecate_tests::daemon::Place;
use hecate_tests::http::Client;
use hecate_tests::ventures::seen;
use serde_json::{Map, Value, json};
use std::collections::BTreeMap;

/// Samples that fit together: each event of the story in one of its versions.
pub(crate) struct Story {
    pub(crate) name: String,
    pub(crate) events: Vec<Sample>,
}

/// One story in the newest versions of all events, and one more for each older version, which takes the
/// place of its newest.
pub(crate) fn stories(samples: &[Sample]) -> Vec<Story> {
    let mut by_age: Vec<&Sample> = samples.iter().collect();
    by_age.sort_by_key(|sample| sample.versioned().1);
    let newest: BTreeMap<&str, &Sample> =
        by_age.into_iter().map(|sample| (sample.versioned().0, sample)).collect();
    let story = |name: &str, instead: Option<&Sample>| {
        let others =
            newest.iter().filter(|(stem, _)| instead.is_none_or(|older| older.versioned().0 != **stem));
        let mut events: Vec<Sample> = others.map(|(_, sample)| *sample).chain(instead).cloned().collect();
        events.sort_by_key(|event| event.position);
        Story { name: name.to_owned(), events }
    };
    let older = samples.iter().filter(|sample| newest[sample.versioned().0].event_type != sample.event_type);
    let retold = older.map(|older| story(&older.event_type, Some(older)));
    std::iter::once(story("newest", None)).chain(retold).collect()
}

/// Starts the daemon on the story: the facts that it shows, the answer of every query, and how every desk
/// that asks for nothing answers, which takes the whole fold.
pub(crate) fn tell(events: &[Sample]) -> Value {
    let folder = tempfile::tempdir().unwrap();
    let place = Place::new(folder.path());
    write_log(&place, events);
    let daemon = place.start();
    let client = daemon.client();
    let facts = daemon.facts_after(0).facts(events.len());
    let catalogue: Catalogue = client.get(route::DESKS).expect(200).read();
    let ids = ids_of(events);
    let queries = catalogue.queries.iter().map(|query| answer(&client, query, &ids, events.len()));
    let desks = catalogue.desks.iter().filter(|desk| asks_for_nothing(desk));
    let told = json!({
        "facts": facts,
        "queries": queries.collect::<Map<_, _>>(),
        "desks": desks.map(|desk| refusal(&client, desk, &ids)).collect::<Map<_, _>>(),
    });
    assert_eq!(daemon.terminate().0, Some(0));
    told
}

/// The things that the story is about, by the parameter that names them: `venture_id`; and `model`, which is
/// a name of the house and no id.
fn ids_of(events: &[Sample]) -> BTreeMap<String, String> {
    let tags = events.iter().flat_map(|event| &event.tags).filter_map(|tag| tag.split_once(':'));
    let tagged = tags.map(|(noun, id)| (format!("{noun}_id"), id.to_owned()));
    let models = events.iter().filter_map(|event| event.data["model"].as_str());
    tagged.chain(models.map(|model| ("model".to_owned(), model.to_owned()))).collect()
}

fn fill(path: &str, params: &[String], ids: &BTreeMap<String, String>) -> String {
    params.iter().fold(path.to_owned(), |path, param| {
        let id = ids.get(param).unwrap_or_else(|| panic!("no sample is tagged with the {param} of {path}"));
        path.replace(&format!("{{{param}}}"), id)
    })
}

fn answer(
    client: &Client,
    query: &QuerySheet,
    ids: &BTreeMap<String, String>,
    head: usize,
) -> (String, Value) {
    let all = query.params["properties"]["include_archived"].is_object();
    let path = fill(&query.path, &query.path_params, ids) + if all { "?include_archived=true" } else { "" };
    let answer = client.ask(&seen(&path, head as u64));
    // A story in which everything is archived has no active venture.
    let told = match answer.status {
        200 => answer.json(),
        status => json!({ "status": status, "error": answer.expect(404).json()["error"] }),
    };
    (query.name.clone(), told)
}

fn asks_for_nothing(desk: &DeskSheet) -> bool {
    !desk.allowed_in.before_birth && desk.body.get("required").is_none()
}

fn refusal(client: &Client, desk: &DeskSheet, ids: &BTreeMap<String, String>) -> (String, Value) {
    let answer = client.post(&fill(&desk.path, &desk.path_params, ids), &json!({}));
    assert!(answer.status < 500, "{}: {}", desk.name, answer.text());
    let told = answer.json();
    (
        desk.name.clone(),
        json!({ "status": answer.status, "error": told["error"], "details": told["details"] }),
    )
}

#[cfg(test)]
mod tests {
    use super::stories;
    use crate::sample::Sample;
    use serde_json::json;

    #[test]
    fn every_older_version_takes_its_turn_in_the_story() {
        let id = uuid::Uuid::nil();
        let sample = |event_type: &str, position: u64| -> Sample {
            serde_json::from_value(json!({
                "event_type": event_type, "event_id": id, "stream_id": "jar", "version": position,
                "position": position, "at_us": 0, "data": {}, "tags": [],
                "metadata": {
                    "correlation_id": id, "causation_id": id, "command_id": id,
                    "actor": "uid:1@n", "node_id": "n", "realm": "r",
                },
            }))
            .unwrap()
        };
        let samples = [
            sample("jar_opened_v1", 1),
            sample("jar_closed_v9", 3),
            sample("jar_opened_v2", 1),
            sample("jar_closed_v10", 2),
        ];
        let told: Vec<String> = stories(&samples)
            .iter()
            .map(|story| {
                let types: Vec<&str> = story.events.iter().map(|event| &*event.event_type).collect();
                format!("{}: {}", story.name, types.join(" "))
            })
            .collect();
        assert_eq!(
            told,
            [
                "newest: jar_opened_v2 jar_closed_v10",
                "jar_opened_v1: jar_opened_v1 jar_closed_v10",
                "jar_closed_v9: jar_opened_v2 jar_closed_v9",
            ]
        );
    }
}
