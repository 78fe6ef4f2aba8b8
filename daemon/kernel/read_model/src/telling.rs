//! Tells the log what is parked, beside the drawing: a log that takes nothing now holds no stream up.
//!
//! Only what is parked in the file that answers is told. A rebuild follows what the log decided before, so
//! that most of what it parks on its way is gone at its end.

use crate::parking::Parked;
use crate::read_side::ReadSide;
use crate::sheet::{settled, untold};
use crate::tending::{Concern, EventParked};
use hecate_desk::Refused;
use hecate_supervision::ExitReason;
use std::sync::Arc;
use std::time::Duration;

/// Concerns read at once.
const PAGE: usize = 100;
/// Rest after a round.
const PAUSE: Duration = Duration::from_millis(200);
/// Rest before concerns that were not taken are brought again.
const REFUSED_PAUSE: Duration = Duration::from_secs(2);

/// Brings every concern until it is recorded.
pub(crate) async fn tell_what_is_parked(side: Arc<ReadSide>) -> Result<(), ExitReason> {
    let mut drawn = side.drawn.subscribe();
    loop {
        // The sender lives in `side`, so the wait ends only with something to tell.
        let _ = drawn.wait_for(|drawn| drawn.position.is_some() && drawn.parking.untold).await;
        // A file that cannot be read is the readers' business; the next one is asked.
        let concerns = concerns(&side).await.unwrap_or_default();
        let (mut told_at, mut pause) = (0, PAUSE);
        for (concern, key) in concerns {
            match side.tending.tend(concern, key).await {
                Ok(position) => told_at = told_at.max(position),
                Err(refused) => {
                    tracing::warn!(model = side.name(), code = %refused.code, "not recorded yet");
                    pause = REFUSED_PAUSE;
                }
            }
        }
        side.drawn_up_to(told_at).await;
        tokio::time::sleep(pause).await;
    }
}

async fn concerns(side: &Arc<ReadSide>) -> Result<Vec<(Concern, String)>, Refused> {
    let (culprits, settled) = side.read(|db| Ok((untold(db, PAGE)?, settled(db, PAGE)?))).await?;
    let model = side.name();
    let parked = culprits.into_iter().map(|row| park(model, row));
    let settled = settled.into_iter().map(|(position, told_by)| {
        (
            Concern::Settled { model: model.to_owned(), position },
            format!("settle/{model}/{position}/{told_by}"),
        )
    });
    Ok(parked.chain(settled).collect())
}

/// Parked again after a retry is another fact than parked; met again by a rebuild it is the same.
fn park(model: &str, row: Parked) -> (Concern, String) {
    let key = match row.retried_by {
        0 => format!("park/{model}/{}", row.position),
        by => format!("park/{model}/{}/{by}", row.position),
    };
    let parked = EventParked {
        model: model.to_owned(),
        position: row.position,
        stream_id: row.stream_id.to_string(),
        event_type: row.event_type.to_string(),
        error: row.error.unwrap_or_default(),
        tries: row.tries,
    };
    (Concern::Park(parked), key)
}
