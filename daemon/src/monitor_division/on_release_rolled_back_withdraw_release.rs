//! A release was rolled back: it is not what is watched any longer.

use super::{
    Monitoring,
    withdraw_release::{Standing, WithdrawRelease},
};
use hecate_desk::prelude::*;

/// What monitoring uses of a release that was rolled back.
#[derive(Deserialize, JsonSchema)]
pub(super) struct ReleaseRolledBack {
    division_id: String,
    release_id: String,
    standing: Option<Standing>,
}

impl Listener<Monitoring> for ReleaseRolledBack {
    const NAME: &'static str = "on_release_rolled_back_withdraw_release";
    const HEARS: &'static str = "release_rolled_back_v1";
    type Asks = WithdrawRelease;

    fn hear(self, source: &Source<'_>) -> Heard<WithdrawRelease> {
        let ReleaseRolledBack { division_id, release_id, standing } = self;
        let withdraw = WithdrawRelease { source_event_id: source.event_id, release_id, standing };
        Ask::of("division_id", &division_id, withdraw).into()
    }
}
