//! What comes with a request: content, which is kept once the request is granted; items, each with ids of its own.

use crate::kit::{ULID, given};
use crate::prelude::*;
use crate::tests::{ADD, Jar, LABEL, Shop, somebody};
use crate::{Blobs, Content, Sha256};
use hecate_event_store::MemoryStore;
use hecate_proto::id::IncidentId;
use serde_json::json;
use std::sync::Arc;

const EMPTY: Refusal = Refusal::new(422, "empty_jar", "Nobody labels an empty jar.");

#[derive(Deserialize, JsonSchema)]
pub(crate) struct LabelJar {
    #[serde(flatten)]
    content: Content,
}

#[derive(Serialize, Deserialize, JsonSchema)]
pub(crate) struct JarLabelled {
    sha256: Sha256,
}

/// Ties one thing to it.
#[derive(Deserialize, JsonSchema)]
pub(crate) struct TagJar {}

#[derive(Serialize, Deserialize, JsonSchema)]
pub(crate) struct JarTagged {
    tag: String,
}

impl Desk<Jar> for LabelJar {
    const SPEC: DeskSpec = DeskSpec {
        name: "label_jar",
        path: "label",
        aliases: &[],
        says: "Label the jar",
        allowed_in: StateMask::LIVE,
        refuses: &[EMPTY, Content::MISSING],
    };
    const RECORDS: &'static [EventEntry<Jar>] = &[event::<_, JarLabelled>()];
    const TAKES_CONTENT: bool = true;

    fn decide(self, jar: &Jar, _: &Moment) -> Result<Decision<Jar>, Refused> {
        if jar.marbles == 0 {
            return Err(EMPTY.into());
        }
        Ok(JarLabelled { sha256: self.content.sha256 }.into())
    }
}

impl Event<Jar> for JarLabelled {
    const TYPE: &'static str = "jar_labelled_v1";
    const EMITS: Emits = Emits::Group;

    fn evolve(self, _: &mut Jar) {}
}

impl Desk<Jar> for TagJar {
    const SPEC: DeskSpec = DeskSpec {
        name: "tag_jar",
        path: "tag",
        aliases: &[],
        says: "Tie a tag to the jar",
        allowed_in: StateMask::LIVE,
        refuses: &[],
    };
    const RECORDS: &'static [EventEntry<Jar>] = &[event::<_, JarTagged>()];
    const AT_ONCE_MAX: usize = 10;

    fn decide(self, _: &Jar, at: &Moment) -> Result<Decision<Jar>, Refused> {
        Ok(JarTagged { tag: at.mint(IncidentId::KIND) }.into())
    }
}

impl Event<Jar> for JarTagged {
    const TYPE: &'static str = "jar_tagged_v1";
    const EMITS: Emits = Emits::Group;

    fn evolve(self, _: &mut Jar) {}
}

#[tokio::test]
async fn content_is_kept_when_its_request_is_granted_and_not_before() {
    let folder = tempfile::tempdir().unwrap();
    let (store, blobs) = (Arc::new(MemoryStore::new()), Blobs::new(folder.path()));
    let shop = Shop::keeping_in(store, folder.path()).await;
    let jar = shop.a_jar().await;
    let label = || shop.ask(LABEL, &jar, json!({"content": "plums"}), somebody());
    assert!(label().await.unwrap_err().is(EMPTY));
    assert_eq!(blobs.get(&Sha256::of(b"plums")).unwrap(), None, "what is refused is not kept");
    shop.ask(ADD, &jar, json!({"count": 1}), somebody()).await.unwrap();
    assert!(label().await.unwrap().answer.recorded);
    assert_eq!(blobs.get(&Sha256::of(b"plums")).unwrap().unwrap(), b"plums");
    shop.close().await;
}

#[tokio::test]
async fn nothing_is_recorded_of_content_that_cannot_be_kept() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("a file where the folder should be");
    std::fs::write(&file, "").unwrap();
    let shop = Shop::keeping_in(Arc::new(MemoryStore::new()), &file).await;
    let jar = shop.a_jar().await;
    shop.ask(ADD, &jar, json!({"count": 1}), somebody()).await.unwrap();
    let head = shop.store.head();
    let refused = shop.ask(LABEL, &jar, json!({"content": "plums"}), somebody()).await.unwrap_err();
    assert!(refused.is(Refusal::STORE_UNAVAILABLE));
    assert_eq!(shop.store.head(), head);
    shop.close().await;
}

#[test]
fn each_of_several_requests_at_once_mints_ids_of_its_own() {
    let jar = given::<Jar>().event(crate::tests::JarOpened { id: format!("v-{ULID}") });
    let tagged = jar.when::<TagJar>(json!([{}, {}, {}])).unwrap();
    let mut tags: Vec<_> = tagged.iter().map(|(_, data)| data["tag"].as_str().unwrap()).collect();
    tags.dedup();
    assert_eq!((tags.len(), tags[0]), (3, &*format!("inc-{ULID}")));
    assert!(tags.is_sorted(), "in the order in which they were asked for");
}
