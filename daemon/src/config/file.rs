//! The optional configuration file. Read by hand rather than by serde, which stops at the first fault.

use super::fault::{Fault, Origin, Said};
use super::{Environment, SETTINGS, places};
use hecate_supervision::place_of;
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
            Ok(text) => return File { path: &path, text: &text }.parse(faults),
            Err(error) if error.kind() == ErrorKind::NotFound && named.is_none() => {}
            Err(error) => {
                let origin = Origin::File(path.display().to_string(), 1, 1);
                let message = format!("cannot be read: {error}");
                faults.push(Fault::at(origin, message, "name a file that can be read"));
            }
        }
    }
    BTreeMap::new()
}

struct File<'t> {
    path: &'t Path,
    text: &'t str,
}

impl File<'_> {
    fn parse(&self, faults: &mut Vec<Fault>) -> BTreeMap<&'static str, Said> {
        let (document, syntax) = DeTable::parse_recoverable(self.text);
        faults.extend(syntax.iter().map(|error| {
            let place = self.place(error.span().unwrap_or(0..0));
            Fault::at(place, format!("not TOML: {}", error.message()), "mend the syntax")
        }));
        let mut said = BTreeMap::new();
        let mut entries: Vec<_> = document.get_ref().iter().collect();
        entries.sort_by_key(|(key, _)| key.span().start);
        for (key, value) in entries {
            let place = |at| self.place(at);
            match setting(key.get_ref(), value.get_ref()) {
                Ok((key, text)) => drop(said.insert(key, Said { text, origin: place(value.span()) })),
                Err(Wrong::Key) => faults.push(unknown(place(key.span()), key.get_ref())),
                Err(Wrong::Value(wanted)) => {
                    let found = value.get_ref().type_str();
                    let message = format!("`{}` cannot be this {found}", key.get_ref());
                    faults.push(Fault::at(place(value.span()), message, format!("write {wanted}")));
                }
            }
        }
        said
    }

    fn place(&self, at: Range<usize>) -> Origin {
        let (line, column) = place_of(self.text, at.start);
        Origin::File(self.path.display().to_string(), line, column)
    }
}

/// What is wrong with an entry: nobody knows its key, or its value should be something else.
enum Wrong {
    Key,
    Value(&'static str),
}

fn unknown(at: Origin, key: &str) -> Fault {
    let known: Vec<_> = SETTINGS.iter().map(|setting| setting.key).collect();
    Fault::at(at, format!("unknown key `{key}`"), format!("known are {}", known.join(", ")))
}

/// A setting as text: a string that says something; `operators` is a list, `mesh_enabled` a flag.
fn setting(key: &str, value: &DeValue<'_>) -> Result<(&'static str, String), Wrong> {
    let setting = SETTINGS.iter().find(|setting| setting.key == key).ok_or(Wrong::Key)?;
    let (text, wanted) = match (setting.key, value) {
        ("operators", DeValue::Array(items)) => {
            let words: Option<Vec<_>> = items.iter().map(|item| item.get_ref().as_str()).collect();
            (words.map(|words| words.join(",")), "a list of strings")
        }
        ("mesh_enabled", DeValue::Boolean(flag)) => (Some(flag.to_string()), "true or false"),
        (_, DeValue::String(text)) if !text.is_empty() => (Some(text.to_string()), "a string"),
        _ => (None, "a string that says something"),
    };
    text.map(|text| (setting.key, text)).ok_or(Wrong::Value(wanted))
}
