//! A call in Ollama's words.

use super::super::dialect::{add_missing, put};
use super::super::message::{Call, Message, Settings, ToolCall};
use super::NAME;
use hecate_proto::llm::{Effort, Role, Tool};
use serde_json::{Map, Value, json};

pub(super) fn body(call: &Call) -> Value {
    let mut body = Map::new();
    body.insert("model".to_owned(), call.model.as_str().into());
    let messages: Vec<Value> = call.messages.iter().map(|message| encode(message, call)).collect();
    body.insert("messages".to_owned(), messages.into());
    body.insert("stream".to_owned(), true.into());
    if !call.tools.is_empty() {
        body.insert("tools".to_owned(), call.tools.iter().map(tool).collect());
    }
    put(&mut body, "think", call.settings.think.map(think));
    let options = options(&call.settings);
    put(&mut body, "options", Some(options).filter(|options| !options.is_empty()));
    if let Some(extra) = call.extra.get(NAME) {
        add_missing(&mut body, extra);
    }
    Value::Object(body)
}

fn encode(message: &Message, call: &Call) -> Value {
    let mut told = Map::new();
    told.insert("role".to_owned(), json!(message.role));
    told.insert("content".to_owned(), message.text().into());
    put(&mut told, "thinking", message.thinking());
    let images: Vec<Value> = message.images().map(|image| image.data.as_str().into()).collect();
    put(&mut told, "images", Some(images).filter(|images| !images.is_empty()));
    let calls: Vec<Value> = message.calls().enumerate().map(tool_call).collect();
    put(&mut told, "tool_calls", Some(calls).filter(|calls| !calls.is_empty()));
    if message.role == Role::Tool {
        let call_id = message.result_of();
        put(&mut told, "tool_name", call_id.and_then(|id| call.tool_of(id)));
        put(&mut told, "tool_call_id", call_id);
    }
    message.opaque(&call.provider).for_each(|opaque| add_missing(&mut told, &opaque.part));
    Value::Object(told)
}

fn tool_call((index, call): (usize, &ToolCall)) -> Value {
    // Ollama takes nothing but objects; what a model wrote that is none was no call that could be answered.
    let arguments = call.object().unwrap_or_default();
    json!({ "id": call.id, "function": { "index": index, "name": call.name, "arguments": arguments } })
}

fn tool(tool: &Tool) -> Value {
    let Tool { name, description, input_schema } = tool;
    json!({
        "type": "function",
        "function": { "name": name, "description": description, "parameters": input_schema },
    })
}

fn think(effort: Effort) -> Value {
    match effort {
        Effort::Off => false.into(),
        Effort::Low => "low".into(),
        Effort::Medium => "medium".into(),
        Effort::High => "high".into(),
    }
}

fn options(settings: &Settings) -> Map<String, Value> {
    let mut options = Map::new();
    put(&mut options, "temperature", settings.temperature);
    put(&mut options, "top_p", settings.top_p);
    put(&mut options, "num_predict", settings.max_tokens);
    put(&mut options, "seed", settings.seed);
    put(&mut options, "stop", Some(settings.stop.clone()).filter(|stop| !stop.is_empty()));
    options
}
