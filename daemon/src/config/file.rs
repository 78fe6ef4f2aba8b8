//! The optional configuration file. Read by hand rather than by serde, which stops at the first fault.

use super::fault::{Fault, Origin, Said};
use super::{Environment, SETTINGS, cluster_view, places, processes, providers};
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
    /// `[providers.NAME]`, in their order.
    pub(super) providers: Vec<SaidTable>,
    /// `[processes.NAME]`, in their order.
    pub(super) processes: Vec<SaidTable>,
    /// `[cluster_view]`.
    pub(super) cluster_view: BTreeMap<&'static str, Said>,
}

/// One table of a family, with a name of its own.
pub(super) struct SaidTable {
    pub(super) name: Said,
    pub(super) fields: BTreeMap<&'static str, Said>,
}

/// A table, or tables that lie side by side, and what each can say.
pub(super) struct Family {
    pub(super) key: &'static str,
    /// How such a table begins.
    pub(super) head: &'static str,
    pub(super) fields: &'static [(&'static str, Form)],
}

/// How a value is written.
#[derive(Clone, Copy)]
pub(super) enum Form {
    Text,
    Flag,
    /// A list; its words are said with commas between them.
    Words,
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
            match key.get_ref().as_ref() {
                key if key == providers::FAMILY.key => {
                    said.providers = self.family(&providers::FAMILY, value, faults);
                    continue;
                }
                key if key == processes::FAMILY.key => {
                    said.processes = self.family(&processes::FAMILY, value, faults);
                    continue;
                }
                key if key == cluster_view::TABLE.key => {
                    said.cluster_view = self.fields(&cluster_view::TABLE, value, faults);
                    continue;
                }
                _ => {}
            }
            match setting(key.get_ref(), value.get_ref()) {
                Ok((key, text)) => drop(said.settings.insert(key, self.said(text, value.span()))),
                Err(wrong) => faults.push(self.fault(key, value, wrong, known_settings())),
            }
        }
        said
    }

    fn family(
        &self,
        family: &Family,
        value: &Spanned<DeValue<'_>>,
        faults: &mut Vec<Fault>,
    ) -> Vec<SaidTable> {
        let named = self.table(family, value, faults).into_iter();
        let table = |(name, value): (&Key<'_>, &Spanned<DeValue<'_>>)| SaidTable {
            name: self.said(name.get_ref().to_string(), name.span()),
            fields: self.fields(family, value, faults),
        };
        named.map(table).collect()
    }

    fn fields(
        &self,
        family: &Family,
        value: &Spanned<DeValue<'_>>,
        faults: &mut Vec<Fault>,
    ) -> BTreeMap<&'static str, Said> {
        let mut fields = BTreeMap::new();
        for (key, value) in self.table(family, value, faults) {
            match family.field(key.get_ref(), value.get_ref()) {
                Ok((key, text)) => drop(fields.insert(key, self.said(text, value.span()))),
                Err(wrong) => faults.push(self.fault(key, value, wrong, family.known())),
            }
        }
        fields
    }

    /// The entries of what should be a table, as they stand in the file.
    fn table<'v, 'f>(
        &self,
        family: &Family,
        value: &'v Spanned<DeValue<'f>>,
        faults: &mut Vec<Fault>,
    ) -> Vec<(&'v Key<'f>, &'v Spanned<DeValue<'f>>)> {
        if let DeValue::Table(entries) = value.get_ref() {
            return in_order(entries);
        }
        let Family { key, head, .. } = family;
        let message = format!("{key} cannot be this {}", value.get_ref().type_str());
        faults.push(Fault::at(self.place(value.span()), message, format!("write {head} and its fields")));
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

type Key<'t> = Spanned<Cow<'t, str>>;

/// Entries as they stand in the file.
fn in_order<'t, 'f>(table: &'t DeTable<'f>) -> Vec<(&'t Key<'f>, &'t Spanned<DeValue<'f>>)> {
    let mut entries: Vec<_> = table.iter().collect();
    entries.sort_by_key(|(key, _)| key.span().start);
    entries
}

fn known_settings() -> String {
    let known: Vec<_> = SETTINGS.iter().map(|setting| setting.key).collect();
    let tables = [providers::FAMILY.key, processes::FAMILY.key, cluster_view::TABLE.key];
    format!("{}, {}", known.join(", "), tables.join(", "))
}

impl Family {
    /// A field as text.
    fn field(&self, key: &str, value: &DeValue<'_>) -> Result<(&'static str, String), Wrong> {
        let (field, form) = self.fields.iter().find(|(field, _)| *field == key).ok_or(Wrong::Key)?;
        form.text(value).map(|text| (*field, text)).ok_or(Wrong::Value(form.wanted()))
    }

    fn known(&self) -> String {
        self.fields.iter().map(|(field, _)| *field).collect::<Vec<_>>().join(", ")
    }
}

impl Form {
    /// The value as text; none where it is written otherwise.
    fn text(self, value: &DeValue<'_>) -> Option<String> {
        match (self, value) {
            (Form::Text, DeValue::String(text)) if !text.is_empty() => Some(text.to_string()),
            (Form::Flag, DeValue::Boolean(flag)) => Some(flag.to_string()),
            (Form::Words, DeValue::Array(items)) => {
                let words: Option<Vec<_>> = items.iter().map(|item| item.get_ref().as_str()).collect();
                words.map(|words| words.join(","))
            }
            _ => None,
        }
    }

    fn wanted(self) -> &'static str {
        match self {
            Form::Text => "a string that says something",
            Form::Flag => "true or false",
            Form::Words => "a list of strings",
        }
    }
}

/// A setting as text, the way its variable of the environment says it.
fn setting(key: &str, value: &DeValue<'_>) -> Result<(&'static str, String), Wrong> {
    let setting = SETTINGS.iter().find(|setting| setting.key == key).ok_or(Wrong::Key)?;
    let form = match (setting.key, value) {
        ("operators", DeValue::Array(_)) => Form::Words,
        ("mesh_enabled" | "unsafe_debug", DeValue::Boolean(_)) => Form::Flag,
        _ => Form::Text,
    };
    form.text(value).map(|text| (setting.key, text)).ok_or(Wrong::Value(form.wanted()))
}
