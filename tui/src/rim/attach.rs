//! The terminal at work: the first frame, then one thread that owns the model and sleeps until something
//! happens.

use super::{
    inbox::{self, Inbox, Sender},
    input,
    keep::{Folders, Keeper},
    link::{self, AnswerOrder, Orders},
    terminal::{self, Screen},
};
use crate::{
    core::{
        self, Effect, Message, Model,
        chat::AnswerEvent,
        message::{Outcome, Reply, Request},
    },
    view::theme::Theme,
};
use std::{
    collections::VecDeque,
    io,
    path::PathBuf,
    thread,
    time::{Duration, Instant},
};
use tokio::sync::{mpsc, watch};

/// Requests that may wait for the network.
const REQUESTS_MAX: usize = 64;
/// Time between two frames, and between a frame and the key that follows it.
const FRAME_MS: u64 = 16;
const KEY_FRAME_MS: u64 = 4;

/// Attaches until the person leaves. The first frame is on the terminal before anything else is done.
pub fn attach(candidates: Vec<PathBuf>, folders: Folders, theme: Theme) -> io::Result<()> {
    terminal::give_back_on_panic();
    let mut screen = Screen::take(theme)?;
    let mut model = Model::default();
    let (columns, rows) = screen.size()?;
    core::update(&mut model, Message::Resized { columns, rows });
    screen.paint(&model)?;

    let (messages, inbox) = inbox::open();
    let world = World::begin(candidates, folders, messages)?;
    Loop { screen: &mut screen, model: &mut model, inbox, world, put_off: false }.run()
}

/// The threads at the rim, as the model's thread sees them.
struct World {
    requests: mpsc::Sender<Request>,
    answers: mpsc::Sender<AnswerOrder>,
    keeper: Keeper,
    follow: watch::Sender<(u64, u64)>,
    tree: watch::Sender<bool>,
}

impl World {
    fn begin(candidates: Vec<PathBuf>, folders: Folders, messages: Sender) -> io::Result<Self> {
        let (requests, requested) = mpsc::channel(REQUESTS_MAX);
        let (answers, asked) = mpsc::channel(REQUESTS_MAX);
        let keeper = Keeper::begin(folders, messages.clone())?;
        let (follow, followed) = watch::channel((0, 0));
        let (tree, watched) = watch::channel(false);
        let orders = Orders { requests: requested, answers: asked, follow: followed, tree: watched };
        let net = messages.clone();
        thread::Builder::new().name("keys".to_owned()).spawn(move || input::read_keys(&messages))?;
        thread::Builder::new().name("link".to_owned()).spawn(move || link::run(candidates, orders, net))?;
        Ok(Self { requests, answers, keeper, follow, tree })
    }

    /// A request that finds no room is answered here, so that the core never waits for nothing.
    fn send(&self, request: Request) -> Option<Reply> {
        let refused = self.requests.try_send(request).err()?;
        let reason = refused.to_string();
        let tag = refused.into_inner().tag;
        Some(Reply { tag, outcome: Outcome::Unanswered(reason) })
    }

    /// The same for a question to a model.
    fn order(&self, order: AnswerOrder) -> Option<Message> {
        let refused = self.answers.try_send(order).err()?;
        let reason = refused.to_string();
        match refused.into_inner() {
            AnswerOrder::Ask { id, .. } => Some(Message::Answer(id, AnswerEvent::Broken(reason))),
            AnswerOrder::Cancel(_) => None,
        }
    }
}

struct Loop<'a> {
    screen: &'a mut Screen,
    model: &'a mut Model,
    /// Let go of before the world, so that no thread waits to be heard while it is waited for.
    inbox: Inbox,
    world: World,
    /// The model has work that was put off until after a frame.
    put_off: bool,
}

impl Loop<'_> {
    fn run(mut self) -> io::Result<()> {
        let mut painted = Instant::now();
        loop {
            let first = self.first();
            let mut due = painted + wait_after(&first);
            let mut next = Some(first);
            while let Some(message) = next {
                due = due.min(painted + wait_after(&message));
                if self.take(message)? {
                    return Ok(());
                }
                next = self.inbox.wait_until(due);
            }
            self.screen.paint(self.model)?;
            painted = Instant::now();
        }
    }

    /// The first message after a frame: work that was put off goes on when nothing else waits.
    fn first(&mut self) -> Message {
        if !std::mem::take(&mut self.put_off) {
            return self.inbox.wait();
        }
        self.inbox.look().inspect(|_| self.put_off = true).unwrap_or(Message::GoOn)
    }

    /// Folds a message in and does what follows from it; true when that is the end.
    fn take(&mut self, message: Message) -> io::Result<bool> {
        let mut effects = VecDeque::from(core::update(self.model, message));
        while let Some(effect) = effects.pop_front() {
            match effect {
                Effect::Quit => return Ok(true),
                Effect::Suspend => self.screen.suspend()?,
                Effect::RetakeTerminal => self.screen.retake()?,
                Effect::WatchTree(watch) => drop(self.world.tree.send_replace(watch)),
                Effect::Follow { after } => self.world.follow.send_modify(|(order, from)| {
                    *order += 1;
                    *from = after;
                }),
                Effect::KeepDraft(draft) => self.world.keeper.draft(draft),
                Effect::KeepPrompt(prompt) => self.world.keeper.prompt(prompt),
                Effect::KeepModel(model) => self.world.keeper.model(model),
                Effect::ReadPrompts => self.world.keeper.read_prompt_files(),
                Effect::GoOnLater => self.put_off = true,
                Effect::Ask { id, request } => self.order(AnswerOrder::Ask { id, request }, &mut effects),
                Effect::CancelAnswer(id) => self.order(AnswerOrder::Cancel(id), &mut effects),
                Effect::Send(request) => {
                    if let Some(reply) = self.world.send(request) {
                        effects.extend(core::update(self.model, Message::Reply(reply)));
                    }
                }
            }
        }
        Ok(false)
    }

    fn order(&mut self, order: AnswerOrder, effects: &mut VecDeque<Effect>) {
        if let Some(message) = self.world.order(order) {
            effects.extend(core::update(self.model, message));
        }
    }
}

fn wait_after(message: &Message) -> Duration {
    let key = matches!(message, Message::Key(_) | Message::Paste(_));
    Duration::from_millis(if key { KEY_FRAME_MS } else { FRAME_MS })
}
