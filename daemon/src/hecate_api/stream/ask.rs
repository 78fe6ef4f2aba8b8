//! What a stream's client asks for: which facts, and behind which one to begin.

use super::super::params;
use super::ids::{Ids, position};
use hecate_desk::{Process, Refusal, Refused, Rule};
use hecate_event_store::Filter;
use hecate_proto::id::kind_of;
use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

const LAST_EVENT_ID: &str = "Last-Event-ID";
const FILTERS: [&str; 4] = ["venture_id", "division_id", "process", "types"];
const TYPES_MAX: usize = 100;
/// What the stream of many topics serves.
const TOPICS: [&str; 1] = ["facts"];

const AMBIGUOUS_START: Refusal =
    Refusal::new(400, "ambiguous_start", "Say `from` (inclusive) or `after` (exclusive), not both.");

type Params = BTreeMap<String, String>;

/// A request for facts.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct FactsAsked {
    pub(super) filter: Filter,
    /// Begin behind this position; none begins at the live end.
    pub(super) after: Option<u64>,
}

impl FactsAsked {
    /// Reads a query string, and the id of the last frame that a client saw which connects again.
    pub(super) fn read(
        query: Option<&str>,
        last_seen: Option<&str>,
        ids: Ids,
        processes: &[Arc<dyn Process>],
    ) -> Result<Self, Refused> {
        let own = match ids {
            Ids::Positions => "from",
            Ids::Cursors => "topics",
        };
        let params = params::known(query, &[own, "after", FILTERS[0], FILTERS[1], FILTERS[2], FILTERS[3]])?;
        if ids == Ids::Cursors {
            check_topics(params.get("topics"))?;
        }
        Ok(Self { filter: filter(&params, processes)?, after: resume(&params, last_seen, ids)? })
    }
}

fn check_topics(topics: Option<&String>) -> Result<(), Refused> {
    let hint = || format!("Served: {}.", TOPICS.join(", "));
    let Some(topics) = topics else { return Err(Refusal::rule("topics", Rule::Required, hint())) };
    let known = topics.split(',').all(|topic| TOPICS.contains(&topic));
    if known { Ok(()) } else { Err(Refusal::rule("topics", Rule::Enum, hint())) }
}

/// The position behind which to begin: `?from=` names the first one wanted, `?after=` the last one seen.
/// What the client saw last wins over its address, which stays the same when it connects again.
fn resume(params: &Params, last_seen: Option<&str>, ids: Ids) -> Result<Option<u64>, Refused> {
    let named = match (params.get("from"), params.get("after")) {
        (Some(_), Some(_)) => return Err(AMBIGUOUS_START.about("field", "after")),
        (Some(from), None) => Some(position(from, "from")?.saturating_sub(1)),
        (None, Some(after)) => ids.read(after, "after")?,
        (None, None) => None,
    };
    last_seen.map_or(Ok(named), |id| ids.read(id, LAST_EVENT_ID))
}

fn filter(params: &Params, processes: &[Arc<dyn Process>]) -> Result<Filter, Refused> {
    let venture = params.get("venture_id").map(|id| id_tag("venture_id", "venture", id)).transpose()?;
    let division = params.get("division_id").map(|id| id_tag("division_id", "division", id)).transpose()?;
    let process = params.get("process").map(|name| process_tag(name, processes)).transpose()?;
    let types = params.get("types").map(|list| types(list)).transpose()?;
    let tags = [venture, division, process].into_iter().flatten().map(Arc::from).collect();
    Ok(Filter { types, tags, ..Filter::all() })
}

fn id_tag(field: &str, noun: &str, id: &str) -> Result<String, Refused> {
    match kind_of(field) {
        Some(kind) if !kind.accepts(id) => {
            Err(Refusal::rule(field, Rule::Pattern, format!("It is `{}` and a ULID.", kind.prefix)))
        }
        _ => Ok(format!("{noun}:{id}")),
    }
}

fn process_tag(name: &str, processes: &[Arc<dyn Process>]) -> Result<String, Refused> {
    let names: Vec<&str> = processes.iter().map(|process| process.spec().name).collect();
    if names.contains(&name) {
        return Ok(format!("process:{name}"));
    }
    Err(Refusal::rule("process", Rule::Enum, format!("Known: {}.", names.join(", "))))
}

fn types(list: &str) -> Result<BTreeSet<Arc<str>>, Refused> {
    let types: Vec<Arc<str>> = list.split(',').map(Arc::from).collect();
    if types.iter().any(|name| name.is_empty()) {
        return Err(Refusal::rule("types", Rule::Blank, "Event types, separated by commas."));
    }
    if types.len() > TYPES_MAX {
        return Err(Refusal::rule("types", Rule::TooLong, format!("At most {TYPES_MAX} event types.")));
    }
    Ok(types.into_iter().collect())
}

#[cfg(test)]
mod tests {
    use super::*;

    const VENTURE: &str = "v-01ARZ3NDEKTSV4RRFFQ69G5FAV";

    fn facts(query: &str, last_seen: Option<&str>) -> Result<FactsAsked, Refused> {
        FactsAsked::read(Some(query), last_seen, Ids::Positions, &[])
    }

    fn broken<T: std::fmt::Debug>(read: Result<T, Refused>) -> (String, String) {
        let details = read.unwrap_err().details;
        let text = |key: &str| details[key].as_str().unwrap_or_default().to_owned();
        (text("field"), text("rule"))
    }

    #[test]
    fn a_stream_begins_where_its_client_left_off() {
        let after = |query, last_seen| facts(query, last_seen).unwrap().after;
        assert_eq!(after("", None), None);
        assert_eq!(after("from=5", None), Some(4));
        assert_eq!(after("from=0", None), Some(0));
        assert_eq!(after("after=5", None), Some(5));
        assert_eq!(after("after=5", Some("9")), Some(9));
    }

    #[test]
    fn filters_become_tags_and_types() {
        let asked = facts(&format!("venture_id={VENTURE}&types=a_v1,b_v2"), None).unwrap();
        let expected =
            Filter { tags: vec![format!("venture:{VENTURE}").into()], ..Filter::types(["a_v1", "b_v2"]) };
        assert_eq!(asked.filter, expected);
    }

    #[test]
    fn what_nobody_could_have_meant_is_refused_by_name() {
        for (query, field, rule) in [
            ("from=x", "from", "type"),
            ("venture_id=d-1", "venture_id", "pattern"),
            ("process=make_tea", "process", "enum"),
            ("types=a_v1,", "types", "blank"),
            ("type=a_v1", "type", "unknown_field"),
        ] {
            assert_eq!(broken(facts(query, None)), (field.to_owned(), rule.to_owned()), "{query}");
        }
        assert!(facts("from=1&after=1", None).unwrap_err().is(AMBIGUOUS_START));
        assert_eq!(broken(facts("", Some("x"))), ("Last-Event-ID".to_owned(), "type".to_owned()));
    }

    #[test]
    fn topics_are_those_that_are_served() {
        let read = |query: &str| FactsAsked::read(Some(query), None, Ids::Cursors, &[]);
        assert_eq!(read("topics=facts").unwrap().after, None);
        assert_eq!(broken(read("")), ("topics".to_owned(), "required".to_owned()));
        assert_eq!(broken(read("topics=facts,tree")), ("topics".to_owned(), "enum".to_owned()));
        let cursor = Ids::Cursors.write(3);
        assert_eq!(read(&format!("topics=facts&after={cursor}")).unwrap().after, Some(3));
        assert_eq!(broken(read("topics=facts&from=3")), ("from".to_owned(), "unknown_field".to_owned()));
        assert!(read("topics=facts&after=3").unwrap_err().is(Refusal::INVALID_CURSOR));
    }
}
