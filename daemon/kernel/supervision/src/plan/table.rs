//! Typed reading of one table: every key is known, every value has its place in the file. A table says its
//! keys once; from that it is read, checked for unknown keys, and described in the JSON Schema.

use super::source::Source;
use super::words::nearest;
use serde_json::{Map, Value as Json, json};
use std::ops::Range;
use toml::Spanned;
use toml::de::{DeTable, DeValue};

pub(super) type Value<'i> = Spanned<DeValue<'i>>;

/// What a value may be: how it is read, and how the schema describes it. serde would stop at the first
/// fault of a table; here each key is judged for itself.
pub(super) trait Term: Sized {
    /// The value, or faults that say why it is none.
    fn read(source: &mut Source, key: &str, value: &Value<'_>) -> Option<Self>;

    fn schema() -> Json;

    /// As it could be written.
    fn example() -> String {
        "\"…\"".into()
    }

    /// A list of such values, as it could be written.
    fn listed(key: &str) -> String {
        format!("{key} = [{}]", Self::example())
    }
}

/// A value and where it stands.
#[derive(Clone, Debug)]
pub(super) struct Given<T> {
    pub(super) value: T,
    pub(super) at: Range<usize>,
}

impl<T: Default> Given<T> {
    /// Stands for what is required and was not to be had, for which there is a fault already.
    pub(super) fn missing(at: &Range<usize>) -> Self {
        Self { value: T::default(), at: at.start..at.start }
    }

    pub(super) fn is_missing(&self) -> bool {
        self.at.is_empty()
    }
}

/// One table under its reader's eyes.
pub(super) struct Fields<'s, 'v, 'i> {
    pub(super) source: &'s mut Source,
    pub(super) at: Range<usize>,
    table: &'v DeTable<'i>,
}

impl<'s, 'v, 'i> Fields<'s, 'v, 'i> {
    /// Faults every key that is not among `known`.
    pub(super) fn open(
        source: &'s mut Source,
        what: &str,
        at: Range<usize>,
        table: &'v DeTable<'i>,
        known: &[&str],
    ) -> Self {
        for key in table.keys() {
            let word: &str = key.get_ref();
            if !known.contains(&word) {
                let meant = nearest(word, known.iter().copied());
                let meant = meant.map(|meant| format!("did you mean `{meant}`? ")).unwrap_or_default();
                let message = format!("unknown key `{word}` in {what}");
                source.fault(key.span(), message, format!("{meant}known are {}", known.join(", ")));
            }
        }
        Self { source, at, table }
    }

    pub(super) fn optional<T: Term>(&mut self, key: &str) -> Option<Given<T>> {
        let value = self.table.get(key)?;
        let read = T::read(self.source, key, value)?;
        Some(Given { value: read, at: value.span() })
    }

    pub(super) fn required<T: Term>(&mut self, key: &str) -> Option<Given<T>> {
        if self.table.get(key).is_none() {
            let hint = format!("add {key} = {}", T::example());
            self.source.fault(self.at.clone(), format!("`{key}` is missing"), hint);
        }
        self.optional(key)
    }
}

/// The schema of one table in the making.
#[derive(Default)]
pub(super) struct Properties {
    properties: Map<String, Json>,
    required: Vec<&'static str>,
}

impl Properties {
    pub(super) fn optional<T: Term>(&mut self, key: &'static str, help: &str) {
        let mut schema = T::schema();
        schema["description"] = help.into();
        self.properties.insert(key.to_owned(), schema);
    }

    pub(super) fn required<T: Term>(&mut self, key: &'static str, help: &str) {
        self.optional::<T>(key, help);
        self.required.push(key);
    }

    pub(super) fn close(self, help: &str) -> Json {
        let mut schema = json!({ "type": "object", "description": help, "properties": self.properties });
        if !self.required.is_empty() {
            schema["required"] = self.required.into();
        }
        schema["additionalProperties"] = false.into();
        schema
    }
}

pub(super) fn wrong_type(source: &mut Source, key: &str, value: &Value<'_>, wanted: &str) {
    let found = value.get_ref().type_str();
    source.fault(value.span(), format!("`{key}` is of type {found}"), format!("write {wanted}"));
}

/// Declares a table: its keys with what their values are, each `required` or `optional`, and what each is
/// good for.
macro_rules! table {
    (
        $(#[doc = $help:literal])+
        $name:ident, $what:literal {
            $($(#[doc = $key_help:literal])+ $need:ident $key:ident: $term:ty,)+
        }
    ) => {
        $(#[doc = $help])+
        #[allow(dead_code, reason = "a key that allows one word only is checked and then forgotten")]
        pub(super) struct $name {
            pub(super) at: Range<usize>,
            $($(#[doc = $key_help])+ pub(super) $key: Option<Given<$term>>,)+
        }

        impl $name {
            pub(super) fn of(source: &mut Source, at: Range<usize>, table: &DeTable<'_>) -> Self {
                let known = &[$(stringify!($key)),+];
                let mut fields = Fields::open(source, $what, at, table, known);
                Self { $($key: fields.$need(stringify!($key)),)+ at: fields.at }
            }
        }

        impl Term for $name {
            fn read(source: &mut Source, key: &str, value: &Value<'_>) -> Option<Self> {
                match value.get_ref().as_table() {
                    Some(table) => Some(Self::of(source, value.span(), table)),
                    None => {
                        wrong_type(source, key, value, "a table");
                        None
                    }
                }
            }

            fn schema() -> serde_json::Value {
                let mut properties = Properties::default();
                $(properties.$need::<$term>(stringify!($key), concat!($($key_help),+).trim());)+
                properties.close(concat!($($help),+).trim())
            }

            fn listed(key: &str) -> String {
                format!("[[{key}]]")
            }
        }
    };
}
pub(super) use table;
