//! Asking an endpoint: one answer within the time limit, or the reason why there is none.

use crate::monitor_division::check::host_and_port;
use crate::monitor_division::{CheckSpec, CheckType, Health};
use hecate_supervision::ExitReason;
use reqwest::{Client, redirect};
use std::error::Error;
use std::process::Stdio;
use std::time::Duration;
use tokio::net::TcpStream;
use tokio::process::Command;
use tokio::time::timeout;

/// Where the programs of commands are looked for. They inherit nothing else of the daemon's environment, which
/// may hold keys.
const PATH: &str = "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin";

/// What an endpoint answered.
#[derive(Debug, PartialEq)]
pub(super) struct Found {
    pub(super) health: Health,
    /// Why, where it is not healthy.
    pub(super) details: Option<String>,
}

/// Whoever asks endpoints.
pub(super) struct Asker {
    http: Client,
    allow_commands: bool,
}

impl Found {
    const HEALTHY: Found = Found { health: Health::Healthy, details: None };

    fn unhealthy(why: impl Into<String>) -> Found {
        Found { health: Health::Unhealthy, details: Some(why.into()) }
    }

    fn unknown(why: &str) -> Found {
        Found { health: Health::Unknown, details: Some(why.to_owned()) }
    }
}

impl Asker {
    pub(super) fn new(allow_commands: bool) -> Result<Asker, ExitReason> {
        // What the endpoint itself says counts, not what it points to; and each probe asks on its own.
        let http = Client::builder().redirect(redirect::Policy::none()).no_proxy().pool_max_idle_per_host(0);
        Ok(Asker { http: http.build().map_err(ExitReason::error)?, allow_commands })
    }

    /// Asks once.
    pub(super) async fn ask(&self, check: &CheckSpec) -> Found {
        let limit = Duration::from_millis(check.timeout_ms.into());
        let asked = async {
            match check.check_type {
                CheckType::Http => self.http(check).await,
                CheckType::Tcp => tcp(&check.endpoint).await,
                CheckType::Command if self.allow_commands => command(&check.endpoint).await,
                CheckType::Command => Found::unknown("This node runs no commands as health checks."),
                CheckType::MeshRpc => Found::unknown("This node is not part of a mesh."),
            }
        };
        let too_late = |_| Found::unhealthy(format!("No answer within {} ms.", check.timeout_ms));
        timeout(limit, asked).await.unwrap_or_else(too_late)
    }

    /// The status is enough: the body is left where it is.
    async fn http(&self, check: &CheckSpec) -> Found {
        match self.http.get(&check.endpoint).send().await.map(|answer| answer.status().as_u16()) {
            Ok(status) if status == check.expected_status => Found::HEALTHY,
            Ok(status) => {
                Found::unhealthy(format!("It answered {status} instead of {}.", check.expected_status))
            }
            Err(error) => Found::unhealthy(format!("No answer: {}.", innermost(&error))),
        }
    }
}

async fn tcp(endpoint: &str) -> Found {
    let Some(place) = host_and_port(endpoint) else {
        return Found::unknown("The endpoint is no host and port.");
    };
    match TcpStream::connect(place).await {
        Ok(_) => Found::HEALTHY,
        Err(error) => Found::unhealthy(format!("No connection: {error}.")),
    }
}

/// Words are split at white space; no shell reads them. Whoever is late is killed.
async fn command(line: &str) -> Found {
    let mut words = line.split_whitespace();
    let mut command = Command::new(words.next().unwrap_or_default());
    command.args(words).env_clear().env("PATH", PATH).kill_on_drop(true);
    command.stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::null());
    match command.status().await {
        Ok(status) if status.success() => Found::HEALTHY,
        Ok(status) => Found::unhealthy(format!("The command ended with {status}.")),
        Err(error) => Found::unhealthy(format!("The command did not start: {error}.")),
    }
}

/// What HTTP's layers of errors are about.
fn innermost(error: &dyn Error) -> String {
    let mut inner = error;
    while let Some(source) = inner.source() {
        inner = source;
    }
    inner.to_string()
}

#[cfg(test)]
mod tests {
    use super::*;
    use tokio::io::{AsyncReadExt, AsyncWriteExt};
    use tokio::net::TcpListener;

    fn check(check_type: CheckType, endpoint: &str) -> CheckSpec {
        CheckSpec {
            check_type,
            endpoint: endpoint.to_owned(),
            timeout_ms: 2_000,
            expected_status: 200,
            ..CheckSpec::default()
        }
    }

    async fn health(asker: &Asker, check_type: CheckType, endpoint: &str) -> Health {
        asker.ask(&check(check_type, endpoint)).await.health
    }

    /// A server that says this to everybody who asks; nothing where it has nothing to say.
    async fn server(says: &'static str) -> String {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let place = listener.local_addr().unwrap().to_string();
        tokio::spawn(async move {
            let mut held = Vec::new();
            while let Ok((mut stream, _)) = listener.accept().await {
                // Who only connects asks nothing, and goes.
                let _ = stream.read(&mut [0; 1_024]).await;
                let _ = stream.write_all(says.as_bytes()).await;
                held.push(stream);
            }
        });
        place
    }

    #[tokio::test]
    async fn http_is_healthy_with_the_expected_status_and_follows_nobody() {
        let asker = Asker::new(false).unwrap();
        for (says, expected) in [
            ("HTTP/1.1 200 OK\r\ncontent-length: 9999999\r\n\r\n", Health::Healthy),
            ("HTTP/1.1 503 Not now\r\ncontent-length: 0\r\n\r\n", Health::Unhealthy),
            ("HTTP/1.1 302 There\r\nlocation: http://localhost/\r\n\r\n", Health::Unhealthy),
            ("rubbish\r\n\r\n", Health::Unhealthy),
        ] {
            let url = format!("http://{}/health", server(says).await);
            assert_eq!(health(&asker, CheckType::Http, &url).await, expected, "{says}");
        }
        let late = format!("http://{}/", server("").await);
        let late = asker.ask(&CheckSpec { timeout_ms: 50, ..check(CheckType::Http, &late) }).await;
        assert_eq!(late, Found::unhealthy("No answer within 50 ms."));
    }

    #[tokio::test]
    async fn tcp_is_healthy_where_somebody_takes_the_connection() {
        let asker = Asker::new(false).unwrap();
        assert_eq!(health(&asker, CheckType::Tcp, &server("").await).await, Health::Healthy);
        let gone = TcpListener::bind("127.0.0.1:0").await.unwrap().local_addr().unwrap().to_string();
        assert_eq!(health(&asker, CheckType::Tcp, &gone).await, Health::Unhealthy);
    }

    #[tokio::test]
    async fn commands_run_only_where_they_are_allowed_and_through_no_shell() {
        let (open, shut) = (Asker::new(true).unwrap(), Asker::new(false).unwrap());
        assert_eq!(health(&shut, CheckType::Command, "true").await, Health::Unknown);
        for (line, expected) in [
            ("true", Health::Healthy),
            ("false", Health::Unhealthy),
            ("false || true", Health::Unhealthy),
            ("no-such-program", Health::Unhealthy),
            ("test $PATH", Health::Healthy),
        ] {
            assert_eq!(health(&open, CheckType::Command, line).await, expected, "{line}");
        }
        let slow = CheckSpec { timeout_ms: 50, ..check(CheckType::Command, "sleep 60") };
        assert_eq!(open.ask(&slow).await.health, Health::Unhealthy);
        assert_eq!(health(&open, CheckType::MeshRpc, "shop.ping").await, Health::Unknown);
    }
}
