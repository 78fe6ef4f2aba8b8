//! The optional configuration file. Read by hand rather than by serde, which stops at the first fault.

use super::fault::{Fault, Origin, Said};
use super::{Environment, SETTINGS, places};
use std::collections::BTreeMap;
use std::io::ErrorKind;
use std::ops::Range;
use std::path::{Path, PathBuf};
use toml::de::{DeTable, DeValue};

/// What the file says; nothing where there is no file and none was asked for.
pub(super) fn read(
    named: Option<&Path>,
    environment: &Environment,
    faults: &mut Vec<Fault>,
) -> BTreeMap<&'static str, Said> {
    let named = named.map(Path::to_owned).or_else(|| environment.get("HECATE_CONFIG").map(PathBuf::from));
    let candidates = named.clone().map_or_else(|| places::config_files(environment), |file| vec![file]);
    for path in candidates {
        match std::fs::read_to_string(&path) {
            Ok(text) => return parse(&path, &text, faults),
            Err(error) if error.kind() == ErrorKind::NotFound && named.is_none() => {}
            Err(error) => {
                let origin = Origin::File(path.display().to_string(), 1, 1);
                faults.push(Fault::at(
                    origin,
                    format!("cannot be read: {error}"),
                    "name a file that can be read",
                ));
            }
        }
    }
    BTreeMap::new()
}

fn parse(path: &Path, text: &str, faults: &mut Vec<Fault>) -> BTreeMap<&'static str, Said> {
    let place = |at: Range<usize>| {
        let before = text.get(..at.start).unwrap_or(text);
        let line_start = before.rfind('\n').map_or(0, |newline| newline + 1);
        Origin::File(
            path.display().to_string(),
            before.matches('\n').count() + 1,
            before[line_start..].chars().count() + 1,
        )
    };
    let (document, syntax) = DeTable::parse_recoverable(text);
    faults.extend(syntax.iter().map(|error| {
        Fault::at(
            place(error.span().unwrap_or(0..0)),
            format!("not TOML: {}", error.message()),
            "mend the syntax",
        )
    }));
    let mut said = BTreeMap::new();
    for (key, value) in document.get_ref() {
        let Some(setting) = SETTINGS.iter().find(|setting| setting.key == key.get_ref().as_ref()) else {
            let known: Vec<_> = SETTINGS.iter().map(|setting| setting.key).collect();
            let message = format!("unknown key `{}`", key.get_ref());
            faults.push(Fault::at(place(key.span()), message, format!("known are {}", known.join(", "))));
            continue;
        };
        match flat_text(value.get_ref()) {
            Some(text) => drop(said.insert(setting.key, Said { text, origin: place(value.span()) })),
            None => {
                let message = format!("`{}` is of type {}", setting.key, value.get_ref().type_str());
                faults.push(Fault::at(place(value.span()), message, "write a string"));
            }
        }
    }
    said
}

/// A string, a flag, or a list of strings joined by commas.
fn flat_text(value: &DeValue<'_>) -> Option<String> {
    match value {
        DeValue::String(text) => Some(text.to_string()),
        DeValue::Boolean(flag) => Some(flag.to_string()),
        DeValue::Array(items) => {
            let texts: Option<Vec<_>> = items.iter().map(|item| item.get_ref().as_str()).collect();
            Some(texts?.join(","))
        }
        _ => None,
    }
}
