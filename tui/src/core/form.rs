//! A form is a desk's own schema with something filled in. It knows no desk.

use super::{
    field::{Complaint, Field},
    message::{Request, SubmissionId, Tag},
    refusal, schema,
};
use hecate_proto::{answer::ErrorAnswer, catalogue::DeskSheet};
use serde_json::{Map, Value};

/// A desk being filled in.
#[derive(Clone, Debug)]
pub struct Form {
    /// The desk's name.
    pub desk: String,
    /// What it does, for people.
    pub says: String,
    /// The thing it acts on, for people.
    pub subject: Option<String>,
    /// The venture it acts on.
    pub venture_id: Option<String>,
    /// The path with its ids filled in.
    pub path: String,
    /// The version that was seen when the form opened.
    pub if_match: Option<u64>,
    /// Its fields.
    pub fields: Vec<Field>,
    /// Which field has the cursor.
    pub focus: usize,
    /// The submission that is under way.
    pub sending: Option<SubmissionId>,
    /// What is wrong with the whole.
    pub complaint: Option<Complaint>,
    /// One more Esc throws away what was typed.
    pub discard_armed: bool,
    /// The last submission whose end is unknown: the same body goes out under the same name.
    unanswered: Option<(SubmissionId, Value)>,
}

impl Form {
    /// An empty form of a desk.
    pub fn new(desk: &DeskSheet, path: String) -> Self {
        Self {
            desk: desk.name.clone(),
            says: desk.says.clone(),
            subject: None,
            venture_id: None,
            path,
            if_match: None,
            fields: schema::fields(&desk.body).into_iter().map(Field::new).collect(),
            focus: 0,
            sending: None,
            complaint: None,
            discard_armed: false,
            unanswered: None,
        }
    }

    /// The field with the cursor.
    pub fn focused(&mut self) -> Option<&mut Field> {
        self.fields.get_mut(self.focus)
    }

    /// Moves the cursor by one field, round and round.
    pub fn step(&mut self, forwards: bool) {
        let count = self.fields.len().max(1);
        self.focus = (self.focus + if forwards { 1 } else { count - 1 }) % count;
    }

    /// True when something is filled in.
    pub fn is_dirty(&self) -> bool {
        self.fields.iter().any(|field| !field.is_empty())
    }

    /// The command, or `None` with the complaints written on the fields.
    pub fn submit(&mut self, next: SubmissionId) -> Option<Request> {
        let body = self.body()?;
        let submission = match self.unanswered.take() {
            Some((earlier, same)) if same == body => earlier,
            _ => next,
        };
        self.sending = Some(submission);
        self.complaint = None;
        self.unanswered = Some((submission, body.clone()));
        Some(Request {
            tag: Tag::Command(submission),
            path: self.path.clone(),
            body: Some(body),
            min_position: None,
            if_match: self.if_match,
        })
    }

    fn body(&mut self) -> Option<Value> {
        let mut body = Map::new();
        let mut first_wrong = None;
        for (at, field) in self.fields.iter_mut().enumerate() {
            field.complaint = None;
            match field.value() {
                Ok(Some(value)) => drop(body.insert(field.spec.name.clone(), value)),
                Ok(None) => {}
                Err(complaint) => {
                    field.complaint = Some(complaint);
                    first_wrong = first_wrong.or(Some(at));
                }
            }
        }
        match first_wrong {
            Some(at) => {
                self.focus = at;
                None
            }
            None => Some(Value::Object(body)),
        }
    }

    /// Shows the daemon's no where it belongs.
    pub fn refuse(&mut self, error: &ErrorAnswer) {
        self.sending = None;
        self.unanswered = None;
        let detail = |key: &str| error.details.get(key).and_then(Value::as_str);
        let rule = detail("rule").map(|rule| format!(" ({rule})")).unwrap_or_default();
        let details: String = refusal::details(&error.details).iter().map(|it| format!(" · {it}")).collect();
        let says = format!("{}{rule}{details}", error.message);
        let complaint = Complaint { says, hint: detail("hint").map(str::to_owned) };
        let named = detail("field").map(|path| path.split(['.', '[', '/']).find(|it| !it.is_empty()));
        let at = self.fields.iter().position(|it| Some(Some(it.spec.name.as_str())) == named);
        match at {
            Some(at) => {
                self.focus = at;
                self.fields[at].complaint = Some(complaint);
            }
            None => self.complaint = Some(complaint),
        }
    }

    /// Nobody knows what became of the submission; sending again is safe.
    pub fn unanswered(&mut self, reason: &str) {
        self.sending = None;
        self.complaint = Some(Complaint {
            says: format!("no final answer: {reason}"),
            hint: Some("send again: the same key goes out, so nothing is recorded twice".to_owned()),
        });
    }
}
