//! A call in OpenAI's words.

use super::super::dialect::{add_missing, put};
use super::super::message::{Call, Message, Part, Settings, ToolCall};
use super::NAME;
use hecate_proto::llm::{Effort, Image, Role, Tool};
use serde_json::{Map, Value, json};

/// `own`: it goes to OpenAI itself, which has given up `max_tokens`.
pub(super) fn body(call: &Call, own: bool) -> Value {
    let mut body = Map::new();
    body.insert("model".to_owned(), call.model.as_str().into());
    body.insert(
        "messages".to_owned(),
        call.messages.iter().map(|message| encode(message, &call.provider)).collect(),
    );
    body.insert("stream".to_owned(), true.into());
    // Without the first nobody counts; without the second every chunk is padded.
    let options = if own {
        json!({ "include_usage": true, "include_obfuscation": false })
    } else {
        json!({ "include_usage": true })
    };
    body.insert("stream_options".to_owned(), options);
    if !call.tools.is_empty() {
        body.insert("tools".to_owned(), call.tools.iter().map(tool).collect());
    }
    settings(&mut body, &call.settings, own || reasons(&call.model));
    if let Some(extra) = call.extra.get(NAME) {
        add_missing(&mut body, extra);
    }
    Value::Object(body)
}

fn settings(body: &mut Map<String, Value>, settings: &Settings, completion_tokens: bool) {
    let max_tokens = if completion_tokens { "max_completion_tokens" } else { "max_tokens" };
    put(body, "temperature", settings.temperature);
    put(body, "top_p", settings.top_p);
    put(body, max_tokens, settings.max_tokens);
    put(body, "seed", settings.seed);
    put(body, "stop", Some(settings.stop.clone()).filter(|stop| !stop.is_empty()));
    put(body, "reasoning_effort", settings.think.map(effort));
}

/// True for OpenAI's families of models that think, whoever serves them: they refuse `max_tokens`.
fn reasons(model: &str) -> bool {
    let name = model.rsplit('/').next().unwrap_or(model);
    ["o1", "o3", "o4", "gpt-5"].iter().any(|family| {
        let rest = name.strip_prefix(family);
        rest.is_some_and(|rest| rest.is_empty() || rest.starts_with(['-', '.', ':']))
    })
}

const fn effort(effort: Effort) -> &'static str {
    match effort {
        Effort::Off => "none",
        Effort::Low => "low",
        Effort::Medium => "medium",
        Effort::High => "high",
    }
}

fn encode(message: &Message, provider: &str) -> Value {
    let mut told = Map::new();
    told.insert("role".to_owned(), json!(message.role));
    let calls: Vec<Value> = message.calls().map(tool_call).collect();
    let text = message.text();
    let content = match () {
        () if message.images().next().is_some() => message.parts.iter().filter_map(part).collect(),
        () if text.is_empty() && !calls.is_empty() => Value::Null,
        () => text.into(),
    };
    told.insert("content".to_owned(), content);
    put(&mut told, "tool_calls", Some(calls).filter(|calls| !calls.is_empty()));
    if message.role == Role::Tool {
        put(&mut told, "tool_call_id", message.result_of());
    }
    message.opaque(provider).for_each(|opaque| add_missing(&mut told, &opaque.part));
    Value::Object(told)
}

fn part(part: &Part) -> Option<Value> {
    match part {
        Part::Text(text) => Some(json!({ "type": "text", "text": text })),
        Part::Image(Image { media_type, data }) => {
            let url = format!("data:{media_type};base64,{data}");
            Some(json!({ "type": "image_url", "image_url": { "url": url } }))
        }
        Part::Thinking(_) | Part::ToolCall(_) | Part::ToolResult { .. } | Part::Opaque(_) => None,
    }
}

fn tool_call(call: &ToolCall) -> Value {
    let arguments = if call.arguments.is_empty() { "{}" } else { &call.arguments };
    json!({ "id": call.id, "type": "function", "function": { "name": call.name, "arguments": arguments } })
}

fn tool(tool: &Tool) -> Value {
    let Tool { name, description, input_schema } = tool;
    json!({
        "type": "function",
        "function": { "name": name, "description": description, "parameters": input_schema },
    })
}
