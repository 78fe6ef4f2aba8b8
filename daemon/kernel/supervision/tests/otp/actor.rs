//! The worker of all scenarios: it does at its starts and stops what the scribe says, and tells every end.

use crate::scenario::{Moment, Mood};
use crate::stage::Scribe;
use crate::words;
use hecate_supervision::{Actor, ExitReason, Me, Message};
use std::sync::Arc;

pub(crate) struct Die(pub(crate) ExitReason);

impl Message for Die {
    fn variant(&self) -> &'static str {
        "die"
    }
}

pub(crate) struct Worker {
    id: String,
    scribe: Arc<Scribe>,
    /// It came to its own end.
    ended: bool,
}

impl Actor for Worker {
    type Msg = Die;
    type Args = (String, Arc<Scribe>);

    async fn init((id, scribe): Self::Args, me: &Me<Die>) -> Result<Self, ExitReason> {
        let (sign, refusal) = match scribe.next_mood(&id) {
            Some(Mood::Fail(_)) => ("!", Some(ExitReason::error("moody"))),
            Some(Mood::Ignore(_)) => ("?", Some(ExitReason::Ignore)),
            Some(Mood::Deaf) | None => ("+", None),
        };
        scribe.note(format!("{sign}{id}"));
        if refusal.is_none() {
            scribe.born(&id, me.actor_id());
        }
        scribe.meanwhile(&id, Moment::Start).await;
        match refusal {
            Some(why) => Err(why),
            None => Ok(Self { id, scribe, ended: false }),
        }
    }

    async fn handle(&mut self, Die(why): Die, _: &Me<Die>) -> Result<(), ExitReason> {
        Err(why)
    }

    async fn terminate(&mut self, why: &ExitReason) {
        self.scribe.note(format!("-{}:{}", self.id, words::letter(why)));
        self.scribe.meanwhile(&self.id, Moment::Stop).await;
        if self.scribe.is_deaf(&self.id) {
            std::future::pending::<()>().await;
        }
        self.ended = true;
    }
}

/// Who was killed has left nothing but this.
impl Drop for Worker {
    fn drop(&mut self) {
        if !self.ended {
            self.scribe.note(format!("*{}", self.id));
        }
    }
}
