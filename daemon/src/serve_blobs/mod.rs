//! `GET /api/blobs/{sha256}`: what generated files hold, by the hash that the facts about them say.

use crate::hecate_api::{Method, Reply, Route, RouteAsked, Routes};
use futures_util::FutureExt;
use hecate_blobs::{BlobError, Blobs, Sha256};
use hecate_desk::{Refusal, Refused, Rule, content_unavailable};
use hecate_proto::route;
use serde_json::{Map, Value};
use std::sync::Arc;

const DOCUMENT: &str = include_str!("openapi.json");
const NOT_FOUND: Refusal = Refusal::new(404, "blob_not_found", "No content with this hash is kept.");
const DAMAGED: Refusal =
    Refusal::new(500, "blob_damaged", "What the disk holds is not what was kept; send the content again.");

/// What the edge serves.
pub(crate) fn routes(blobs: &Blobs) -> Routes {
    let blobs = blobs.clone();
    let serve = move |asked: RouteAsked| read(blobs.clone(), asked.path_ids).boxed();
    Routes {
        routes: vec![Route { method: Method::Get, path: route::BLOB, serve: Arc::new(serve) }],
        tag: ("blobs", "Contents that are kept beside the log, by their hash."),
        paths: serde_json::from_str(DOCUMENT).unwrap_or_default(),
        schemas: Map::new(),
    }
}

async fn read(blobs: Blobs, path_ids: Map<String, Value>) -> Result<Reply, Refused> {
    let text = path_ids.get("sha256").and_then(Value::as_str).unwrap_or_default().to_owned();
    let sha256 =
        Sha256::try_from(text).map_err(|error| Refusal::rule("sha256", Rule::Pattern, error.to_string()))?;
    let read = tokio::task::spawn_blocking(move || blobs.get(&sha256)).await;
    let read = read.map_err(|panicked| Refusal::INTERNAL.about("hint", panicked.to_string()))?;
    match read {
        Ok(Some(content)) => Ok(Reply::Content(content.into())),
        Ok(None) => Err(NOT_FOUND.into()),
        Err(BlobError::Damaged { .. }) => Err(DAMAGED.into()),
        Err(error) => Err(content_unavailable(&error)),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[tokio::test]
    async fn a_blob_is_answered_whole_or_not_at_all() {
        let folder = tempfile::tempdir().unwrap();
        let blobs = Blobs::new(folder.path());
        let ask = async |sha256: &str| {
            let path_ids = json!({"sha256": sha256}).as_object().cloned().unwrap();
            read(blobs.clone(), path_ids).await
        };
        let tea = blobs.put(b"tea").unwrap().sha256;
        let Ok(Reply::Content(content)) = ask(tea.as_str()).await else { panic!("it is there") };
        assert_eq!(&content[..], b"tea");
        let refused = async |sha256: &str| ask(sha256).await.err().unwrap();
        assert!(refused(Sha256::of(b"cake").as_str()).await.is(NOT_FOUND));
        assert!(refused("../../etc/passwd").await.is(Refusal::VALIDATION));
        let file = folder.path().join(&tea.as_str()[..2]).join(tea.as_str());
        std::fs::write(file, "tee").unwrap();
        assert!(refused(tea.as_str()).await.is(DAMAGED));
        // A folder in the place of the file.
        let cake = Sha256::of(b"cake");
        std::fs::create_dir_all(folder.path().join(&cake.as_str()[..2]).join(cake.as_str())).unwrap();
        let unread = refused(cake.as_str()).await;
        assert!(unread.is(Refusal::STORE_UNAVAILABLE));
        assert_eq!(unread.details["reason"], "io");
    }

    #[test]
    fn the_route_is_documented() {
        let routes = routes(&Blobs::new("blobs".as_ref()));
        assert_eq!(routes.paths.keys().collect::<Vec<_>>(), [route::BLOB]);
    }
}
