//! How far facts have really reached the groups: the difference to the log's head is the pipeline's lag.
//! A pipeline that stopped in silence shows here.

use crate::groups::{ALL, Fact, Groups};
use hecate_event_store::CurrentStore;
use hecate_supervision::{Actor, ExitReason, Kinds, Me, Message};
use tokio::sync::watch;

/// The position of the last fact that a member of [`ALL`] heard; clones share it.
#[derive(Clone, Debug)]
pub struct Watermark(watch::Sender<u64>);

impl Default for Watermark {
    fn default() -> Self {
        Watermark(watch::channel(0).0)
    }
}

impl Watermark {
    /// Registers the actor that listens, as kind `facts`.
    pub fn register(&self, kinds: &mut Kinds, store: CurrentStore, groups: Groups) {
        let watermark = self.clone();
        kinds.worker::<Listening>("facts", None, move || (watermark.clone(), store.clone(), groups.clone()));
    }

    fn reached(&self, reached: u64) {
        self.0.send_modify(|position| *position = reached.max(*position));
    }

    /// Position of the last fact heard; 0 before the first.
    pub fn position(&self) -> u64 {
        *self.0.borrow()
    }

    /// Follows [`Watermark::position`].
    pub fn watch(&self) -> watch::Receiver<u64> {
        self.0.subscribe()
    }
}

struct Listening(Watermark);

struct Heard(Fact);

impl Message for Heard {
    fn variant(&self) -> &'static str {
        "fact"
    }
}

impl Actor for Listening {
    type Msg = Heard;
    type Args = (Watermark, CurrentStore, Groups);

    async fn init((watermark, store, groups): Self::Args, me: &Me<Heard>) -> Result<Self, ExitReason> {
        // Emitters begin at the head: what was recorded before is nobody's news.
        watermark.reached(store.get().map_or(0, |store| store.head()));
        groups.join(me, ALL, Heard);
        Ok(Listening(watermark))
    }

    async fn handle(&mut self, Heard(fact): Heard, _: &Me<Heard>) -> Result<(), ExitReason> {
        self.0.reached(fact.position);
        Ok(())
    }
}
