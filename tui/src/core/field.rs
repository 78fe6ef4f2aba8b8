//! One field of a form: what was filled in, and what the daemon or we have to say against it.

use super::{
    json,
    key::Key,
    schema::{FieldKind, FieldSpec},
    text_input::TextInput,
};
use serde_json::Value;

/// What is wrong, and what to do.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Complaint {
    /// What is wrong.
    pub says: String,
    /// What to do, when somebody knows.
    pub hint: Option<String>,
}

impl Complaint {
    /// A complaint without a hint.
    pub fn new(says: impl Into<String>) -> Self {
        Self { says: says.into(), hint: None }
    }
}

/// A field and its content.
#[derive(Clone, Debug)]
pub struct Field {
    /// What it takes.
    pub spec: FieldSpec,
    /// What it holds.
    pub input: Input,
    /// What is wrong with it.
    pub complaint: Option<Complaint>,
}

/// The content of a field.
#[derive(Clone, Debug)]
pub enum Input {
    /// Typed.
    Text(TextInput),
    /// Chosen from a list.
    Choice {
        /// What there is.
        options: Vec<String>,
        /// Which one; none is "not set".
        chosen: Option<usize>,
    },
}

impl Field {
    /// An empty field.
    pub fn new(spec: FieldSpec) -> Self {
        let choice = |options| Input::Choice { options, chosen: None };
        let input = match &spec.kind {
            FieldKind::Choice(options) => choice(options.clone()),
            FieldKind::Boolean => choice(vec!["yes".to_owned(), "no".to_owned()]),
            _ => Input::Text(TextInput::default()),
        };
        Self { spec, input, complaint: None }
    }

    /// True when nothing is filled in.
    pub fn is_empty(&self) -> bool {
        match &self.input {
            Input::Text(text) => text.text().trim().is_empty(),
            Input::Choice { chosen, .. } => chosen.is_none(),
        }
    }

    /// Takes an editing key; false when it is none.
    pub fn press(&mut self, key: Key) -> bool {
        let taken = match &mut self.input {
            Input::Text(text) => text.press(key),
            Input::Choice { .. } if key == Key::plain(super::key::Code::Char(' ')) => {
                self.step(true);
                true
            }
            Input::Choice { .. } => false,
        };
        if taken {
            self.complaint = None;
        }
        taken
    }

    /// Inserts pasted or typed text.
    pub fn insert(&mut self, text: &str) {
        if let Input::Text(input) = &mut self.input {
            let inserted = input.insert(text, self.spec.kind.is_tall());
            self.complaint = (!inserted).then(|| Complaint::new("that is more than a field holds"));
        }
    }

    /// The next or previous choice, round and round, "not set" between last and first.
    pub fn step(&mut self, forwards: bool) -> bool {
        let Input::Choice { options, chosen } = &mut self.input else {
            return false;
        };
        let places = options.len() + 1;
        let at = chosen.map_or(0, |it| it + 1);
        let next = (at + if forwards { 1 } else { places - 1 }) % places;
        *chosen = next.checked_sub(1);
        self.complaint = None;
        true
    }

    /// What goes into the body: nothing for an empty field.
    pub fn value(&self) -> Result<Option<Value>, Complaint> {
        if self.is_empty() {
            return if self.spec.required { Err(Complaint::new("this field is required")) } else { Ok(None) };
        }
        match &self.input {
            Input::Text(input) => parse(&self.spec.kind, input.text()).map(Some),
            Input::Choice { options, chosen } => {
                let word = chosen.and_then(|at| options.get(at)).map(String::as_str).unwrap_or_default();
                let boolean = self.spec.kind == FieldKind::Boolean;
                Ok(Some(if boolean { Value::Bool(word == "yes") } else { Value::from(word) }))
            }
        }
    }
}

/// Typed text as the value that its kind asks for. The daemon judges everything beyond the type.
pub fn parse(kind: &FieldKind, text: &str) -> Result<Value, Complaint> {
    match kind {
        FieldKind::Line | FieldKind::Text | FieldKind::Choice(_) => Ok(Value::from(text)),
        FieldKind::Integer => {
            text.trim().parse::<i64>().map(Value::from).map_err(|_| Complaint::new("not a whole number"))
        }
        FieldKind::Number => {
            text.trim().parse::<f64>().map(Value::from).map_err(|_| Complaint::new("not a number"))
        }
        FieldKind::Boolean => {
            text.trim().parse::<bool>().map(Value::from).map_err(|_| Complaint::new("neither true nor false"))
        }
        FieldKind::Lines => {
            let items = text.split(['\n', ',']).map(str::trim).filter(|item| !item.is_empty());
            Ok(json_texts(text).map_or_else(|| items.map(Value::from).collect(), Value::from))
        }
        FieldKind::Json => json::parse(text).map_err(Complaint::new),
    }
}

/// The texts of somebody who wrote the list as JSON, `["a", "b"]`, as every other list is written.
pub fn json_texts(text: &str) -> Option<Vec<Value>> {
    let Ok(Value::Array(items)) = json::parse(text) else { return None };
    items.iter().all(Value::is_string).then_some(items)
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn text_becomes_the_value_its_kind_asks_for() {
        for (kind, text, value) in [
            (FieldKind::Line, " a ", Some(json!(" a "))),
            (FieldKind::Integer, " 7 ", Some(json!(7))),
            (FieldKind::Integer, "7.5", None),
            (FieldKind::Number, "7.5", Some(json!(7.5))),
            (FieldKind::Lines, "a, b\n\nc", Some(json!(["a", "b", "c"]))),
            (FieldKind::Lines, " [\"a, b\", \"c\"]", Some(json!(["a, b", "c"]))),
            (FieldKind::Lines, "[a], [1]", Some(json!(["[a]", "[1]"]))),
            (FieldKind::Json, "{\"a\": 1}", Some(json!({"a": 1}))),
            (FieldKind::Json, "{a}", None),
            (FieldKind::Json, "{\"a\": 1, \"a\": 2}", None),
        ] {
            assert_eq!(parse(&kind, text).ok(), value, "{kind:?} {text}");
        }
    }
}
