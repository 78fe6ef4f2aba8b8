//! Asking an endpoint: one answer within the time limit, or the reason why there is none.

use super::command::Commands;
use super::fault::{innermost, is_ours};
use crate::monitor_division::check::host_and_port;
use crate::monitor_division::{CheckSpec, CheckType, Health};
use hecate_names::Names;
use reqwest::{Client, ClientBuilder, Url, redirect};
use std::error::Error;
use std::net::{IpAddr, SocketAddr};
use std::sync::Arc;
use std::time::Duration;
use tokio::net::TcpStream;
use tokio::sync::OnceCell;
use tokio::task::spawn_blocking;
use tokio::time::{Instant, timeout_at};

/// What an endpoint answered.
#[derive(Debug, PartialEq)]
pub(super) struct Found {
    pub(super) health: Health,
    /// Why, where it is not healthy.
    pub(super) details: Option<String>,
}

/// Whoever asks endpoints.
pub(super) struct Asker {
    names: Names,
    /// Without certificates, of which a machine may have none.
    plain: OnceCell<Client>,
    /// With those of the system, which are read when they are first needed.
    secure: OnceCell<Client>,
    /// Where they are allowed.
    commands: Option<Commands>,
}

impl Found {
    const HEALTHY: Found = Found { health: Health::Healthy, details: None };

    pub(super) fn unhealthy(why: impl Into<String>) -> Found {
        Found { health: Health::Unhealthy, details: Some(why.into()) }
    }

    pub(super) fn unknown(why: impl Into<String>) -> Found {
        Found { health: Health::Unknown, details: Some(why.into()) }
    }

    /// What there is instead of an answer, by whose fault it is.
    fn failed(error: &(dyn Error + 'static)) -> Found {
        let why = format!("No answer: {}.", innermost(error));
        if is_ours(error) { Found::unknown(why) } else { Found::unhealthy(why) }
    }
}

/// An endpoint that was asked and has not answered in time.
pub(super) fn late(check: &CheckSpec) -> Found {
    Found::unhealthy(format!("No answer within {} ms.", check.timeout_ms))
}

/// Nobody could ask, since nobody knew in time whom.
fn nameless(host: &str) -> Found {
    Found::unknown(format!("This node could not look up {host} in time."))
}

impl Asker {
    /// Opens nothing yet.
    pub(super) fn new(allow_commands: bool) -> Asker {
        let names = Names::of_the_system();
        let commands = allow_commands.then(Commands::new);
        Asker { names, plain: OnceCell::new(), secure: OnceCell::new(), commands }
    }

    /// Asks once.
    pub(super) async fn ask(&self, check: &CheckSpec) -> Found {
        let by = Instant::now() + Duration::from_millis(check.timeout_ms.into());
        let asked = match (check.check_type, &self.commands) {
            (CheckType::Http, _) => self.http(check, by).await,
            (CheckType::Tcp, _) => self.tcp(check, by).await,
            (CheckType::Command, Some(commands)) => commands.ask(check, by).await,
            (CheckType::Command, None) => Err(Found::unknown("This node runs no commands as health checks.")),
            (CheckType::MeshRpc, _) => Err(Found::unknown("This node is not part of a mesh.")),
        };
        asked.err().unwrap_or(Found::HEALTHY)
    }

    /// The status is enough: the body is left where it is.
    async fn http(&self, check: &CheckSpec, by: Instant) -> Result<(), Found> {
        let url = Url::parse(&check.endpoint).map_err(|_| Found::unknown("The endpoint is no URL."))?;
        let client = self.client(url.scheme() == "https").await?;
        let host = url.host_str().unwrap_or_default().to_owned();
        let answer = timeout_at(by, client.get(url).send())
            .await
            .map_err(|_| if self.names.is_looking_up(&host) { nameless(&host) } else { late(check) })?;
        let status = answer.map_err(|error| Found::failed(&error))?.status().as_u16();
        if status == check.expected_status {
            return Ok(());
        }
        Err(Found::unhealthy(format!("It answered {status} instead of {}.", check.expected_status)))
    }

    async fn client(&self, secure: bool) -> Result<&Client, Found> {
        // What the endpoint itself says counts, not what it points to; and each probe asks on its own.
        let client =
            Client::builder().redirect(redirect::Policy::none()).no_proxy().pool_max_idle_per_host(0);
        let client = client.dns_resolver(Arc::new(self.names.clone()));
        if secure {
            self.secure.get_or_try_init(|| built(client)).await
        } else {
            self.plain.get_or_try_init(|| built(client.tls_certs_only([]))).await
        }
    }

    async fn tcp(&self, check: &CheckSpec, by: Instant) -> Result<(), Found> {
        let place = host_and_port(&check.endpoint);
        let (host, port) = place.ok_or_else(|| Found::unknown("The endpoint is no host and port."))?;
        let hosts = match host.parse::<IpAddr>() {
            Ok(address) => Arc::from([address]),
            Err(_) => {
                let found = timeout_at(by, self.names.look_up(host)).await.map_err(|_| nameless(host))?;
                found.map_err(|error| Found::failed(&error))?
            }
        };
        let places: Vec<_> = hosts.iter().map(|host| SocketAddr::new(*host, port)).collect();
        let connected = timeout_at(by, TcpStream::connect(&places[..])).await.map_err(|_| late(check))?;
        connected.map(drop).map_err(|error| Found::failed(&error))
    }
}

/// Reading the system's certificates blocks. Where there are none it is tried again with the next probe.
async fn built(client: ClientBuilder) -> Result<Client, Found> {
    let built = spawn_blocking(move || client.build()).await;
    let unbuilt = |error: &(dyn Error + 'static)| {
        Found::unknown(format!("This node cannot ask by HTTP: {}.", innermost(error)))
    };
    built.map_err(|ended| unbuilt(&ended))?.map_err(|error| unbuilt(&error))
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
        let asker = Asker::new(false);
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
        let asker = Asker::new(false);
        assert_eq!(health(&asker, CheckType::Tcp, &server("").await).await, Health::Healthy);
        let gone = TcpListener::bind("127.0.0.1:0").await.unwrap().local_addr().unwrap().to_string();
        assert_eq!(health(&asker, CheckType::Tcp, &gone).await, Health::Unhealthy);
    }

    #[tokio::test]
    async fn commands_run_only_where_they_are_allowed_and_through_no_shell() {
        let (open, shut) = (Asker::new(true), Asker::new(false));
        assert_eq!(health(&shut, CheckType::Command, "true").await, Health::Unknown);
        for (line, expected) in [
            ("true", Health::Healthy),
            ("false", Health::Unhealthy),
            ("false || true", Health::Unhealthy),
            ("no-such-program", Health::Unknown),
            ("test $PATH", Health::Healthy),
        ] {
            assert_eq!(health(&open, CheckType::Command, line).await, expected, "{line}");
        }
        let slow = CheckSpec { timeout_ms: 50, ..check(CheckType::Command, "sleep 60") };
        assert_eq!(open.ask(&slow).await.health, Health::Unhealthy);
        assert_eq!(health(&open, CheckType::MeshRpc, "shop.ping").await, Health::Unknown);
    }

    #[tokio::test]
    async fn what_this_node_cannot_do_is_no_fault_of_the_endpoint() {
        let asker = Asker::new(false);
        // Nobody listens at everybody's address: the system knows no way there.
        for (check_type, nowhere) in [
            (CheckType::Http, "http://255.255.255.255/"),
            (CheckType::Http, "https://255.255.255.255/"),
            (CheckType::Tcp, "255.255.255.255:80"),
            (CheckType::Http, "http://nobody.invalid/"),
            (CheckType::Tcp, "nobody.invalid:80"),
        ] {
            let found = asker.ask(&CheckSpec { timeout_ms: 60_000, ..check(check_type, nowhere) }).await;
            assert_eq!(found.health, Health::Unknown, "{nowhere}: {found:?}");
        }
    }

    #[tokio::test]
    async fn a_name_that_nobody_looks_up_in_time_says_nothing_of_the_endpoint() {
        let (answer, answers) = std::sync::mpsc::channel::<()>();
        let answers = std::sync::Mutex::new(answers);
        let names = Names::looked_up_by(move |_| {
            // Until the test ends.
            let _ = answers.lock().unwrap().recv();
            Ok(Vec::new())
        });
        let asker = Asker { names, ..Asker::new(false) };
        for (check_type, endpoint) in
            [(CheckType::Http, "http://shop.example/"), (CheckType::Tcp, "shop.example:80")]
        {
            let found = asker.ask(&CheckSpec { timeout_ms: 50, ..check(check_type, endpoint) }).await;
            assert_eq!(found, nameless("shop.example"));
        }
        drop(answer);
    }

    #[test]
    fn without_certificates_https_is_unknown_and_all_else_goes_on() {
        const NONE: &str = "/nonexistent/certificates";
        let name = "monitor_division::probing::endpoint::tests::without_certificates_https_is_unknown_and_all_else_goes_on";
        if std::env::var_os("SSL_CERT_FILE").is_none_or(|file| file != NONE) {
            // What the system has is found through the environment, which is that of a process.
            let mut again = std::process::Command::new(std::env::current_exe().unwrap());
            again.args([name, "--exact", "--nocapture"]);
            let ended = again.env("SSL_CERT_FILE", NONE).env("SSL_CERT_DIR", NONE).output().unwrap();
            let told = String::from_utf8_lossy(&ended.stdout);
            assert!(ended.status.success() && told.contains("1 passed"), "{ended:?}");
            return;
        }
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
        runtime.block_on(async {
            let (asker, place) = (Asker::new(false), server("HTTP/1.1 200 OK\r\n\r\n").await);
            assert_eq!(health(&asker, CheckType::Http, &format!("http://{place}/")).await, Health::Healthy);
            assert_eq!(health(&asker, CheckType::Tcp, &place).await, Health::Healthy);
            let secure = asker.ask(&check(CheckType::Http, &format!("https://{place}/"))).await;
            assert_eq!(secure.health, Health::Unknown, "{secure:?}");
        });
    }
}
