//! Other specs for a supervisor that runs, as OTP's code change takes them: its flags and its children's
//! specs are replaced, whoever runs is not touched, who is new is not started by it, and who is left out
//! stays until it is deleted.

use super::calls::{Refusal, Reply, Token};
use super::chair::{Chair, Seat};
use super::child::Flags;
use super::children::Key;
use super::core::{Core, Effect};
use super::driver::{Brings, Driver};
use super::launch::Launch;
use super::launching::Script;
use super::rules::{ChildRules, Rules};
use crate::plan::ChildSpec;
use std::sync::Arc;

/// What a supervisor is to be from now on.
pub(crate) struct Revision {
    pub(crate) flags: Flags,
    /// In start order.
    pub(crate) children: Vec<Revised>,
}

/// A child of the revision.
pub(crate) enum Revised {
    /// It has its place and keeps it. A supervisor that is kept keeps its own way to start, too.
    Kept(Arc<ChildSpec>, Option<Arc<dyn Launch>>),
    New(Seat),
}

impl Revised {
    pub(super) fn rules(&self) -> RevisedRules {
        match self {
            Self::Kept(spec, _) => RevisedRules { rules: spec.rules(), is_new: false },
            Self::New(seat) => RevisedRules { rules: seat.spec.rules(), is_new: true },
        }
    }
}

/// A child of the revision as the core knows it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct RevisedRules {
    pub(crate) rules: ChildRules,
    pub(crate) is_new: bool,
}

impl Core {
    /// Takes all of it or nothing. A child that is kept but has no place any more (it was temporary and
    /// ended, or was deleted) gets none.
    pub(super) fn revise(
        &mut self,
        token: Token,
        rules: Rules,
        children: Vec<RevisedRules>,
    ) -> Result<Option<Reply>, Refusal> {
        for child in &children {
            child.rules.check(rules.auto_shutdown).map_err(Refusal::Invalid)?;
            if child.is_new && self.children.find(&child.rules.id).is_some() {
                return Err(Refusal::AlreadyPresent);
            }
        }
        self.window.set_limits(rules.restarts_max, rules.period_ms);
        self.rules = rules;
        let keys: Vec<_> = children.into_iter().map(|child| self.place(child)).collect();
        self.children.put_first(&keys.iter().flatten().copied().collect::<Vec<_>>());
        self.effects.push(Effect::Revise(token, keys));
        Ok(Some(Reply::Done))
    }

    fn place(&mut self, child: RevisedRules) -> Option<Key> {
        if child.is_new {
            return Some(self.children.add(child.rules));
        }
        let (key, _) = self.children.find(&child.rules.id)?;
        if let Some(kept) = self.children.get_mut(key) {
            kept.rules = child.rules;
        }
        Some(key)
    }
}

impl Driver {
    /// Follows the core, and drafts what the supervisor is to begin with when it is started anew.
    pub(super) fn revise(&mut self, token: Token, keys: &[Option<Key>]) {
        let brought = self.desk.get_mut(&token).and_then(|visitor| visitor.brings.take());
        let Some(Brings::Revision(Revision { flags, children })) = brought else { return };
        self.node.declare_flags(&flags);
        let seats =
            children.into_iter().zip(keys).filter_map(|(child, key)| self.seat(child, *key)).collect();
        self.draft = Some(Script { flags, seats });
        let nodes = self.core.keys().filter_map(|key| Some(self.chairs.get(&key)?.seat.node.clone()));
        self.node.set_children(nodes.collect());
    }

    fn seat(&mut self, child: Revised, key: Option<Key>) -> Option<Seat> {
        let chair = key.and_then(|key| self.chairs.get_mut(&key));
        match (child, chair, key) {
            (Revised::New(seat), _, Some(key)) => {
                self.chairs.insert(key, Chair::new(seat.clone()));
                Some(seat)
            }
            (Revised::Kept(spec, launch), Some(chair), _) => {
                chair.seat.revise(spec, launch);
                Some(chair.seat.clone())
            }
            (Revised::Kept(spec, launch), None, _) => {
                let script = self.script.load();
                let mut seat = script.seats.iter().find(|seat| seat.spec.path == spec.path)?.clone();
                seat.revise(spec, launch);
                Some(seat)
            }
            (Revised::New(_), _, None) => unreachable!("who is new is given a place"),
        }
    }

    /// From here on the supervisor begins with what it was last revised to.
    pub(super) fn commit(&mut self) {
        if let Some(draft) = self.draft.take() {
            self.script.store(Arc::new(draft));
        }
    }
}

impl Seat {
    fn revise(&mut self, spec: Arc<ChildSpec>, launch: Option<Arc<dyn Launch>>) {
        self.node.declare_restart(spec.restart);
        self.spec = spec;
        if let Some(launch) = launch {
            self.launch = launch;
        }
    }
}
