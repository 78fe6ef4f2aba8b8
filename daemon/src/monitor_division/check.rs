//! A health check: what is asked of which endpoint, how often, and what was last seen there.

use hecate_desk::prelude::*;
use reqwest::Url;

/// One check as it is registered now.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
pub(crate) struct CheckSpec {
    pub(crate) check_id: String,
    pub(crate) check_name: String,
    pub(crate) check_type: CheckType,
    pub(crate) endpoint: String,
    pub(crate) interval_ms: u32,
    pub(crate) timeout_ms: u32,
    pub(crate) unhealthy_after: u32,
    pub(crate) expected_status: u16,
}

/// How an endpoint is asked.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
#[schemars(inline)]
pub(crate) enum CheckType {
    /// An HTTP GET answers with the expected status.
    #[default]
    Http,
    /// A TCP connection is accepted.
    Tcp,
    /// A command of the node ends with 0.
    Command,
    /// A procedure of the mesh answers.
    MeshRpc,
}

/// How something is.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
#[schemars(inline)]
pub(crate) enum Health {
    /// It answers as it should.
    Healthy,
    /// Nobody could tell.
    #[default]
    Unknown,
    /// It answers, but not as it should.
    Degraded,
    /// It does not answer, or wrongly.
    Unhealthy,
}

/// So many times in a row it was seen like that.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Seen {
    pub(crate) health: Health,
    pub(crate) consecutive: u32,
}

/// Of a health that lasts, every so many samples one is kept.
const EVERY_SAMPLES: u32 = 20;

impl Seen {
    /// What this sample is worth after what was kept before: how many samples it stands for, or nothing. Kept is a
    /// change, the failure that is one too many, and a sign of life now and then, so that no stream grows without
    /// bound.
    pub(crate) fn news(self, kept: Seen, unhealthy_after: u32) -> Option<u32> {
        if self.health != kept.health {
            return Some(self.consecutive);
        }
        let before = match kept.consecutive {
            same if same == self.consecutive => return None,
            fewer if fewer < self.consecutive => fewer,
            // It was begun to count anew.
            _ => self.consecutive.saturating_sub(1),
        };
        let passes = |mark| before < mark && mark <= self.consecutive;
        let is_too_many = self.health == Health::Unhealthy && passes(unhealthy_after);
        let lives_on = before / EVERY_SAMPLES < self.consecutive / EVERY_SAMPLES;
        (is_too_many || lives_on).then(|| self.consecutive - before)
    }

    /// What is seen when this is seen next.
    pub(crate) fn then(self, health: Health) -> Seen {
        let goes_on = health == self.health;
        Seen { health, consecutive: if goes_on { self.consecutive.saturating_add(1) } else { 1 } }
    }
}

pub(super) const INVALID_ENDPOINT: Refusal = Refusal::new(
    422,
    "invalid_endpoint",
    "An endpoint is an http or https URL without a password, a host and port, a command, or a procedure.",
);

/// Refuses an endpoint that no check of this type could ask.
pub(super) fn demand_askable(check_type: CheckType, endpoint: &str) -> Result<(), Refused> {
    let hint = match check_type {
        CheckType::Http if !is_http(endpoint) => "Write http://HOST:PORT/PATH, without user and password.",
        CheckType::Tcp if host_and_port(endpoint).is_none() => "Write HOST:PORT.",
        CheckType::MeshRpc if endpoint.contains(char::is_whitespace) => "Write the name of the procedure.",
        CheckType::Http | CheckType::Tcp | CheckType::MeshRpc | CheckType::Command => return Ok(()),
    };
    Err(INVALID_ENDPOINT.about("field", "endpoint").about("hint", hint))
}

/// What is registered leaves this node: it holds no secret.
fn is_http(endpoint: &str) -> bool {
    Url::parse(endpoint).is_ok_and(|url| {
        let is_open = url.username().is_empty() && url.password().is_none();
        matches!(url.scheme(), "http" | "https") && url.has_host() && is_open
    })
}

/// The two halves of `HOST:PORT`; the host of an IPv6 address without its brackets.
pub(super) fn host_and_port(endpoint: &str) -> Option<(&str, u16)> {
    let (host, port) = endpoint.rsplit_once(':')?;
    let bare = host.strip_prefix('[').and_then(|host| host.strip_suffix(']'));
    let host = bare.or((!host.contains(':')).then_some(host))?;
    let is_host = !host.is_empty() && !host.contains(char::is_whitespace);
    port.parse().ok().filter(|port| is_host && *port > 0).map(|port| (host, port))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_endpoint_can_be_asked_by_a_check_of_its_type() {
        use CheckType::{Command, Http, MeshRpc, Tcp};
        for (check_type, endpoint, fits) in [
            (Http, "http://localhost:8080/health", true),
            (Http, "https://shop.example", true),
            (Http, "ftp://shop.example", false),
            (Http, "http://me:secret@shop.example", false),
            (Http, "shop.example", false),
            (Tcp, "localhost:5432", true),
            (Tcp, "[::1]:5432", true),
            (Tcp, "::1:5432", false),
            (Tcp, "localhost", false),
            (Tcp, "localhost:0", false),
            (Tcp, ":80", false),
            (Command, "pg_isready -q", true),
            (MeshRpc, "shop.ping", true),
            (MeshRpc, "shop ping", false),
        ] {
            assert_eq!(demand_askable(check_type, endpoint).is_ok(), fits, "{endpoint}");
        }
    }

    #[test]
    fn a_change_a_failure_too_many_and_a_sign_of_life_are_news() {
        use Health::{Healthy, Unhealthy};
        let seen = |health, consecutive| Seen { health, consecutive };
        for (kept, now, news) in [
            (seen(Healthy, 5), seen(Unhealthy, 1), Some(1)),
            (seen(Unhealthy, 1), seen(Unhealthy, 2), None),
            (seen(Unhealthy, 1), seen(Unhealthy, 3), Some(2)),
            // The third was lost; the fourth tells of it.
            (seen(Unhealthy, 1), seen(Unhealthy, 4), Some(3)),
            (seen(Unhealthy, 3), seen(Unhealthy, 4), None),
            (seen(Healthy, 1), seen(Healthy, 3), None),
            (seen(Healthy, 1), seen(Healthy, 20), Some(19)),
            (seen(Healthy, 20), seen(Healthy, 20), None),
            // Somebody counts anew.
            (seen(Healthy, 40), seen(Healthy, 19), None),
            (seen(Healthy, 40), seen(Healthy, 20), Some(1)),
        ] {
            assert_eq!(now.news(kept, 3), news, "{now:?} after {kept:?}");
        }
    }
}
