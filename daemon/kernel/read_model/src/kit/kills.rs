//! A read model that is killed again and again while it is drawn, and ends with the rows of one that was not.

use super::{DRAWN_MAX, Dice, STOP_MAX, boot, dump, open};
use crate::{ModelEntry, ReadModel, file::remove, model};
use hecate_event_store::EventStore;
use hecate_supervision::Kinds;
use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

/// Kills that may come too late, for each that does not.
const LATE_MAX: u32 = 20;

/// Draws a log into two files: one undisturbed, one whose actor is killed so many times before it is done. Both hold
/// the same rows in the end.
///
/// # Panics
/// When they do not, or when a file is not drawn in time.
pub async fn survives_kills<M: ReadModel>(store: &Arc<dyn EventStore>, dice: &mut Dice, kills: u32) {
    let folders = [(); 2].map(|()| tempfile::tempdir().expect("a folder is made"));
    let [whole, killed] = folders.each_ref().map(tempfile::TempDir::path);
    let whole = drawn(model::<M>(), store, whole).await;
    kill(model::<M>(), store, killed, dice, kills).await;
    let killed = drawn(model::<M>(), store, killed).await;
    assert!(whole == killed, "{}: the files differ after {kills} kills", M::NAME);
}

/// The rows of a file that is drawn to the end, table by table.
async fn drawn(model: ModelEntry, store: &Arc<dyn EventStore>, folder: &Path) -> String {
    let side = open(model, store, folder);
    let tree = boot(Kinds::new(), &side, "").await;
    let drawn = tokio::time::timeout(DRAWN_MAX, side.drawn_up_to(store.head())).await;
    drawn.expect("the log is drawn in time");
    tree.stop(STOP_MAX).await;
    dump(&side.path)
}

/// Kills the actor so many times before its file is whole. When that is hangs on the machine: who came too late comes
/// earlier the next time, to a file that is drawn anew.
async fn kill(model: ModelEntry, store: &Arc<dyn EventStore>, folder: &Path, dice: &mut Dice, kills: u32) {
    let side = open(model, store, folder);
    let (mut cut, mut late, mut patience_us) = (0, 0, 10_000);
    while cut < kills {
        let tree = boot(Kinds::new(), &side, "").await;
        tokio::time::sleep(Duration::from_micros(dice.below(patience_us))).await;
        let is_whole = side.position() == Some(store.head());
        tree.stop(Duration::ZERO).await;
        if is_whole {
            remove(&side.path);
            (late, patience_us) = (late + 1, patience_us / 2 + 1);
        } else {
            (cut, patience_us) = (cut + 1, patience_us + patience_us / 4);
        }
        assert!(late <= kills * LATE_MAX, "the file is drawn before anybody can kill who draws it");
    }
}
