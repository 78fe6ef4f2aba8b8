//! A question with its answer: parameters in, a page or one row out.

use crate::page::Page;
use hecate_desk::{Refusal, Refused, Rule, path_params, schema, schema::Rules};
use hecate_proto::catalogue::QuerySheet;
use rusqlite::Connection;
use schemars::JsonSchema;
use serde::{Serialize, de::DeserializeOwned};
use serde_json::{Map, Value, json};

/// The parameter that every query knows: wait until the model has reached this position.
pub(crate) const MIN_POSITION: &str = "min_position";

/// What a query says of itself.
#[derive(Clone, Copy, Debug)]
pub struct QuerySpec {
    /// The name of its file: `get_ventures_page`.
    pub name: &'static str,
    /// What command-line verbs are about: `venture`.
    pub noun: &'static str,
    /// The command-line verb: `list`, `show`.
    pub verb: &'static str,
    /// Its route from the root: `/api/ventures/{venture_id}`.
    pub path: &'static str,
    /// One sentence: what it answers.
    pub says: &'static str,
    /// The key under which the answer holds the list or the thing.
    pub answers: &'static str,
    /// The refusal when there is no such thing.
    pub not_found: Refusal,
}

/// A question to one read model.
pub trait Query: DeserializeOwned + JsonSchema + 'static {
    /// One row of the answer.
    type Row: Serialize + JsonSchema;
    /// Name, route, sentence.
    const SPEC: QuerySpec;
    /// Reads the answer from one snapshot of the file.
    fn read(self, db: &Connection) -> Result<Found<Self::Row>, QueryError>;
}

/// What was found.
#[derive(Debug)]
pub enum Found<R> {
    /// One thing.
    One(R),
    /// No such thing.
    Nothing,
    /// Some things.
    Page(Page<R>),
}

impl<R> From<Option<R>> for Found<R> {
    fn from(row: Option<R>) -> Self {
        row.map_or(Found::Nothing, Found::One)
    }
}

/// Why there is no answer.
#[derive(Debug, thiserror::Error)]
pub enum QueryError {
    /// An expected no.
    #[error("{}", .0.says)]
    Refused(Refused),
    /// SQLite failed.
    #[error(transparent)]
    Sqlite(#[from] rusqlite::Error),
}

impl From<Refused> for QueryError {
    fn from(refused: Refused) -> Self {
        QueryError::Refused(refused)
    }
}

/// A query with its types rubbed off.
pub struct QueryEntry {
    /// See [`Query::SPEC`].
    pub spec: QuerySpec,
    params: fn() -> schemars::Schema,
    row: fn() -> schemars::Schema,
    read: fn(Value, &Connection) -> Result<Found<Value>, QueryError>,
}

/// Rubs the types off a query.
pub const fn query<Q: Query>() -> QueryEntry {
    QueryEntry {
        spec: Q::SPEC,
        params: schema::of::<Q>,
        row: schema::of::<Q::Row>,
        read: |params, db| {
            let asked: Q = serde_json::from_value(params)
                .map_err(|error| Refusal::VALIDATION.about("hint", error.to_string()))?;
            let show = |row: Q::Row| serde_json::to_value(row).unwrap_or_default();
            Ok(match asked.read(db)? {
                Found::One(row) => Found::One(show(row)),
                Found::Nothing => Found::Nothing,
                Found::Page(page) => Found::Page(Page {
                    rows: page.rows.into_iter().map(show).collect(),
                    next_cursor: page.next_cursor,
                }),
            })
        },
    }
}

/// A query, ready to be asked.
pub struct QueryDoor {
    /// What it says of itself.
    pub spec: QuerySpec,
    /// Its line in the catalogue.
    pub sheet: QuerySheet,
    rules: Rules,
    read: fn(Value, &Connection) -> Result<Found<Value>, QueryError>,
}

/// One question on its way.
pub struct AskedQuery {
    /// The ids that the path named.
    pub path_ids: Map<String, Value>,
    /// The query string, in order.
    pub params: Vec<(String, String)>,
    /// From the header, where given.
    pub min_position: Option<u64>,
}

/// An answer, and the position that it stands at.
#[derive(Debug)]
pub struct QueryAnswer {
    /// The body without `ok`.
    pub fields: Map<String, Value>,
}

impl QueryDoor {
    pub(crate) fn open(app: &str, entry: &QueryEntry) -> QueryDoor {
        let mut schema = (entry.params)();
        let properties = schema.ensure_object().entry("properties").or_insert_with(|| json!({}));
        let says = "Wait, at most 2 s, until the read model has reached this position.";
        properties[MIN_POSITION] =
            json!({"type": "integer", "minimum": 0, "maximum": i64::MAX, "description": says});
        let rules = Rules::of_request(schema);
        QueryDoor { spec: entry.spec, sheet: sheet(app, entry, &rules), rules, read: entry.read }
    }

    /// Checks the parameters. Answers them and the position to wait for.
    pub(crate) fn check(&self, asked: AskedQuery) -> Result<(Value, u64), Refused> {
        let mut params = self.rules.read_params(asked.params)?;
        if let Some(named_twice) = asked.path_ids.keys().find(|name| params.contains_key(*name)) {
            return Err(Refusal::rule(named_twice, Rule::UnknownField, "The path names it already."));
        }
        params.extend(asked.path_ids);
        let mut params = Value::Object(params);
        self.rules.check(&params)?;
        let named = params.as_object_mut().and_then(|params| params.remove(MIN_POSITION));
        let min_position = named.and_then(|position| position.as_u64()).max(asked.min_position);
        Ok((params, min_position.unwrap_or(0)))
    }

    pub(crate) fn read(&self, params: Value, db: &Connection) -> Result<Map<String, Value>, QueryError> {
        let mut fields = Map::new();
        match (self.read)(params, db)? {
            Found::One(row) => {
                fields.insert(self.spec.answers.to_owned(), row);
            }
            Found::Nothing => return Err(Refused::from(self.spec.not_found).into()),
            Found::Page(page) => {
                fields.insert(self.spec.answers.to_owned(), page.rows.into());
                fields.insert("next_cursor".to_owned(), page.next_cursor.into());
            }
        }
        Ok(fields)
    }
}

fn sheet(app: &str, entry: &QueryEntry, rules: &Rules) -> QuerySheet {
    let path_params = path_params(entry.spec.path);
    QuerySheet {
        app: app.to_owned(),
        noun: entry.spec.noun.to_owned(),
        name: entry.spec.name.to_owned(),
        verb: entry.spec.verb.to_owned(),
        method: "GET".to_owned(),
        path: entry.spec.path.to_owned(),
        says: entry.spec.says.to_owned(),
        answers: entry.spec.answers.to_owned(),
        params: without(rules.schema().clone(), &path_params),
        path_params,
        row: Rules::of((entry.row)()).schema().clone(),
    }
}

/// The schema without the ids that the path names already.
fn without(mut schema: Value, path_params: &[String]) -> Value {
    if let Some(properties) = schema.get_mut("properties").and_then(Value::as_object_mut) {
        properties.retain(|name, _| !path_params.contains(name));
    }
    if let Some(required) = schema.get_mut("required").and_then(Value::as_array_mut) {
        required.retain(|name| !path_params.iter().any(|param| name == param));
    }
    schema
}
