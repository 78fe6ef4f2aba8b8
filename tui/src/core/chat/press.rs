//! What keys and commands do on the chat screen.

use super::conversation::Chat;
use crate::core::{
    key::Key,
    keymap::Action,
    message::{Effect, Request, Tag},
    model::{Model, Overlay, Page, Topic},
};
use hecate_proto::route;

/// Takes an action on the chat screen, outside the composer.
pub(in crate::core) fn act(model: &mut Model, action: Action) -> Vec<Effect> {
    let half = half_page(model);
    let chat = &mut model.chat;
    match action {
        Action::Write => chat.inserting = true,
        Action::Stop => return chat.cancel().into_iter().collect(),
        Action::Retry if !model.link.up => not_sent(model),
        Action::Retry => return chat.retry(),
        Action::NextModel => step_model(model, true),
        Action::PreviousModel => step_model(model, false),
        Action::ToggleThoughts => {
            chat.transcript.toggle_thoughts();
            return go_on(chat);
        }
        Action::Down => chat.transcript.scroll(1),
        Action::Up => chat.transcript.scroll(-1),
        Action::PageDown => chat.transcript.scroll(half),
        Action::PageUp => chat.transcript.scroll(-half),
        Action::Top => chat.transcript.to_top(),
        Action::Bottom => chat.transcript.to_end(),
        _ => {}
    }
    Vec::new()
}

/// Takes an action in the composer.
pub(in crate::core) fn act_in_composer(model: &mut Model, action: Action) -> Vec<Effect> {
    let half = half_page(model);
    let chat = &mut model.chat;
    match action {
        Action::Send => return send(model),
        Action::NewLine => return insert(model, "\n"),
        Action::Up => chat.composer.step(false),
        Action::Down => chat.composer.step(true),
        Action::PageDown => chat.transcript.scroll(half),
        Action::PageUp => chat.transcript.scroll(-half),
        _ => chat.inserting = false,
    }
    chat.keep_draft().into_iter().collect()
}

/// Takes a key that is none of the composer's own.
pub(in crate::core) fn write(model: &mut Model, key: Key) -> Vec<Effect> {
    model.chat.composer.press(key);
    model.chat.keep_draft().into_iter().collect()
}

/// Inserts text where somebody writes; pasted text opens the composer.
pub(in crate::core) fn insert(model: &mut Model, text: &str) -> Vec<Effect> {
    model.chat.inserting = true;
    if !model.chat.composer.insert(text) {
        model.bad("that is more than a prompt holds");
    }
    model.chat.keep_draft().into_iter().collect()
}

fn half_page(model: &Model) -> isize {
    let rows = super::layout(&model.chat, model.size.0, model.size.1).transcript_rows;
    isize::try_from(rows / 2).unwrap_or(1).max(1)
}

/// Work that was put off goes on after the next frame.
pub(in crate::core) fn go_on(chat: &Chat) -> Vec<Effect> {
    chat.transcript.is_unmeasured().then_some(Effect::GoOnLater).into_iter().collect()
}

fn send(model: &mut Model) -> Vec<Effect> {
    if model.chat.composer.input.text().trim().is_empty() {
        return Vec::new();
    }
    if model.chat.is_answering() {
        model.bad("an answer is under way: Ctrl+C stops it; your text stays");
    } else if !model.link.up {
        not_sent(model);
    } else if model.chat.is_full() {
        model.bad("this conversation is full: `:new` begins another; your text stays");
    } else {
        return model.chat.send();
    }
    Vec::new()
}

fn not_sent(model: &mut Model) {
    model.bad("not sent: no daemon answers; your text stays");
}

fn step_model(model: &mut Model, forwards: bool) {
    match model.chat.models.cycle(forwards) {
        Some(id) => model.good(format!("asking {id}")),
        None => model.bad("no models yet: `:models` asks again"),
    }
}

/// `:model NAME`.
pub(in crate::core) fn choose_model(model: &mut Model, name: &str) {
    if model.chat.models.choose(name) {
        let id = model.chat.models.current().unwrap_or_default();
        model.good(format!("asking {id}"));
    } else {
        model.bad(format!("no model is called {name}: `:models` lists them"));
    }
}

/// `:role NAME`; `none` plays no role.
pub(in crate::core) fn choose_role(model: &mut Model, name: &str) {
    if name == "none" {
        model.chat.role = None;
        model.good("no role");
    } else if model.chat.prompts.role(name).is_some() {
        model.chat.role = Some(name.to_owned());
        model.good(format!("playing {name}"));
    } else {
        model.bad(format!("no role is called {name}: `:roles` lists them"));
    }
}

/// `:models`, and asks the daemon again.
pub(in crate::core) fn show_models(model: &mut Model) -> Vec<Effect> {
    open(model, Topic::Models);
    ask_for_models().into()
}

/// Asks which models there are and how their providers are.
pub(in crate::core) fn ask_for_models() -> [Effect; 2] {
    [(Tag::Models, route::LLM_MODELS), (Tag::Providers, route::LLM_HEALTH)]
        .map(|(tag, path)| Effect::Send(Request::get(tag, path)))
}

/// `:roles` and `:personality`, and reads their files again.
pub(in crate::core) fn show_prompts(model: &mut Model, topic: Topic) -> Vec<Effect> {
    open(model, topic);
    vec![Effect::ReadPrompts]
}

fn open(model: &mut Model, topic: Topic) {
    model.overlay = Some(Overlay::Page(Page { topic, scroll: 0 }));
}
