//! When a peer that is away is called again, and when one that is silent is called dead. Pure.

use std::time::Duration;

/// How often we say that we live.
pub(crate) const BEAT: Duration = Duration::from_millis(400);
/// A peer that was silent for so long is dead: five beats, so that a busy machine is no corpse, and well
/// within the three seconds after which nobody may list it any more.
pub(crate) const SILENCE_MAX: Duration = Duration::from_millis(2_000);

const PAUSE_MIN: Duration = Duration::from_millis(50);
const PAUSE_MAX: Duration = Duration::from_secs(5);
/// A pause is this part of the time that the peer has been away, so that being back costs little beside that.
const PAUSE_SHARE: u32 = 20;
/// Up to this part of a pause is added by chance, so that nodes that lost each other do not call in step.
const JITTER_PERMILLE_MAX: u64 = 250;

/// A call is given up after this part of the time that the peer has been away. Within one call packets are
/// repeated ever more rarely, so that a call which began in a cut network is slow to notice that it healed; and
/// yet a peer whose handshakes are slow must be reached in the end.
const CALL_SHARE: u32 = 4;
const CALL_MIN: Duration = Duration::from_millis(500);
const CALL_MAX: Duration = Duration::from_secs(5);

/// Who was refused for a key waits so long, and twice as long each time: that is mended by people, and whoever it is
/// mended for calls, too.
const REFUSED_MIN: Duration = Duration::from_secs(1);
const REFUSED_MAX: Duration = Duration::from_secs(60);

/// How long to wait before the next call of a peer that has been away for so long, and at which a key was refused so
/// many times in a row.
pub(crate) fn pause(away: Duration, refusals: u32, chance: u64) -> Duration {
    let pause = (away / PAUSE_SHARE).clamp(PAUSE_MIN, PAUSE_MAX);
    let doublings = refusals.checked_sub(1).map(|times| REFUSED_MIN * (1 << times.min(6)));
    let pause = doublings.map_or(pause, |longer| longer.min(REFUSED_MAX).max(pause));
    let jitter = chance % (JITTER_PERMILLE_MAX + 1);
    pause + pause * u32::try_from(jitter).unwrap_or(0) / 1_000
}

/// How long one call of such a peer may take.
pub(crate) fn patience(away: Duration) -> Duration {
    (away / CALL_SHARE).clamp(CALL_MIN, CALL_MAX)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn pauses_grow_with_the_absence_within_bounds() {
        let at = |away_ms, chance| pause(Duration::from_millis(away_ms), 0, chance).as_millis();
        assert_eq!((at(0, 0), at(1_000, 0), at(4_000, 0), at(20_000, 0)), (50, 50, 200, 1_000));
        assert_eq!(at(86_400_000, 0), 5_000);
        assert_eq!(at(4_000, JITTER_PERMILLE_MAX), 250);
        for chance in 0..10_000 {
            assert!((200..=250).contains(&at(4_000, chance)));
        }
    }

    #[test]
    fn whoever_is_refused_calls_ever_more_rarely() {
        let after = |refusals| pause(Duration::from_millis(100), refusals, 0).as_secs();
        assert_eq!([1, 2, 3, 6, 7, u32::MAX].map(after), [1, 2, 4, 32, 60, 60]);
        assert_eq!(pause(Duration::from_secs(86_400), 1, 0), PAUSE_MAX, "never sooner than without");
    }

    #[test]
    fn slow_handshakes_get_their_time_in_the_end() {
        let at = |away_ms| patience(Duration::from_millis(away_ms)).as_millis();
        assert_eq!((at(0), at(2_000), at(8_000), at(3_600_000)), (500, 500, 2_000, 5_000));
    }

    #[test]
    fn a_peer_may_miss_some_beats_but_is_gone_within_three_seconds() {
        assert!(SILENCE_MAX >= BEAT * 4);
        assert!(SILENCE_MAX + BEAT < Duration::from_secs(3));
    }
}
