//! What a URL says: the ids in its path and the pairs behind its `?`, percent-decoded, strictly UTF-8.

use axum::RequestExt;
use axum::extract::{RawPathParams, Request, rejection::RawPathParamsRejection};
use hecate_desk::{Refusal, Refused, Rule};
use percent_encoding::percent_decode_str;
use serde_json::{Map, Value};
use std::collections::BTreeMap;

/// The ids that the path names, by parameter.
pub(super) async fn path_ids(request: &mut Request) -> Result<Map<String, Value>, Refused> {
    let read: Result<RawPathParams, RawPathParamsRejection> = request.extract_parts().await;
    let params = read.map_err(|error| no_ids(&error.body_text()))?;
    Ok(params.iter().map(|(name, id)| (name.to_owned(), id.into())).collect())
}

/// axum names the parameter in its text alone, between backticks.
fn no_ids(says: &str) -> Refused {
    not_text(says.split('`').nth(1).unwrap_or("path"))
}

/// The pairs of a query string, in order.
pub(super) fn pairs(query: Option<&str>) -> Result<Vec<(String, String)>, Refused> {
    let parts = query.unwrap_or_default().split('&').filter(|part| !part.is_empty());
    parts.map(|part| pair(part.split_once('=').unwrap_or((part, "")))).collect()
}

/// The parameters of a route whose parameters are these; anything else is refused.
pub(super) fn known(query: Option<&str>, names: &[&str]) -> Result<BTreeMap<String, String>, Refused> {
    let mut params = BTreeMap::new();
    for (name, value) in pairs(query)? {
        if !names.contains(&name.as_str()) {
            return Err(Refusal::rule(&name, Rule::UnknownField, hint(names)));
        }
        if params.insert(name.clone(), value).is_some() {
            return Err(Refusal::rule(&name, Rule::DuplicateKey, "Say each parameter once."));
        }
    }
    Ok(params)
}

fn hint(names: &[&str]) -> String {
    if names.is_empty() {
        "This route takes no parameters.".into()
    } else {
        format!("Known: {}.", names.join(", "))
    }
}

fn pair((name, value): (&str, &str)) -> Result<(String, String), Refused> {
    let name = decode(name).map_err(|lossy| not_text(&lossy))?;
    let value = decode(value).map_err(|_| not_text(&name))?;
    Ok((name, value))
}

fn not_text(field: &str) -> Refused {
    Refusal::rule(field, Rule::Pattern, "Percent-encode UTF-8 text.")
}

/// The text, or what is left of it when it is none.
fn decode(encoded: &str) -> Result<String, String> {
    let escapes = encoded.split('%').skip(1).map(str::as_bytes);
    if !escapes
        .into_iter()
        .all(|escape| matches!(escape, [a, b, ..] if a.is_ascii_hexdigit() && b.is_ascii_hexdigit()))
    {
        return Err(encoded.to_owned());
    }
    let spaced = encoded.replace('+', " ");
    let bytes = percent_decode_str(&spaced);
    bytes
        .clone()
        .decode_utf8()
        .map(|text| text.into_owned())
        .map_err(|_| bytes.decode_utf8_lossy().into_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn pairs_keep_their_order_and_their_doubles() {
        let read = pairs(Some("b=1&a=x%20y+z&&b=2&flag&e=%C3%A9&q=a=b")).unwrap();
        let shown: Vec<String> = read.iter().map(|(name, value)| format!("{name}:{value}")).collect();
        assert_eq!(shown, ["b:1", "a:x y z", "b:2", "flag:", "e:é", "q:a=b"]);
        assert_eq!(pairs(None), Ok(vec![]));
    }

    #[test]
    fn what_is_not_text_is_refused_by_name() {
        for (query, field) in [
            ("a=%ff", "a"),
            ("a%ff=1", "a\u{fffd}"),
            ("a=%", "a"),
            ("a=1%zz", "a"),
            ("a=%2", "a"),
            ("%=1", "%"),
        ] {
            let refused = pairs(Some(query)).unwrap_err();
            assert_eq!(
                (&refused.details["field"], &refused.details["rule"]),
                (&field.into(), &"pattern".into())
            );
        }
    }

    #[test]
    fn a_route_knows_its_parameters() {
        let rule = |query| known(Some(query), &["depth"]).unwrap_err().details["rule"].clone();
        assert_eq!(rule("dept=1"), "unknown_field");
        assert_eq!(rule("depth=1&depth=1"), "duplicate_key");
        assert_eq!(known(Some("depth=1"), &["depth"]).unwrap()["depth"], "1");
    }
}
