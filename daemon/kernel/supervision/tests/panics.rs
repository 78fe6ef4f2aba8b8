//! A program of its own: whoever notes panics does so for the whole process.

use hecate_proto::debug::ReasonClass;
use hecate_supervision::{Actor, Child, ExitReason, Flags, Me, Message, Name, Tree, note_panics};
use std::time::{Duration, Instant};

struct Fragile;

struct Touch;

impl Message for Touch {
    fn variant(&self) -> &'static str {
        "touch"
    }
}

impl Actor for Fragile {
    type Msg = Touch;
    type Args = ();

    async fn init((): (), _: &Me<Touch>) -> Result<Self, ExitReason> {
        Ok(Self)
    }

    async fn handle(&mut self, Touch: Touch, _: &Me<Touch>) -> Result<(), ExitReason> {
        panic!("mind the glass");
    }
}

#[tokio::test]
async fn a_crash_record_names_the_line_that_panicked() {
    let told = std::panic::take_hook();
    note_panics();
    let name = Name::new();
    let child = Child::worker::<Fragile>("f", Some(name.clone()), || ());
    let tree = Tree::grow("r", Flags::default(), vec![child]).await.unwrap();
    name.cast(Touch).unwrap();
    let patience = Instant::now() + Duration::from_secs(10);
    while tree.crashes(0).is_empty() && Instant::now() < patience {
        tokio::task::yield_now().await;
    }
    std::panic::set_hook(told);
    let crash = tree.crashes(0).remove(0);
    assert_eq!((crash.reason, crash.handling.as_deref()), (ReasonClass::Panic, Some("touch")));
    let place = crash.place.unwrap();
    assert!(place.contains("tests/panics.rs:26:"), "{place}");
    assert_eq!(crash.message, format!("error: panicked: mind the glass (at {place})"));
    let asked = std::env::var("RUST_BACKTRACE").is_ok_and(|wanted| wanted != "0");
    assert_eq!(crash.backtrace.is_some_and(|frames| frames.contains("handle")), asked);
    assert!(tree.stop(Duration::from_secs(10)).await);
}
