//! The optional configuration file. Read by hand rather than by serde, which stops at the first fault.

use super::fault::{Fault, Origin, Said};
use super::providers::{self, SaidProvider};
use super::{Environment, SETTINGS, places};
use hecate_supervision::place_of;
use std::borrow::Cow;
use std::collections::BTreeMap;
use std::io::ErrorKind;
use std::ops::Range;
use std::path::{Path, PathBuf};
use toml::Spanned;
use toml::de::{DeTable, DeValue};

/// All that the file says.
#[derive(Default)]
pub(super) struct FileSaid {
    pub(super) settings: BTreeMap<&'static str, Said>,
    /// In their order.
    pub(super) providers: Vec<SaidProvider>,
}

/// What the file says; nothing where there is no file and none was asked for.
pub(super) fn read(named: Option<&Path>, environment: &Environment, faults: &mut Vec<Fault>) -> FileSaid {
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
    FileSaid::default()
}

struct File<'t> {
    path: &'t Path,
    text: &'t str,
}

impl File<'_> {
    fn parse(&self, faults: &mut Vec<Fault>) -> FileSaid {
        let (document, syntax) = DeTable::parse_recoverable(self.text);
        faults.extend(syntax.iter().map(|error| {
            let place = self.place(error.span().unwrap_or(0..0));
            Fault::at(place, format!("not TOML: {}", error.message()), "mend the syntax")
        }));
        let mut said = FileSaid::default();
        for (key, value) in in_order(document.get_ref()) {
            if key.get_ref() == PROVIDERS {
                said.providers = self.providers(value, faults);
                continue;
            }
            match setting(key.get_ref(), value.get_ref()) {
                Ok((key, text)) => drop(said.settings.insert(key, self.said(text, value.span()))),
                Err(wrong) => faults.push(self.fault(key, value, wrong, known_settings())),
            }
        }
        said
    }

    fn providers(&self, value: &Spanned<DeValue<'_>>, faults: &mut Vec<Fault>) -> Vec<SaidProvider> {
        let named = self.table(value, faults).into_iter();
        let provider = |(name, value): (&Key<'_>, &Spanned<DeValue<'_>>)| SaidProvider {
            name: self.said(name.get_ref().to_string(), name.span()),
            fields: self.provider_fields(value, faults),
        };
        named.map(provider).collect()
    }

    fn provider_fields(
        &self,
        value: &Spanned<DeValue<'_>>,
        faults: &mut Vec<Fault>,
    ) -> BTreeMap<&'static str, Said> {
        let mut fields = BTreeMap::new();
        for (key, value) in self.table(value, faults) {
            match field(key.get_ref(), value.get_ref()) {
                Ok((key, text)) => drop(fields.insert(key, self.said(text, value.span()))),
                Err(wrong) => faults.push(self.fault(key, value, wrong, providers::FIELDS.join(", "))),
            }
        }
        fields
    }

    /// The entries of what should be a table, as they stand in the file.
    fn table<'v, 'f>(
        &self,
        value: &'v Spanned<DeValue<'f>>,
        faults: &mut Vec<Fault>,
    ) -> Vec<(&'v Key<'f>, &'v Spanned<DeValue<'f>>)> {
        if let DeValue::Table(entries) = value.get_ref() {
            return in_order(entries);
        }
        let message = format!("providers cannot be this {}", value.get_ref().type_str());
        faults.push(Fault::at(self.place(value.span()), message, "write [providers.NAME] and its fields"));
        Vec::new()
    }

    fn said(&self, text: String, at: Range<usize>) -> Said {
        Said { text, origin: self.place(at) }
    }

    fn fault(&self, key: &Key<'_>, value: &Spanned<DeValue<'_>>, wrong: Wrong, known: String) -> Fault {
        let name = key.get_ref();
        match wrong {
            Wrong::Key => Fault::at(
                self.place(key.span()),
                format!("unknown key `{name}`"),
                format!("known are {known}"),
            ),
            Wrong::Value(wanted) => {
                let message = format!("`{name}` cannot be this {}", value.get_ref().type_str());
                Fault::at(self.place(value.span()), message, format!("write {wanted}"))
            }
        }
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

/// The table of providers.
const PROVIDERS: &str = "providers";

type Key<'t> = Spanned<Cow<'t, str>>;

/// Entries as they stand in the file.
fn in_order<'t, 'f>(table: &'t DeTable<'f>) -> Vec<(&'t Key<'f>, &'t Spanned<DeValue<'f>>)> {
    let mut entries: Vec<_> = table.iter().collect();
    entries.sort_by_key(|(key, _)| key.span().start);
    entries
}

fn known_settings() -> String {
    let known: Vec<_> = SETTINGS.iter().map(|setting| setting.key).collect();
    format!("{}, {PROVIDERS}", known.join(", "))
}

/// A field of a provider as text.
fn field(key: &str, value: &DeValue<'_>) -> Result<(&'static str, String), Wrong> {
    let field = providers::FIELDS.iter().find(|field| **field == key).ok_or(Wrong::Key)?;
    match value {
        DeValue::String(text) if !text.is_empty() => Ok((field, text.to_string())),
        _ => Err(Wrong::Value("a string that says something")),
    }
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
