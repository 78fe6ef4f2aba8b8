//! The one entry for every query: ids and parameters are read, the read model is asked.

use super::{
    answer::{self, Answer},
    edge::Edge,
    headers, params,
};
use axum::extract::Request;
use axum::http::StatusCode;
use hecate_read_model::{AskedQuery, QueryDoor, ReadSide};
use serde_json::{Map, Value};
use std::sync::Arc;

/// One query of one read model.
#[derive(Clone)]
pub(super) struct ModelDoor {
    model: Arc<ReadSide>,
    index: usize,
}

/// Every query, by read model, in order.
pub(super) fn every(edge: &Edge) -> impl Iterator<Item = ModelDoor> + '_ {
    edge.parts
        .models
        .iter()
        .flat_map(|model| (0..model.doors().len()).map(|index| ModelDoor { model: Arc::clone(model), index }))
}

impl ModelDoor {
    pub(super) fn door(&self) -> &QueryDoor {
        &self.model.doors()[self.index]
    }

    pub(super) fn path(&self) -> &str {
        self.door().spec.path
    }
}

/// Asks a query.
pub(super) async fn ask(edge: Arc<Edge>, query: ModelDoor, mut request: Request) -> Answer {
    edge.demand_ready()?;
    let path_ids = params::path_ids(&mut request).await?;
    let params = params::pairs(request.uri().query())?;
    let min_position = headers::min_position(request.headers())?;
    let found = query.model.ask(query.index, AskedQuery { path_ids, params, min_position }).await?;
    let mut body = Map::from_iter([("ok".to_owned(), Value::Bool(true))]);
    body.extend(found.fields);
    Ok(answer::json(StatusCode::OK, &body))
}
