//! The actor that owns a read model's files and draws them. It hears the log, not messages.

use crate::{drawer::Drawer, file::remove, gauges::Drawn, read_side::ReadSide, telling};
use hecate_supervision::{Actor, ExitReason, Me, Unheard};
use std::sync::Arc;

pub(crate) struct Projection {
    side: Arc<ReadSide>,
}

impl Actor for Projection {
    type Msg = Unheard;
    type Args = Arc<ReadSide>;

    async fn init(side: Arc<ReadSide>, me: &Me<Unheard>) -> Result<Self, ExitReason> {
        let drawer = Drawer::new(Arc::clone(&side), me.counts_turns()).await;
        let file = drawer.open().await?;
        me.attach(throw_away_when_damaged(Arc::clone(&side), side.readers.making()));
        me.attach(telling::tell_what_is_parked(Arc::clone(&side)));
        me.attach(drawer.draw_for_ever(file));
        Ok(Projection { side })
    }

    async fn handle(&mut self, msg: Unheard, _: &Me<Unheard>) -> Result<(), ExitReason> {
        match msg {}
    }

    fn debug_state(&self) -> Option<serde_json::Value> {
        Some(self.side.shown())
    }
}

impl Drop for Projection {
    fn drop(&mut self) {
        self.side.drawn.send_replace(Drawn::default());
        self.side.waiting.send_replace(None);
    }
}

/// Ends when a reader finds the file that answers now damaged; the next one is drawn from the log.
async fn throw_away_when_damaged(side: Arc<ReadSide>, since: u64) -> Result<(), ExitReason> {
    let mut damaged = side.damaged.subscribe();
    let is_ours = |damaged: &u64| *damaged >= since && *damaged == side.readers.making();
    // The sender lives in `side`, so the wait ends only with that news.
    let _ = damaged.wait_for(is_ours).await;
    remove(&side.path);
    Err(ExitReason::error("a reader found the file damaged; it is drawn anew"))
}
