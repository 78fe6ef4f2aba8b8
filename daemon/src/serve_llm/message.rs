//! A conversation as the daemon keeps it: everything that any dialect can say, in order, so that nothing is
//! lost on the way from one to another.

use hecate_desk::{Refusal, Refused, Rule};
use hecate_proto::llm::{
    ChatMessage, ChatRequest, Effort, Image, OpaquePart, Role, Tool, ToolCall as ToldCall,
};
use serde_json::{Map, Value};
use std::collections::{BTreeMap, BTreeSet};

/// What is asked of a provider.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Call {
    /// Whom it is for.
    pub(super) provider: String,
    /// As the provider names it.
    pub(super) model: String,
    pub(super) messages: Vec<Message>,
    pub(super) tools: Vec<Tool>,
    pub(super) settings: Settings,
    /// Fields of one dialect alone, by dialect.
    pub(super) extra: BTreeMap<String, Map<String, Value>>,
}

/// How the answer shall be.
#[derive(Clone, Debug, Default, PartialEq)]
pub(super) struct Settings {
    pub(super) temperature: Option<f64>,
    pub(super) top_p: Option<f64>,
    pub(super) max_tokens: Option<u32>,
    pub(super) stop: Vec<String>,
    pub(super) seed: Option<i64>,
    pub(super) think: Option<Effort>,
}

#[derive(Clone, Debug, PartialEq)]
pub(super) struct Message {
    pub(super) role: Role,
    pub(super) parts: Vec<Part>,
}

/// One part of a message.
#[derive(Clone, Debug, PartialEq)]
pub(super) enum Part {
    Text(String),
    Thinking(String),
    Image(Image),
    ToolCall(ToolCall),
    ToolResult {
        call_id: String,
        content: String,
    },
    /// What only one provider understands; the others are not shown it.
    Opaque(OpaquePart),
}

/// A call of a tool. Its arguments stay the text that the model wrote.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct ToolCall {
    pub(super) id: String,
    pub(super) name: String,
    pub(super) arguments: String,
}

impl Call {
    /// Reads a request whose schema was checked; whoever routes it names the provider and the model.
    pub(super) fn read(request: ChatRequest) -> Result<Call, Refused> {
        let mut calls_seen = BTreeSet::new();
        let messages = request.messages.into_iter().enumerate();
        let read = |(at, message)| Place(at).read(message, &mut calls_seen);
        Ok(Call {
            provider: String::new(),
            model: request.model.unwrap_or_default(),
            messages: messages.map(read).collect::<Result<_, _>>()?,
            tools: request.tools,
            settings: Settings {
                temperature: request.temperature,
                top_p: request.top_p,
                max_tokens: request.max_tokens,
                stop: request.stop,
                seed: request.seed,
                think: request.think,
            },
            extra: request.extra,
        })
    }

    /// Bytes of text in it: what tokens are guessed from where nobody counts them.
    pub(super) fn text_bytes(&self) -> usize {
        let parts = self.messages.iter().flat_map(|message| &message.parts);
        parts.map(Part::text_bytes).sum()
    }

    /// The tool that a call named.
    pub(super) fn tool_of(&self, call_id: &str) -> Option<&str> {
        let calls = self.messages.iter().flat_map(|message| message.calls());
        calls.filter(|call| call.id == call_id).map(|call| call.name.as_str()).last()
    }
}

impl Part {
    pub(super) fn text_bytes(&self) -> usize {
        match self {
            Part::Text(text) | Part::Thinking(text) | Part::ToolResult { content: text, .. } => text.len(),
            Part::ToolCall(call) => call.name.len() + call.arguments.len(),
            Part::Image(_) | Part::Opaque(_) => 0,
        }
    }
}

impl Message {
    /// Its text, parts joined in order.
    pub(super) fn text(&self) -> String {
        let text = |part: &Part| match part {
            Part::Text(text) | Part::ToolResult { content: text, .. } => Some(text.clone()),
            _ => None,
        };
        self.parts.iter().filter_map(text).collect()
    }

    /// What was thought, parts joined in order; none where nothing was.
    pub(super) fn thinking(&self) -> Option<String> {
        let thinking = |part: &Part| match part {
            Part::Thinking(text) => Some(text.clone()),
            _ => None,
        };
        self.parts.iter().filter_map(thinking).reduce(|all, more| all + &more)
    }

    pub(super) fn calls(&self) -> impl Iterator<Item = &ToolCall> {
        self.parts.iter().filter_map(|part| match part {
            Part::ToolCall(call) => Some(call),
            _ => None,
        })
    }

    pub(super) fn images(&self) -> impl Iterator<Item = &Image> {
        self.parts.iter().filter_map(|part| match part {
            Part::Image(image) => Some(image),
            _ => None,
        })
    }

    /// The call that it is the result of.
    pub(super) fn result_of(&self) -> Option<&str> {
        self.parts.iter().find_map(|part| match part {
            Part::ToolResult { call_id, .. } => Some(call_id.as_str()),
            _ => None,
        })
    }

    /// Parts that this provider understands alone.
    pub(super) fn opaque(&self, provider: &str) -> impl Iterator<Item = &OpaquePart> {
        self.parts.iter().filter_map(move |part| match part {
            Part::Opaque(opaque) if opaque.provider == provider => Some(opaque),
            _ => None,
        })
    }

    /// As it crosses the socket.
    pub(super) fn into_wire(self) -> ChatMessage {
        let (content, thinking) = (self.text(), self.thinking());
        let mut message = ChatMessage { role: self.role, content, thinking, ..ChatMessage::default() };
        for part in self.parts {
            match part {
                Part::Text(_) | Part::Thinking(_) => {}
                Part::Image(image) => message.images.push(image),
                Part::ToolCall(call) => message.tool_calls.push(call.into_wire()),
                Part::ToolResult { call_id, .. } => message.tool_call_id = Some(call_id),
                Part::Opaque(opaque) => message.parts.push(opaque),
            }
        }
        message
    }
}

impl ToolCall {
    /// The arguments as an object; none where the model wrote something else.
    pub(super) fn object(&self) -> Option<Map<String, Value>> {
        if self.arguments.trim().is_empty() {
            return Some(Map::new());
        }
        serde_json::from_str(&self.arguments).ok()
    }

    pub(super) fn into_wire(self) -> ToldCall {
        let arguments = self.object().map_or_else(|| Value::from(self.arguments.clone()), Value::Object);
        ToldCall { id: self.id, name: self.name, arguments }
    }
}

/// Where a message stands, for refusals.
struct Place(usize);

impl Place {
    fn rule(&self, field: &str, rule: Rule, hint: &str) -> Refused {
        Refusal::rule(&format!("messages.{}.{field}", self.0), rule, hint)
    }

    fn read(&self, message: ChatMessage, calls_seen: &mut BTreeSet<String>) -> Result<Message, Refused> {
        self.check_role(&message)?;
        if message.role == Role::Tool {
            return self.read_result(message, calls_seen);
        }
        let text = Some(message.content).filter(|text| !text.is_empty());
        let mut parts: Vec<Part> = message.thinking.map(Part::Thinking).into_iter().collect();
        parts.extend(text.map(Part::Text));
        parts.extend(message.images.into_iter().map(Part::Image));
        for (nth, call) in message.tool_calls.into_iter().enumerate() {
            calls_seen.insert(call.id.clone());
            parts.push(Part::ToolCall(self.read_call(nth, call)?));
        }
        parts.extend(message.parts.into_iter().map(Part::Opaque));
        Ok(Message { role: message.role, parts })
    }

    fn check_role(&self, message: &ChatMessage) -> Result<(), Refused> {
        let (user, assistant) = (message.role == Role::User, message.role == Role::Assistant);
        for (field, said, may) in [
            ("images", !message.images.is_empty(), user),
            ("thinking", message.thinking.is_some(), assistant),
            ("tool_calls", !message.tool_calls.is_empty(), assistant),
            ("parts", !message.parts.is_empty(), assistant),
            ("tool_call_id", message.tool_call_id.is_some(), message.role == Role::Tool),
        ] {
            if said && !may {
                return Err(self.rule(field, Rule::UnknownField, "A message of this role has none."));
            }
        }
        Ok(())
    }

    fn read_result(&self, message: ChatMessage, calls_seen: &BTreeSet<String>) -> Result<Message, Refused> {
        let hint = "Name the call that this is the result of.";
        let call_id = message.tool_call_id.ok_or_else(|| self.rule("tool_call_id", Rule::Required, hint))?;
        if !calls_seen.contains(&call_id) {
            return Err(self.rule(
                "tool_call_id",
                Rule::Enum,
                "No assistant message before it has this call.",
            ));
        }
        Ok(Message { role: Role::Tool, parts: vec![Part::ToolResult { call_id, content: message.content }] })
    }

    fn read_call(&self, nth: usize, call: ToldCall) -> Result<ToolCall, Refused> {
        let arguments = match call.arguments {
            Value::Object(fields) => Value::Object(fields).to_string(),
            Value::String(text) => text,
            _ => {
                let field = format!("tool_calls.{nth}.arguments");
                return Err(self.rule(&field, Rule::Type, "Arguments are an object."));
            }
        };
        Ok(ToolCall { id: call.id, name: call.name, arguments })
    }
}
