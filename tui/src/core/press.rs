//! What a key does, place by place.

use super::{
    catalogue,
    chat::press as chat,
    command_line::{self, Command, CommandLine},
    form::Form,
    key::{Code, Key},
    keymap::{self, Action, Place},
    message::Effect,
    model::{Menu, Model, Overlay, Page, Screen, Topic},
};
use hecate_proto::catalogue::DeskSheet;

/// Rows of a page key.
const PAGE_ROWS: isize = 10;

/// Takes a key.
pub(super) fn press(model: &mut Model, key: Key) -> Vec<Effect> {
    let place = model.place();
    model.board.seen();
    model.birth_wanted &= key.code != Code::Esc;
    if place != Place::Form {
        model.notice = None;
    }
    if place == Place::Form && is_typing(model, key) {
        return Vec::new();
    }
    if let Some(action) = keymap::action(place, key) {
        return act(model, place, action);
    }
    match (&mut model.command, &mut model.overlay) {
        (Some(line), _) => {
            line.input.press(key);
            line.edited();
        }
        (None, Some(Overlay::Form(form))) => type_into(form, key),
        _ if place == Place::Insert => return chat::write(model, key),
        _ => {}
    }
    Vec::new()
}

/// Takes pasted text.
pub(super) fn paste(model: &mut Model, text: &str) -> Vec<Effect> {
    match (&mut model.command, &mut model.overlay) {
        (Some(line), _) => {
            line.input.insert(text, false);
            line.edited();
        }
        (None, Some(Overlay::Form(form))) if form.sending.is_none() => {
            if let Some(field) = form.focused() {
                field.insert(text);
            }
        }
        (None, None) if model.screen == Screen::Chat => return chat::insert(model, text),
        _ => {}
    }
    Vec::new()
}

/// Left and Right are a cursor in text and a choice elsewhere.
fn is_typing(model: &mut Model, key: Key) -> bool {
    let sideways = matches!(key.code, Code::Left | Code::Right);
    match &mut model.overlay {
        Some(Overlay::Form(form)) if sideways && form.sending.is_none() => {
            form.focused().is_some_and(|field| field.press(key))
        }
        _ => false,
    }
}

fn type_into(form: &mut Form, key: Key) {
    if form.sending.is_some() {
        return;
    }
    form.discard_armed = false;
    if let Some(field) = form.focused() {
        field.press(key);
    }
}

fn act(model: &mut Model, place: Place, action: Action) -> Vec<Effect> {
    match (place, action) {
        (_, Action::Quit) => vec![Effect::Quit],
        (_, Action::Suspend) => vec![Effect::Suspend],
        (_, Action::Interrupt) => interrupt(model, place),
        (Place::Insert, _) => chat::act_in_composer(model, action),
        (Place::Help, _) => act_in_help(model, action),
        (Place::Menu, _) => act_in_menu(model, action),
        (Place::Form, _) => act_in_form(model, action),
        (Place::Command, _) => act_in_command(model, action),
        (Place::Normal | Place::Chat | Place::Board | Place::Observer, _) => act_on_screen(model, action),
    }
}

/// On the chat screen it stops an answer; where there is none, it leaves the composer, else the terminal.
fn interrupt(model: &mut Model, place: Place) -> Vec<Effect> {
    match place {
        Place::Chat | Place::Insert if model.chat.is_answering() => model.chat.cancel().into_iter().collect(),
        Place::Insert => chat::act_in_composer(model, Action::Back),
        _ => vec![Effect::Quit],
    }
}

fn act_on_screen(model: &mut Model, action: Action) -> Vec<Effect> {
    match action {
        Action::ShowChat => return show(model, Screen::Chat),
        Action::ShowBoard => return show(model, Screen::Board),
        Action::ShowObserver => return show(model, Screen::Observer),
        Action::ShowHelp => model.overlay = Some(Overlay::Help(0)),
        Action::OpenCommand => model.command = Some(CommandLine::default()),
        Action::NewVenture => open_birth(model),
        Action::Open => open_menu(model),
        Action::ToggleArchived => {
            model.board.show_archived = !model.board.show_archived;
            model.board.keep_selection();
        }
        _ if model.screen == Screen::Chat => return chat::act(model, action),
        _ => move_cursor(model, action),
    }
    Vec::new()
}

fn move_cursor(model: &mut Model, action: Action) {
    let rows = match action {
        Action::Down => 1,
        Action::Up => -1,
        Action::PageDown => PAGE_ROWS,
        Action::PageUp => -PAGE_ROWS,
        Action::Top => isize::MIN,
        Action::Bottom => isize::MAX,
        _ => 0,
    };
    match model.screen {
        Screen::Board => model.board.step(rows),
        Screen::Observer => model.observer.step(rows),
        Screen::Chat => {}
    }
}

/// Changes the screen; the tree is read only while it is shown.
fn show(model: &mut Model, screen: Screen) -> Vec<Effect> {
    let before = std::mem::replace(&mut model.screen, screen);
    let watched = before == Screen::Observer;
    let watch = screen == Screen::Observer;
    (watched != watch).then_some(Effect::WatchTree(watch)).into_iter().collect()
}

pub(super) fn open_birth(model: &mut Model) {
    let desk = model.catalogue.as_ref().and_then(catalogue::venture_birth).cloned();
    match desk {
        Some(desk) => open_desk(model, &desk),
        None if model.catalogue.is_some() => model.bad("the daemon sets no ventures up"),
        None => {
            model.birth_wanted = true;
            model.bad("the form opens as soon as the daemon says what it asks; Esc: do not");
        }
    }
}

fn open_menu(model: &mut Model) {
    let (Some(venture), Some(catalogue)) = (model.board.selected(), &model.catalogue) else {
        return;
    };
    let desks: Vec<DeskSheet> =
        catalogue::desks_named(catalogue, &venture.row.available_actions).into_iter().cloned().collect();
    let (title, label) = (venture.row.name.clone(), venture.row.status_label.clone());
    if desks.is_empty() {
        return model.bad(format!("nothing is open for {title}: it is {label}"));
    }
    model.overlay = Some(Overlay::Menu(Menu { title, desks, selected: 0 }));
}

/// Opens the form of a desk, on the venture under the cursor where the desk needs one.
fn open_desk(model: &mut Model, desk: &DeskSheet) {
    if desk.path_params.is_empty() {
        model.overlay = Some(Overlay::Form(Box::new(Form::new(desk, desk.path.clone()))));
        return;
    }
    let Some(venture) = model.board.selected() else {
        return model.bad(format!("{} {} needs a venture: choose one on the board", desk.noun, desk.verb));
    };
    if desk.noun == catalogue::VENTURE && !venture.row.available_actions.contains(&desk.name) {
        let (name, label) = (venture.row.name.clone(), venture.row.status_label.clone());
        return model.bad(format!("{} is not open for {name}: it is {label}", desk.verb));
    }
    match catalogue::fill_path(&desk.path, &desk.path_params, &venture.raw) {
        Err(param) => {
            let says = format!("{} {} needs a {param}, and a venture has none", desk.noun, desk.verb);
            model.bad(says);
        }
        Ok(path) => {
            let mut form = Form::new(desk, path);
            form.subject = Some(venture.row.name.clone());
            if desk.noun == catalogue::VENTURE {
                form.venture_id = Some(venture.row.venture_id.clone());
                form.if_match = Some(venture.row.version);
            }
            model.overlay = Some(Overlay::Form(Box::new(form)));
        }
    }
}

fn act_in_help(model: &mut Model, action: Action) -> Vec<Effect> {
    let Some(Overlay::Help(scroll) | Overlay::Page(Page { scroll, .. })) = &mut model.overlay else {
        return Vec::new();
    };
    match action {
        Action::Down => *scroll = scroll.saturating_add(1),
        Action::Up => *scroll = scroll.saturating_sub(1),
        _ => model.overlay = None,
    }
    Vec::new()
}

fn act_in_menu(model: &mut Model, action: Action) -> Vec<Effect> {
    let Some(Overlay::Menu(menu)) = &mut model.overlay else {
        return Vec::new();
    };
    match action {
        Action::Down => menu.selected = (menu.selected + 1).min(menu.desks.len().saturating_sub(1)),
        Action::Up => menu.selected = menu.selected.saturating_sub(1),
        Action::Open => {
            let desk = menu.desks.get(menu.selected).cloned();
            model.overlay = None;
            if let Some(desk) = desk {
                open_desk(model, &desk);
            }
        }
        _ => model.overlay = None,
    }
    Vec::new()
}

fn act_in_command(model: &mut Model, action: Action) -> Vec<Effect> {
    let all = command_line::commands(model);
    let Some(line) = &mut model.command else {
        return Vec::new();
    };
    match action {
        Action::Complete => {
            line.complete(&all);
            Vec::new()
        }
        Action::Run => {
            let typed = line.input.text().to_owned();
            model.command = None;
            run(model, &all, &typed)
        }
        _ => {
            model.command = None;
            Vec::new()
        }
    }
}

fn run(model: &mut Model, all: &[command_line::Named], typed: &str) -> Vec<Effect> {
    match command_line::meant(all, typed) {
        Some(Command::Quit) => return vec![Effect::Quit],
        Some(Command::Chat) => return show(model, Screen::Chat),
        Some(Command::Board) => return show(model, Screen::Board),
        Some(Command::Observer) => return show(model, Screen::Observer),
        Some(Command::NewChat) => {
            let cancel = model.chat.renew();
            return cancel.into_iter().chain(show(model, Screen::Chat)).collect();
        }
        Some(Command::Models) => return chat::show_models(model),
        Some(Command::Roles) => return chat::show_prompts(model, Topic::Roles),
        Some(Command::Personality) => return chat::show_prompts(model, Topic::Personality),
        Some(Command::UseModel(name)) => chat::choose_model(model, &name),
        Some(Command::UseRole(name)) => chat::choose_role(model, &name),
        Some(Command::Help) => model.overlay = Some(Overlay::Help(0)),
        Some(Command::Desk(desk)) => open_desk(model, &desk),
        #[cfg(debug_assertions)]
        Some(Command::Crash) => panic!("crashed on purpose"),
        None if typed.trim().is_empty() => {}
        None => model.bad(format!("no command is meant by `{}`: Tab completes, ? lists them", typed.trim())),
    }
    Vec::new()
}

fn act_in_form(model: &mut Model, action: Action) -> Vec<Effect> {
    let Some(Overlay::Form(form)) = &mut model.overlay else {
        return Vec::new();
    };
    if action == Action::Back {
        leave_form(model);
        return Vec::new();
    }
    if form.sending.is_some() {
        return Vec::new();
    }
    form.discard_armed = false;
    let tall = form.focused().is_some_and(|field| field.spec.kind.is_tall());
    let last = form.focus + 1 >= form.fields.len();
    match action {
        Action::Submit => return submit(model),
        Action::Accept if tall => form.focused().into_iter().for_each(|field| field.insert("\n")),
        Action::Accept if last => return submit(model),
        Action::NextField | Action::Accept => form.step(true),
        Action::PreviousField => form.step(false),
        Action::Down | Action::Up => walk(form, action == Action::Down),
        Action::Right | Action::Left => {
            form.focused().map(|field| field.step(action == Action::Right));
        }
        _ => {}
    }
    Vec::new()
}

/// Up and Down walk the lines of a tall field, and leave it at its edge.
fn walk(form: &mut Form, down: bool) {
    let inside = match form.focused().map(|field| &mut field.input) {
        Some(super::field::Input::Text(text)) => text.move_line(down),
        _ => false,
    };
    if !inside {
        form.step(down);
    }
}

fn submit(model: &mut Model) -> Vec<Effect> {
    let next = model.submissions + 1;
    let Some(Overlay::Form(form)) = &mut model.overlay else {
        return Vec::new();
    };
    let Some(request) = form.submit(next) else {
        return Vec::new();
    };
    model.submissions = next;
    vec![Effect::Send(request)]
}

/// Typed text is thrown away only at the second Esc; a submission under way goes on without its form.
fn leave_form(model: &mut Model) {
    let Some(Overlay::Form(form)) = &mut model.overlay else {
        return;
    };
    if form.is_dirty() && !form.discard_armed && form.sending.is_none() {
        form.discard_armed = true;
        return;
    }
    model.overlay = None;
}
