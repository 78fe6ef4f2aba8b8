//! What a stream's client asks for: which facts, and behind which one to begin.

use super::super::{headers::digits, params};
use super::cursor::Cursor;
use hecate_desk::{Process, Refusal, Refused};
use hecate_event_store::Filter;
use hecate_proto::id::kind_of;
use std::collections::BTreeMap;
use std::sync::Arc;

const LAST_EVENT_ID: &str = "Last-Event-ID";
const FILTERS: [&str; 4] = ["venture_id", "division_id", "process", "types"];
const TYPES_MAX: usize = 100;
/// What the stream of many topics serves.
const TOPICS: [&str; 1] = ["facts"];

type Params = BTreeMap<String, String>;

/// A request for facts.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct FactsAsked {
    pub(super) filter: Filter,
    /// Begin behind this position; none begins at the live end.
    pub(super) after: Option<u64>,
}

/// A request for several topics.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct TopicsAsked {
    pub(super) facts: FactsAsked,
}

impl FactsAsked {
    /// `last_seen` comes from a client that connects again and so wins over the address, which stays the same.
    pub(super) fn read(
        query: Option<&str>,
        last_seen: Option<&str>,
        processes: &[Arc<dyn Process>],
    ) -> Result<Self, Refused> {
        let params =
            params::known(query, &["from", "after", FILTERS[0], FILTERS[1], FILTERS[2], FILTERS[3]])?;
        let named = behind(&params)?;
        let seen = last_seen.map(|id| position(id, LAST_EVENT_ID)).transpose()?;
        Ok(Self { filter: filter(&params, processes)?, after: seen.or(named) })
    }
}

impl TopicsAsked {
    pub(super) fn read(
        query: Option<&str>,
        last_seen: Option<&str>,
        processes: &[Arc<dyn Process>],
    ) -> Result<Self, Refused> {
        let params =
            params::known(query, &["topics", "after", FILTERS[0], FILTERS[1], FILTERS[2], FILTERS[3]])?;
        check_topics(params.get("topics"))?;
        let named = params.get("after").map(|cursor| Cursor::decode(cursor, "after")).transpose()?;
        let seen = last_seen.map(|id| Cursor::decode(id, LAST_EVENT_ID)).transpose()?;
        let after = seen.or(named).and_then(|cursor| cursor.facts);
        Ok(Self { facts: FactsAsked { filter: filter(&params, processes)?, after } })
    }
}

fn check_topics(topics: Option<&String>) -> Result<(), Refused> {
    let hint = || format!("Served: {}.", TOPICS.join(", "));
    let Some(topics) = topics else { return Err(Refusal::rule("topics", "required", hint())) };
    let known = topics.split(',').all(|topic| TOPICS.contains(&topic));
    if known { Ok(()) } else { Err(Refusal::rule("topics", "enum", hint())) }
}

/// `?from=` names the first position wanted, `?after=` the last one seen.
fn behind(params: &Params) -> Result<Option<u64>, Refused> {
    match (params.get("from"), params.get("after")) {
        (Some(_), Some(_)) => Err(Refusal::rule(
            "after",
            "unknown_field",
            "Say `from` (inclusive) or `after` (exclusive), not both.",
        )),
        (Some(from), None) => Ok(Some(position(from, "from")?.saturating_sub(1))),
        (None, after) => after.map(|after| position(after, "after")).transpose(),
    }
}

fn position(text: &str, field: &str) -> Result<u64, Refused> {
    digits(text).ok_or_else(|| Refusal::rule(field, "type", "It is a position in the log, a number."))
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
            Err(Refusal::rule(field, "pattern", format!("It is `{}` and a ULID.", kind.prefix)))
        }
        _ => Ok(format!("{noun}:{id}")),
    }
}

fn process_tag(name: &str, processes: &[Arc<dyn Process>]) -> Result<String, Refused> {
    let names: Vec<&str> = processes.iter().map(|process| process.spec().name).collect();
    if names.contains(&name) {
        return Ok(format!("process:{name}"));
    }
    Err(Refusal::rule("process", "enum", format!("Known: {}.", names.join(", "))))
}

fn types(list: &str) -> Result<Vec<Arc<str>>, Refused> {
    let types: Vec<Arc<str>> = list.split(',').map(Arc::from).collect();
    if types.iter().any(|name| name.is_empty()) {
        return Err(Refusal::rule("types", "blank", "Event types, separated by commas."));
    }
    if types.len() > TYPES_MAX {
        return Err(Refusal::rule("types", "too_long", format!("At most {TYPES_MAX} event types.")));
    }
    Ok(types)
}

#[cfg(test)]
mod tests {
    use super::*;

    const VENTURE: &str = "v-01ARZ3NDEKTSV4RRFFQ69G5FAV";

    fn facts(query: &str, last_seen: Option<&str>) -> Result<FactsAsked, Refused> {
        FactsAsked::read(Some(query), last_seen, &[])
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
            ("from=1&after=1", "after", "unknown_field"),
            ("venture_id=d-1", "venture_id", "pattern"),
            ("process=make_tea", "process", "enum"),
            ("types=a_v1,", "types", "blank"),
            ("type=a_v1", "type", "unknown_field"),
        ] {
            assert_eq!(broken(facts(query, None)), (field.to_owned(), rule.to_owned()), "{query}");
        }
        assert_eq!(broken(facts("", Some("x"))), ("Last-Event-ID".to_owned(), "type".to_owned()));
    }

    #[test]
    fn topics_are_those_that_are_served() {
        let read = |query: &str| TopicsAsked::read(Some(query), None, &[]);
        assert_eq!(read("topics=facts").unwrap().facts.after, None);
        assert_eq!(broken(read("")), ("topics".to_owned(), "required".to_owned()));
        assert_eq!(broken(read("topics=facts,tree")), ("topics".to_owned(), "enum".to_owned()));
        let cursor = Cursor { facts: Some(3) }.encode();
        assert_eq!(read(&format!("topics=facts&after={cursor}")).unwrap().facts.after, Some(3));
        assert!(read("topics=facts&after=3").unwrap_err().is(Refusal::INVALID_CURSOR));
    }
}
