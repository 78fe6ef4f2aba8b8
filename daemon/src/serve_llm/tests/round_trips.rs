//! Whatever a conversation says goes through the daemon's own form and comes out as it went in.

use super::super::delta::{Delta, Fold, Sum};
use super::super::dialect::Dialect;
use super::super::message::{Call, ToolCall};
use super::super::ollama::Ollama;
use super::super::openai::OpenAi;
use super::kit::{decoded, sse};
use hecate_proto::llm::{
    ChatMessage, ChatRequest, Image, OpaquePart, Role, StopReason, ToolCall as ToldCall, UsageSource,
};
use proptest::collection::vec;
use proptest::prelude::*;
use serde_json::{Map, Value, json};

fn fields() -> impl Strategy<Value = Map<String, Value>> {
    let leaf = prop_oneof![
        any::<i64>().prop_map(Value::from),
        any::<String>().prop_map(Value::from),
        Just(Value::Null)
    ];
    let value = leaf.prop_recursive(2, 8, 3, |inner| vec(inner, 0..3).prop_map(Value::from));
    prop::collection::btree_map("[a-z]{1,5}", value, 0..4).prop_map(|all| all.into_iter().collect())
}

fn told_call() -> impl Strategy<Value = ToldCall> {
    let broken =
        "[^{]{1,9}".prop_filter("no JSON object", |text| !text.trim().is_empty()).prop_map(Value::from);
    let arguments = prop_oneof![4 => fields().prop_map(Value::Object), 1 => broken];
    ("[a-z0-9]{1,8}", "[a-z_]{1,8}", arguments).prop_map(|(id, name, arguments)| ToldCall {
        id,
        name,
        arguments,
    })
}

fn plain(role: Role) -> impl Strategy<Value = ChatMessage> {
    any::<String>().prop_map(move |content| ChatMessage::text(role, content))
}

fn user() -> impl Strategy<Value = ChatMessage> {
    let image = "[A-Za-z0-9+/]{4}".prop_map(|data| Image { media_type: "image/png".into(), data });
    (any::<String>(), vec(image, 0..3))
        .prop_map(|(content, images)| ChatMessage { images, ..ChatMessage::text(Role::User, content) })
}

/// What a model said, and the results of what it called.
fn turn() -> impl Strategy<Value = Vec<ChatMessage>> {
    let part = fields().prop_map(|part| OpaquePart { provider: "openai".into(), part });
    let said = (any::<String>(), prop::option::of("..{0,8}"), vec(told_call(), 0..3), vec(part, 0..2));
    (said, any::<String>()).prop_map(|((content, thinking, tool_calls, parts), result)| {
        let results = tool_calls.iter().map(|call| ChatMessage {
            tool_call_id: Some(call.id.clone()),
            ..ChatMessage::text(Role::Tool, result.clone())
        });
        let results: Vec<_> = results.collect();
        let answer =
            ChatMessage { thinking, tool_calls, parts, ..ChatMessage::text(Role::Assistant, content) };
        std::iter::once(answer).chain(results).collect()
    })
}

fn conversation() -> impl Strategy<Value = Vec<ChatMessage>> {
    let one = |message: BoxedStrategy<ChatMessage>| message.prop_map(|message| vec![message]).boxed();
    let some = prop_oneof![one(plain(Role::System).boxed()), one(user().boxed()), turn().boxed()];
    vec(some, 1..6).prop_map(|some| some.concat())
}

fn delta() -> impl Strategy<Value = Delta> {
    prop_oneof![
        any::<String>().prop_filter("says something", |text| !text.is_empty()).prop_map(Delta::Text),
        any::<String>().prop_filter("says something", |text| !text.is_empty()).prop_map(Delta::Thinking),
    ]
}

proptest! {
    #[test]
    fn a_conversation_loses_nothing_in_the_daemons_own_form(messages in conversation()) {
        let request = ChatRequest { messages: messages.clone(), ..ChatRequest::default() };
        let call = Call::read(request).unwrap();
        let back: Vec<_> = call.messages.into_iter().map(|message| message.into_wire()).collect();
        prop_assert_eq!(back, messages);
    }

    #[test]
    fn both_dialects_say_every_message_once_and_in_order(messages in conversation()) {
        let call = Call::read(ChatRequest { messages: messages.clone(), ..ChatRequest::default() }).unwrap();
        for body in [Ollama.encode(&call, ""), OpenAi.encode(&call, "")] {
            let sent = body["messages"].as_array().unwrap();
            prop_assert_eq!(sent.len(), messages.len());
            for (sent, said) in sent.iter().zip(&messages) {
                prop_assert_eq!(&sent["role"], &json!(said.role));
                let calls = sent["tool_calls"].as_array().map_or(0, Vec::len);
                prop_assert_eq!(calls, said.tool_calls.len());
                match &sent["content"] {
                    Value::String(text) => prop_assert_eq!(text, &said.content),
                    Value::Array(parts) => {
                        let text = parts.iter().filter_map(|part| part["text"].as_str()).collect::<String>();
                        prop_assert_eq!(&text, &said.content);
                    }
                    _ => prop_assert!(said.content.is_empty()),
                }
            }
        }
    }

    #[test]
    fn an_answer_is_the_same_in_either_dialect_however_its_bytes_come(
        deltas in vec(delta(), 0..12),
        cuts in vec(any::<prop::sample::Index>(), 0..8),
    ) {
        for (dialect, bytes) in in_either_dialect(&deltas) {
            let (seen, failed) = decoded(dialect, &cut(&bytes, on_bytes(&bytes, &cuts)));
            prop_assert_eq!(failed, None);
            prop_assert_eq!(joined(seen), joined(deltas.clone()));
        }
    }

    #[test]
    fn thoughts_within_the_text_are_told_apart_and_never_sent_back_as_text(
        (blanks, thought, text) in ("[ \n]{0,3}", "[a-z][a-z </>é]{0,20}", "[A-Z][A-Z <think/>☕]{0,20}"),
        letters in vec(any::<prop::sample::Index>(), 0..8),
        cuts in vec(any::<prop::sample::Index>(), 0..8),
    ) {
        let answer = format!("{blanks}<think>{thought}</think>\n\n{text}");
        let pieces = cut(answer.as_bytes(), on_letters(&answer, &letters));
        let pieces = pieces.into_iter().filter(|piece| !piece.is_empty());
        let deltas: Vec<_> = pieces.map(|it| Delta::Text(String::from_utf8(it.to_vec()).unwrap())).collect();
        for (dialect, bytes) in in_either_dialect(&deltas) {
            let (seen, failed) = decoded(dialect, &cut(&bytes, on_bytes(&bytes, &cuts)));
            prop_assert_eq!(failed, None);
            prop_assert_eq!(joined(seen.clone()), [Delta::Thinking(thought.clone()), Delta::Text(text.clone())]);
            let mut fold = Fold::new(Sum::new("p", "m", 8));
            for delta in seen {
                fold.add(delta);
            }
            let answer = fold.answer();
            let (thinking, said) = (answer.thinking, ChatMessage::text(Role::Assistant, answer.content));
            let messages = vec![ChatMessage { thinking, ..said }];
            let call = Call::read(ChatRequest { messages, ..ChatRequest::default() }).unwrap();
            prop_assert_eq!(&dialect.encode(&call, "")["messages"][0]["content"], &json!(text));
        }
    }
}

/// An answer as each dialect sends it.
fn in_either_dialect(deltas: &[Delta]) -> [(&'static dyn Dialect, Vec<u8>); 2] {
    let ollama = deltas.iter().map(|delta| match delta {
        Delta::Thinking(text) => json!({"message": {"thinking": text}}),
        Delta::Text(text) => json!({"message": {"content": text}}),
        _ => Value::Null,
    });
    let lines: String = ollama.chain([json!({"done": true})]).map(|line| format!("{line}\n")).collect();
    let openai = deltas.iter().map(|delta| match delta {
        Delta::Thinking(text) => json!({"choices": [{"delta": {"reasoning": text}}]}),
        Delta::Text(text) => json!({"choices": [{"delta": {"content": text}}]}),
        _ => Value::Null,
    });
    [(&Ollama, lines.into_bytes()), (&OpenAi, sse(&openai.collect::<Vec<_>>()))]
}

/// What was thought and said, neighbours joined.
fn joined(deltas: Vec<Delta>) -> Vec<Delta> {
    let mut joined: Vec<Delta> = Vec::new();
    for delta in deltas {
        match (joined.last_mut(), delta) {
            (Some(Delta::Text(text)), Delta::Text(more))
            | (Some(Delta::Thinking(text)), Delta::Thinking(more)) => text.push_str(&more),
            (_, delta @ (Delta::Text(_) | Delta::Thinking(_))) => joined.push(delta),
            _ => {}
        }
    }
    joined
}

/// Places between the letters of a text.
fn on_letters(text: &str, cuts: &[prop::sample::Index]) -> Vec<usize> {
    cuts.iter().map(|cut| text.floor_char_boundary(cut.index(text.len() + 1))).collect()
}

fn on_bytes(bytes: &[u8], cuts: &[prop::sample::Index]) -> Vec<usize> {
    cuts.iter().map(|cut| cut.index(bytes.len() + 1)).collect()
}

fn cut(bytes: &[u8], mut at: Vec<usize>) -> Vec<&[u8]> {
    at.extend([0, bytes.len()]);
    at.sort_unstable();
    at.windows(2).map(|pair| &bytes[pair[0]..pair[1]]).collect()
}

#[test]
fn the_frames_of_a_stream_and_the_plain_answer_say_the_same() {
    let call = ToolCall { id: "c".into(), name: "brew".into(), arguments: "not json".into() };
    let deltas = [
        Delta::Model("m-1".into()),
        Delta::Thinking("H".into()),
        Delta::Thinking("m".into()),
        Delta::Text("Te".into()),
        Delta::Text("a".into()),
        Delta::ToolCall(call),
        Delta::Opaque(Map::new()),
        Delta::Finish(StopReason::ToolCalls),
    ];
    let mut fold = Fold::new(Sum::new("p", "m", 8));
    let mut sum = Sum::new("p", "m", 8);
    let frames: Vec<_> = deltas.iter().cloned().filter_map(|delta| sum.add(delta)).collect();
    for delta in deltas {
        fold.add(delta);
    }
    let (answer, done) = (fold.answer(), sum.done());
    assert_eq!((answer.content.as_str(), answer.thinking.as_deref()), ("Tea", Some("Hm")));
    assert_eq!(answer.tool_calls[0].arguments, json!("not json"));
    assert_eq!((&answer.model, &answer.usage, &answer.parts), (&done.model, &done.usage, &done.parts));
    assert_eq!((answer.usage.source, answer.usage.prompt_tokens), (UsageSource::Estimated, 2));
    assert_eq!(frames.len(), 5);
}
