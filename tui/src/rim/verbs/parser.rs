//! The command-line parser, built at run time from the catalogue.

use super::{columns::Sheet, show::Shows};
use crate::core::{
    catalogue::{fill_path, percent_encoded},
    field,
    schema::{self, FieldKind, FieldSpec},
};
use clap::{Arg, ArgAction, ArgMatches, Command, builder::PossibleValuesParser, value_parser};
use hecate_proto::catalogue::{Catalogue, DeskSheet, QuerySheet};
use serde_json::{Map, Value};
use std::{collections::BTreeSet, ffi::OsString};

/// Flags that are ours; a desk's field of the same name gets the prefix `body-`.
const OWN_FLAGS: [&str; 7] =
    ["socket", "json", "actor", "if-match", "idempotency-key", "min-position", "help"];

/// What a command line asks for.
pub(super) enum Parsed {
    /// A request.
    Order(Box<Order>),
    /// Help, for stdout.
    Help(String),
    /// It cannot be understood; for stderr.
    Wrong(String),
}

/// A request, ready to be sent.
#[derive(Default)]
pub(super) struct Order {
    pub(super) path: String,
    pub(super) body: Option<Value>,
    pub(super) json: bool,
    pub(super) actor: Option<String>,
    pub(super) if_match: Option<u64>,
    pub(super) idempotency_key: Option<String>,
    pub(super) min_position: Option<u64>,
    pub(super) shows: Shows,
}

/// A desk or a query, as far as the command line goes.
struct Entry<'c> {
    noun: &'c str,
    verb: &'c str,
    says: &'c str,
    path: &'c str,
    path_params: &'c [String],
    fields: Vec<FieldSpec>,
    query: Option<&'c QuerySheet>,
}

impl<'c> Entry<'c> {
    fn desk(desk: &'c DeskSheet) -> Self {
        let DeskSheet { noun, verb, says, path, path_params, body, .. } = desk;
        Self { noun, verb, says, path, path_params, fields: schema::fields(body), query: None }
    }

    fn query(query: &'c QuerySheet) -> Self {
        let QuerySheet { noun, verb, says, path, path_params, params, .. } = query;
        Self { noun, verb, says, path, path_params, fields: schema::fields(params), query: Some(query) }
    }

    fn all(catalogue: &'c Catalogue) -> Vec<Self> {
        let queries = catalogue.queries.iter().map(Self::query);
        catalogue.desks.iter().map(Self::desk).chain(queries).collect()
    }

    fn parses(&self) -> Command {
        let id = |param: &String| Arg::new(format!("path:{param}")).value_name(param.clone()).required(true);
        let fields = self.fields.iter().filter(|it| self.query.is_none() || !is_own(&it.name)).map(flag);
        let own = if self.query.is_some() { query_flags() } else { desk_flags() };
        Command::new(self.verb.to_owned())
            .about(self.says.to_owned())
            .args(self.path_params.iter().map(id))
            .args(fields)
            .args(own)
    }

    fn order(&self, matches: &ArgMatches, desks: &[DeskSheet]) -> Result<Order, String> {
        let ids: Map<String, Value> = self
            .path_params
            .iter()
            .filter_map(|param| Some((param.clone(), text(matches, &format!("path:{param}"))?.into())))
            .collect();
        let path =
            fill_path(self.path, self.path_params, &ids).map_err(|param| format!("{param} is missing"))?;
        let fields = values(&self.fields, matches)?;
        let mut order = Order {
            json: matches.get_flag("own:json"),
            min_position: number(matches, "own:min-position"),
            if_match: number(matches, "own:if-match"),
            idempotency_key: text(matches, "own:idempotency-key"),
            actor: text(matches, "own:actor"),
            ..Order::default()
        };
        match self.query {
            Some(query) => {
                order.path = format!("{path}{}", query_string(&fields));
                order.shows = Shows::Rows { answers: query.answers.clone(), sheet: sheet(query, desks) };
            }
            None => (order.path, order.body) = (path, Some(Value::Object(fields))),
        }
        Ok(order)
    }
}

/// What is known of the rows that a query answers.
fn sheet(query: &QuerySheet, desks: &[DeskSheet]) -> Sheet {
    let (own, other): (Vec<_>, Vec<_>) = desks.iter().partition(|desk| desk.noun == query.noun);
    let params = |desks: Vec<&DeskSheet>| desks.iter().flat_map(|desk| desk.path_params.clone()).collect();
    let properties = query.row.get("properties").and_then(Value::as_object).cloned().unwrap_or_default();
    Sheet { properties, named: query.path_params.clone(), own_ids: params(own), other_ids: params(other) }
}

/// Understands `NOUN VERB …`.
pub(super) fn parse(catalogue: &Catalogue, words: &[OsString]) -> Parsed {
    let entries = Entry::all(catalogue);
    let words = std::iter::once(OsString::from("hecate")).chain(words.iter().cloned());
    let matches = match command(&entries).try_get_matches_from(words) {
        Ok(matches) => matches,
        Err(error) if error.use_stderr() => return Parsed::Wrong(error.to_string()),
        Err(help) => return Parsed::Help(help.to_string()),
    };
    let Some((noun, verb, matches)) = chosen(&matches) else {
        return Parsed::Wrong("hecate: a noun needs a verb".to_owned());
    };
    let entry = entries.iter().find(|it| it.noun == noun && it.verb == verb);
    match entry.map(|it| it.order(matches, &catalogue.desks)) {
        Some(Ok(order)) => Parsed::Order(Box::new(order)),
        Some(Err(why)) => Parsed::Wrong(format!("error: {why}")),
        None => Parsed::Wrong(format!("hecate: {noun} has no verb {verb}")),
    }
}

fn chosen(matches: &ArgMatches) -> Option<(&str, &str, &ArgMatches)> {
    let (noun, matches) = matches.subcommand()?;
    let (verb, matches) = matches.subcommand()?;
    Some((noun, verb, matches))
}

fn command(entries: &[Entry<'_>]) -> Command {
    let nouns: BTreeSet<&str> = entries.iter().map(|it| it.noun).collect();
    let noun = |noun: &str| {
        let verbs = entries.iter().filter(|it| it.noun == noun);
        // The first of a name wins, as it does when the order is looked up.
        verbs.fold(Command::new(noun.to_owned()), |known, entry| match known.find_subcommand(entry.verb) {
            Some(_) => known,
            None => known.subcommand(entry.parses()),
        })
    };
    let noun = |name| {
        noun(name)
            .about(format!("what can be done with, and asked about, a {name}"))
            .subcommand_required(true)
            .arg_required_else_help(true)
            .disable_help_subcommand(true)
    };
    Command::new("hecate")
        .subcommand_required(true)
        .disable_help_subcommand(true)
        .subcommands(nouns.into_iter().map(noun))
}

fn flag(spec: &FieldSpec) -> Arg {
    let name = spec.name.replace('_', "-");
    let long = if is_own(&spec.name) { format!("body-{name}") } else { name };
    let limits = if spec.limits.is_empty() { String::new() } else { format!("({})", spec.limits) };
    let said = [spec.help.as_str(), &limits].into_iter().filter(|it| !it.is_empty());
    let arg = Arg::new(format!("field:{}", spec.name))
        .long(long)
        .required(spec.required)
        .help(said.collect::<Vec<_>>().join(" "))
        .value_name(value_name(&spec.kind))
        .allow_hyphen_values(true);
    match &spec.kind {
        FieldKind::Choice(options) => arg.value_parser(PossibleValuesParser::new(options.clone())),
        FieldKind::Boolean => arg
            .num_args(0..=1)
            .require_equals(true)
            .default_missing_value("true")
            .value_parser(["true", "false"]),
        FieldKind::Lines => arg.action(ArgAction::Append),
        FieldKind::Line | FieldKind::Text | FieldKind::Integer | FieldKind::Number | FieldKind::Json => arg,
    }
}

fn value_name(kind: &FieldKind) -> &'static str {
    match kind {
        FieldKind::Line | FieldKind::Text => "TEXT",
        FieldKind::Integer | FieldKind::Number => "NUMBER",
        FieldKind::Boolean => "true|false",
        FieldKind::Choice(_) => "CHOICE",
        FieldKind::Lines => "TEXT, may be repeated",
        FieldKind::Json => "JSON",
    }
}

fn is_own(field: &str) -> bool {
    OWN_FLAGS.contains(&field.replace('_', "-").as_str())
}

fn own(name: &str, help: &str) -> Arg {
    Arg::new(format!("own:{name}")).long(name.to_owned()).help(help.to_owned()).help_heading("Request")
}

fn common_flags() -> Vec<Arg> {
    vec![
        own("json", "Print the daemon's answer as it is").action(ArgAction::SetTrue),
        own("socket", "The daemon's Unix socket").value_name("PATH"),
    ]
}

fn query_flags() -> Vec<Arg> {
    let position = own("min-position", "Wait until this position can be read").value_name("N");
    [common_flags(), vec![position.value_parser(value_parser!(u64))]].concat()
}

fn desk_flags() -> Vec<Arg> {
    let version = own("if-match", "Refuse unless the last version is this one").value_name("N");
    let key = own("idempotency-key", "The same key and body record nothing twice; a fresh one otherwise")
        .value_name("KEY");
    let actor = own("actor", "Who acts").value_name("WHO");
    [common_flags(), vec![version.value_parser(value_parser!(u64)), key, actor]].concat()
}

fn text(matches: &ArgMatches, id: &str) -> Option<String> {
    matches.try_get_one::<String>(id).ok().flatten().cloned()
}

fn number(matches: &ArgMatches, id: &str) -> Option<u64> {
    matches.try_get_one::<u64>(id).ok().flatten().copied()
}

fn values(specs: &[FieldSpec], matches: &ArgMatches) -> Result<Map<String, Value>, String> {
    let mut values = Map::new();
    for spec in specs {
        let id = format!("field:{}", spec.name);
        let Ok(Some(given)) = matches.try_get_many::<String>(&id) else {
            continue;
        };
        let given: Vec<&String> = given.collect();
        let value = match (&spec.kind, given.as_slice()) {
            (FieldKind::Lines, items) => items.iter().flat_map(|item| texts(item)).collect(),
            (kind, [.., last]) => {
                field::parse(kind, last).map_err(|why| format!("{}: {}", spec.name, why.says))?
            }
            (_, []) => continue,
        };
        values.insert(spec.name.clone(), value);
    }
    Ok(values)
}

/// The texts that one repetition of an option stands for.
fn texts(given: &str) -> Vec<Value> {
    field::json_texts(given).unwrap_or_else(|| vec![Value::from(given)])
}

fn query_string(params: &Map<String, Value>) -> String {
    let plain = |value: &Value| value.as_str().map_or_else(|| value.to_string(), str::to_owned);
    let pairs: Vec<String> = params
        .iter()
        .flat_map(|(name, value)| match value {
            Value::Array(items) => items.iter().map(|item| (name, plain(item))).collect(),
            one => vec![(name, plain(one))],
        })
        .map(|(name, value)| format!("{name}={}", percent_encoded(&value)))
        .collect();
    if pairs.is_empty() { String::new() } else { format!("?{}", pairs.join("&")) }
}

/// `--socket` must be known before the daemon's catalogue is.
pub(super) fn socket_among(words: &[OsString]) -> Option<OsString> {
    let at = words.iter().position(|word| word.as_encoded_bytes().starts_with(b"--socket"))?;
    match words[at].to_str()?.strip_prefix("--socket=") {
        Some(path) => Some(path.into()),
        None if words[at] == "--socket" => words.get(at + 1).cloned(),
        None => None,
    }
}
