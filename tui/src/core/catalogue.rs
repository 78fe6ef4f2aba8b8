//! Finding desks and queries in the daemon's catalogue, and filling their paths from a row.

use hecate_proto::catalogue::{Catalogue, DeskSheet, QuerySheet};
use serde_json::{Map, Value};

/// The noun of the rows that the board shows.
pub const VENTURE: &str = "venture";

/// The query that answers a page of ventures.
pub fn ventures_page(catalogue: &Catalogue) -> Option<&QuerySheet> {
    catalogue.queries.iter().find(|it| it.noun == VENTURE && it.verb == "list")
}

/// The query that answers one venture.
pub fn one_venture(catalogue: &Catalogue) -> Option<&QuerySheet> {
    catalogue.queries.iter().find(|it| it.noun == VENTURE && it.verb == "show")
}

/// The desk that gives birth to a venture.
pub fn venture_birth(catalogue: &Catalogue) -> Option<&DeskSheet> {
    catalogue.desks.iter().find(|it| it.noun == VENTURE && it.allowed_in.before_birth)
}

/// The desks that `names` lists, in the order of the list; names that the catalogue does not know are left out.
pub fn desks_named<'c>(catalogue: &'c Catalogue, names: &[String]) -> Vec<&'c DeskSheet> {
    names.iter().filter_map(|name| catalogue.desks.iter().find(|it| it.name == *name)).collect()
}

/// The path with every parameter replaced by the row's field of that name, or the parameter that is missing.
pub fn fill_path(path: &str, params: &[String], row: &Map<String, Value>) -> Result<String, String> {
    params.iter().try_fold(path.to_owned(), |filled, param| {
        let id = row.get(param).and_then(Value::as_str).ok_or_else(|| param.clone())?;
        Ok(filled.replace(&format!("{{{param}}}"), &percent_encoded(id)))
    })
}

/// Whether the query's parameters name `param`.
pub fn takes_param(query: &QuerySheet, param: &str) -> bool {
    query.params.get("properties").and_then(|all| all.get(param)).is_some()
}

/// Text as one path segment or query value: everything but unreserved characters is escaped.
pub fn percent_encoded(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for byte in text.bytes() {
        if byte.is_ascii_alphanumeric() || b"-._~".contains(&byte) {
            out.push(char::from(byte));
            continue;
        }
        out.push('%');
        out.extend([byte >> 4, byte & 15].map(|half| char::from(b"0123456789ABCDEF"[usize::from(half)])));
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn a_path_is_filled_from_the_row_and_cannot_be_broken_out_of() {
        let row = json!({"thing_id": "a/b ?é"});
        let row = row.as_object().expect("an object");
        let params = ["thing_id".to_owned()];
        let filled = fill_path("/api/things/{thing_id}/do", &params, row);
        assert_eq!(filled, Ok("/api/things/a%2Fb%20%3F%C3%A9/do".to_owned()));
        let missing = fill_path("/{other}", &["other".to_owned()], row);
        assert_eq!(missing, Err("other".to_owned()));
    }
}
