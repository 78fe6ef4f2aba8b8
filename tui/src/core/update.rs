//! The one place where the model changes: `update(model, message) → effects`.

use super::{
    board::Venture,
    catalogue, chat,
    message::{Effect, LinkEvent, Message, Outcome, Reply, Request, SubmissionId, Tag},
    model::{Model, Overlay, Screen},
    press,
};
use hecate_proto::{
    answer::{CommandAnswer, ErrorAnswer},
    fact::FactFrame,
    llm::{LlmHealth, ModelsAnswer},
    route,
};
use serde::Deserialize;
use serde_json::Value;

/// Rows asked for in one page.
const PAGE_ROWS: u32 = 200;

/// Folds a message into the model and says what to do in the world.
pub fn update(model: &mut Model, message: Message) -> Vec<Effect> {
    let effects = fold(model, message);
    model.chat.fit(model.size.0, model.size.1);
    effects
}

fn fold(model: &mut Model, message: Message) -> Vec<Effect> {
    match message {
        Message::Key(key) => press::press(model, key),
        Message::Paste(text) => press::paste(model, &text),
        Message::Resized { columns, rows } => {
            model.size = (columns, rows);
            model.chat.fit(columns, rows);
            chat::press::go_on(&model.chat)
        }
        Message::GoOn => {
            model.chat.transcript.measure_slice();
            chat::press::go_on(&model.chat)
        }
        Message::Answer(id, event) => model.chat.answered(id, event).into_iter().collect(),
        Message::Kept(mut kept) => {
            std::mem::take(&mut kept.troubles).into_iter().for_each(|trouble| model.bad(trouble));
            model.chat.restore(kept).into_iter().collect()
        }
        Message::Prompts(prompts) => {
            prompts.troubles.iter().for_each(|trouble| model.bad(trouble));
            model.chat.prompts_came(prompts).into_iter().collect()
        }
        Message::KeepingFailed(why) => {
            model.bad(why);
            Vec::new()
        }
        Message::Resumed => vec![Effect::RetakeTerminal],
        Message::Link(event) => link_changed(model, &event),
        Message::Fact(fact) => fact_arrived(model, &fact),
        Message::Snapshot { position } => {
            model.link.last_position = Some(position);
            load_ventures(model)
        }
        Message::UnreadableFrame(why) => {
            model.link.frames_unreadable += 1;
            model.bad(format!("a frame of the fact stream cannot be read: {why}"));
            Vec::new()
        }
        Message::Reply(reply) => replied(model, reply),
        Message::Suspend => vec![Effect::Suspend],
        Message::Terminate => vec![Effect::Quit],
    }
}

fn link_changed(model: &mut Model, event: &LinkEvent) -> Vec<Effect> {
    let another = model.link.apply(event);
    if !matches!(event, LinkEvent::Up { .. }) {
        return Vec::new();
    }
    if another {
        model.board = model.board.emptied();
        model.observer = Default::default();
    }
    let resume = model.link.last_position.map(|after| Effect::Follow { after });
    let desks = Effect::Send(Request::get(Tag::Catalogue, route::DESKS));
    resume.into_iter().chain([desks]).collect()
}

fn fact_arrived(model: &mut Model, fact: &FactFrame) -> Vec<Effect> {
    if !model.link.accept_fact(fact.position) {
        return Vec::new();
    }
    match fact.data.get("venture_id").and_then(Value::as_str) {
        Some(venture_id) => reread(model, venture_id, fact.position),
        None => Vec::new(),
    }
}

/// Reads a venture again, from `position` on.
fn reread(model: &mut Model, venture_id: &str, position: u64) -> Vec<Effect> {
    if !model.board.want(venture_id, position) {
        return load_ventures(model);
    }
    send_reads(model)
}

fn send_reads(model: &mut Model) -> Vec<Effect> {
    let Some(query) = model.catalogue.as_ref().and_then(catalogue::one_venture) else {
        return Vec::new();
    };
    let mut effects = Vec::new();
    while let Some((venture_id, position)) = model.board.next_read() {
        let param = query.path_params.first().cloned().unwrap_or_default();
        let path = query.path.replace(&format!("{{{param}}}"), &catalogue::percent_encoded(&venture_id));
        let read = Request::get(Tag::Venture(venture_id), path);
        effects.push(Effect::Send(Request { min_position: Some(position), ..read }));
    }
    effects
}

fn load_ventures(model: &mut Model) -> Vec<Effect> {
    let load = model.board.begin_load();
    ventures_page(model, load, None).into_iter().collect()
}

fn ventures_page(model: &Model, load: u64, cursor: Option<&str>) -> Option<Effect> {
    let query = model.catalogue.as_ref().and_then(catalogue::ventures_page)?;
    let cursor = cursor.map(catalogue::percent_encoded);
    let params = [
        ("limit", Some(PAGE_ROWS.to_string())),
        ("include_archived", Some("true".to_owned())),
        ("cursor", cursor),
    ];
    let asked = params
        .into_iter()
        .filter(|(name, _)| catalogue::takes_param(query, name))
        .filter_map(|(name, value)| Some(format!("{name}={}", value?)))
        .collect::<Vec<_>>()
        .join("&");
    // What the facts so far have said must be in the list: it takes the place of their reads.
    let min_position = model.link.last_position;
    let list = Request::get(Tag::Ventures { load }, format!("{}?{asked}", query.path));
    Some(Effect::Send(Request { min_position, ..list }))
}

fn replied(model: &mut Model, reply: Reply) -> Vec<Effect> {
    match reply.tag {
        Tag::Catalogue => catalogue_came(model, reply.outcome),
        Tag::Ventures { load } => page_came(model, load, reply.outcome),
        Tag::Venture(venture_id) => venture_came(model, &venture_id, reply.outcome),
        Tag::Tree => {
            model.observer.apply(reply.outcome);
            Vec::new()
        }
        Tag::Models => {
            models_came(model, reply.outcome);
            Vec::new()
        }
        Tag::Providers => {
            providers_came(model, reply.outcome);
            Vec::new()
        }
        Tag::Command(submission) => command_ended(model, submission, reply.outcome),
    }
}

fn catalogue_came(model: &mut Model, outcome: Outcome) -> Vec<Effect> {
    match read(outcome) {
        Ok(catalogue) => {
            model.catalogue = Some(catalogue);
            open_wanted_birth(model);
            load_ventures(model).into_iter().chain(chat::press::ask_for_models()).collect()
        }
        Err(trouble) => {
            model.bad(format!("the daemon's catalogue did not come: {}", trouble.says()));
            Vec::new()
        }
    }
}

fn models_came(model: &mut Model, outcome: Outcome) {
    match read::<ModelsAnswer>(outcome) {
        Ok(answer) => model.chat.models.list = answer.models,
        Err(trouble) => model.bad(format!("the list of models did not come: {}", trouble.says())),
    }
}

fn providers_came(model: &mut Model, outcome: Outcome) {
    match read::<LlmHealth>(outcome) {
        Ok(answer) => model.chat.models.providers = answer.providers,
        Err(trouble) => model.bad(format!("how the models are is unknown: {}", trouble.says())),
    }
}

/// Opens the form that was asked for too early, unless something else was begun since.
fn open_wanted_birth(model: &mut Model) {
    let wanted = std::mem::take(&mut model.birth_wanted);
    if wanted && model.overlay.is_none() && model.command.is_none() {
        model.notice = None;
        press::open_birth(model);
    }
}

#[derive(Deserialize)]
struct Page {
    ventures: Vec<Value>,
    next_cursor: Option<String>,
    as_of_position: u64,
}

fn page_came(model: &mut Model, load: u64, outcome: Outcome) -> Vec<Effect> {
    if load != model.board.load {
        return Vec::new();
    }
    let page: Page = match read(outcome) {
        Ok(page) => page,
        Err(trouble) => {
            model.bad(format!("the list of ventures did not come: {}", trouble.says()));
            return Vec::new();
        }
    };
    let rows = page.ventures.into_iter().filter_map(|value| row(model, value)).collect();
    let room = model.board.add_page(rows);
    let mut effects = follow_from(model, page.as_of_position);
    match page.next_cursor.as_deref().filter(|_| room) {
        Some(cursor) => effects.extend(ventures_page(model, load, Some(cursor))),
        None => model.board.finish_load(),
    }
    effects
}

/// The first list says where the stream begins; afterwards the stream itself does.
fn follow_from(model: &mut Model, position: u64) -> Vec<Effect> {
    if model.link.last_position.is_some() {
        return Vec::new();
    }
    model.link.last_position = Some(position);
    vec![Effect::Follow { after: position }]
}

fn row(model: &mut Model, value: Value) -> Option<Venture> {
    Venture::read(value).map_err(|why| model.bad(format!("a venture cannot be read: {why}"))).ok()
}

#[derive(Deserialize)]
struct OneVenture {
    venture: Value,
}

fn venture_came(model: &mut Model, venture_id: &str, outcome: Outcome) -> Vec<Effect> {
    model.board.read_ended(venture_id);
    match read::<OneVenture>(outcome) {
        Ok(answer) => {
            if let Some(venture) = row(model, answer.venture) {
                model.board.put(venture);
            }
        }
        Err(Trouble::Refused(404, _)) => model.board.remove(venture_id),
        Err(trouble) => model.bad(format!("{venture_id} could not be read again: {}", trouble.says())),
    }
    send_reads(model)
}

fn command_ended(model: &mut Model, submission: SubmissionId, outcome: Outcome) -> Vec<Effect> {
    match read::<CommandAnswer>(outcome) {
        Ok(answer) => {
            if form_of(model, submission).is_some() {
                model.overlay = None;
            }
            command_done(model, &answer)
        }
        Err(trouble) => {
            command_failed(model, submission, trouble);
            Vec::new()
        }
    }
}

fn form_of(model: &mut Model, submission: SubmissionId) -> Option<&mut super::form::Form> {
    match &mut model.overlay {
        Some(Overlay::Form(form)) if form.sending == Some(submission) => Some(form),
        _ => None,
    }
}

fn command_done(model: &mut Model, answer: &CommandAnswer) -> Vec<Effect> {
    let types: Vec<&str> = answer.events.iter().map(|event| event.event_type.as_str()).collect();
    let what = if answer.recorded { types.join(", ") } else { "nothing to record".to_owned() };
    let CommandAnswer { version, position, status_label, .. } = answer;
    model.good(format!("{what} · {status_label} · version {version} · position {position}"));
    let Some(venture_id) = answer.about.get("venture_id").and_then(Value::as_str) else {
        return Vec::new();
    };
    model.board.awaited = Some(venture_id.to_owned());
    let leaves_observer = model.screen == Screen::Observer;
    model.screen = Screen::Board;
    let mut effects = reread(model, venture_id, *position);
    effects.extend(leaves_observer.then_some(Effect::WatchTree(false)));
    effects
}

fn command_failed(model: &mut Model, submission: SubmissionId, trouble: Trouble) {
    let says = trouble.says();
    let Some(form) = form_of(model, submission) else {
        return model.bad(says);
    };
    match trouble {
        Trouble::Refused(_, error) => form.refuse(&error),
        Trouble::Unclear(reason) => form.unanswered(&reason),
    }
    renew_if_match(model);
}

/// A form that was overtaken while it was filled in goes on from the version that is known by now.
fn renew_if_match(model: &mut Model) {
    let Some(Overlay::Form(form)) = &mut model.overlay else {
        return;
    };
    let known = form.venture_id.as_deref().and_then(|id| model.board.get(id));
    if let Some(venture) = known {
        form.if_match = Some(venture.row.version);
    }
}

/// Why a request brought nothing.
enum Trouble {
    /// The daemon said no, and that stays.
    Refused(u16, Box<ErrorAnswer>),
    /// Nothing came, or nothing that settles it.
    Unclear(String),
}

impl Trouble {
    fn says(&self) -> String {
        match self {
            Self::Refused(_, error) => spoken(error),
            Self::Unclear(reason) => reason.clone(),
        }
    }
}

fn spoken(error: &ErrorAnswer) -> String {
    format!("{} ({})", error.message, error.error)
}

fn read<T: for<'de> Deserialize<'de>>(outcome: Outcome) -> Result<T, Trouble> {
    let is_final = outcome.is_final();
    let (status, body) = match outcome {
        Outcome::Answered { status, body } => (status, body),
        Outcome::Unanswered(reason) => return Err(Trouble::Unclear(reason)),
    };
    if (200..300).contains(&status) {
        return T::deserialize(body).map_err(|error| Trouble::Unclear(format!("unreadable answer: {error}")));
    }
    match ErrorAnswer::deserialize(body) {
        Ok(error) if is_final => Err(Trouble::Refused(status, Box::new(error))),
        Ok(error) => Err(Trouble::Unclear(spoken(&error))),
        Err(_) => Err(Trouble::Unclear(format!("the daemon answered {status} without a reason"))),
    }
}
