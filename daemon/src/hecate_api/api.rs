//! The actor that publishes the routes: while it runs, requests find them.

use super::{
    edge::{Edge, Served},
    router,
};
use hecate_supervision::{Actor, ExitReason, Me, Unheard};
use std::sync::Arc;

pub(super) struct Api {
    edge: Arc<Edge>,
}

impl Actor for Api {
    type Msg = Unheard;
    type Args = Arc<Edge>;

    async fn init(edge: Arc<Edge>, me: &Me<Unheard>) -> Result<Self, ExitReason> {
        let store = edge.parts.store.get().ok_or_else(|| ExitReason::error("the event store is not open"))?;
        let router = router::build(&edge).map_err(ExitReason::error)?;
        me.works_beside();
        edge.publish(Served::new(router, store.head()));
        Ok(Api { edge })
    }

    async fn handle(&mut self, msg: Unheard, _: &Me<Unheard>) -> Result<(), ExitReason> {
        match msg {}
    }
}

impl Drop for Api {
    fn drop(&mut self) {
        self.edge.unpublish();
    }
}
