//! QUIC between the nodes of one cluster: mutual TLS with pinned keys, one stream a connection.

use crate::identity::{Identity, NodeId};
use crate::pins::Pins;
use crate::refused_key::RefusedKey;
use crate::stream::{Closing, PeerStream, SECRET_BYTES};
use hecate_names::Names;
use rustls::pki_types::CertificateDer;
use s2n_quic::client::Connect;
use s2n_quic::provider::event::events::TlsExporterReady;
use s2n_quic::provider::event::{ConnectionInfo, ConnectionMeta, Subscriber};
use s2n_quic::provider::limits::Limits;
use s2n_quic::provider::tls::rustls as quic_tls;
use s2n_quic::{Client, Connection, Server};
use std::fmt::Display;
use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

/// What both ends draw from TLS for one link, under this label.
const EXPORTER: &[u8] = b"EXPORTER-hecate-cluster-v1";
/// A handshake that takes longer is dropped.
const HANDSHAKE_MAX: Duration = Duration::from_secs(5);
/// A connection that says nothing at all is dropped; the heartbeat above looks far more often.
const IDLE_MAX: Duration = Duration::from_secs(15);
/// Nodes of one cluster are near each other. The RFC's first guess of 333 ms would have a lost first packet
/// repeated after a second.
const FIRST_ROUND_TRIP: Duration = Duration::from_millis(20);
/// Why a connection ends, for whoever looks at packets.
const DONE: u32 = 0;

/// What went wrong with the transport, in words.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{doing}: {why}")]
pub(crate) struct TransportError {
    doing: &'static str,
    why: String,
    pub(crate) refused_key: Option<RefusedKey>,
}

impl TransportError {
    pub(crate) fn new(doing: &'static str, why: impl Display) -> TransportError {
        TransportError { doing, why: why.to_string(), refused_key: None }
    }

    fn when<E: Display>(doing: &'static str) -> impl FnOnce(E) -> TransportError {
        move |why| TransportError::new(doing, why)
    }

    fn of_connection(doing: &'static str) -> impl FnOnce(s2n_quic::connection::Error) -> TransportError {
        move |error| TransportError {
            refused_key: RefusedKey::of(&error),
            ..TransportError::new(doing, error)
        }
    }
}

/// The end that is called.
pub(crate) struct Listening(Server);

/// The end that calls.
#[derive(Clone)]
pub(crate) struct Dialing {
    client: Client,
    from: SocketAddr,
    names: Names,
}

/// Opens both sockets: s2n-quic does not share one between the two roles.
pub(crate) fn open(
    identity: &Identity,
    pins: &Arc<Pins>,
    listen: SocketAddr,
) -> Result<(Listening, Dialing), TransportError> {
    let server: quic_tls::Server =
        pins.server_config(identity).map_err(TransportError::when("TLS of the listener"))?.into();
    let client: quic_tls::Client =
        pins.client_config(identity).map_err(TransportError::when("TLS of the dialer"))?.into();
    let mut from = listen;
    from.set_port(0);
    let server = Server::builder()
        .with_tls(server)
        .map_err(TransportError::when("TLS of the listener"))?
        .with_event(Proofs)
        .map_err(TransportError::when("events of the listener"))?
        .with_limits(limits()?)
        .map_err(TransportError::when("limits of the listener"))?
        .with_io(listen)
        .map_err(TransportError::when("the socket to listen on"))?
        .start()
        .map_err(TransportError::when("the listener"))?;
    let client = Client::builder()
        .with_tls(client)
        .map_err(TransportError::when("TLS of the dialer"))?
        .with_event(Proofs)
        .map_err(TransportError::when("events of the dialer"))?
        .with_limits(limits()?)
        .map_err(TransportError::when("limits of the dialer"))?
        .with_io(from)
        .map_err(TransportError::when("the socket to dial from"))?
        .start()
        .map_err(TransportError::when("the dialer"))?;
    Ok((Listening(server), Dialing { client, from, names: Names::of_the_system() }))
}

fn limits() -> Result<Limits, TransportError> {
    Limits::new()
        .with_max_handshake_duration(HANDSHAKE_MAX)
        .and_then(|limits| limits.with_max_idle_timeout(IDLE_MAX))
        .and_then(|limits| limits.with_initial_round_trip_time(FIRST_ROUND_TRIP))
        .and_then(|limits| limits.with_max_open_remote_bidirectional_streams(1))
        .and_then(|limits| limits.with_max_open_remote_unidirectional_streams(0))
        .map_err(TransportError::when("limits"))
}

impl Listening {
    pub(crate) fn local_addr(&self) -> Result<SocketAddr, TransportError> {
        self.0.local_addr().map_err(TransportError::when("the listener's address"))
    }

    /// The next connection of a pinned peer; none once the listener has ended.
    pub(crate) async fn next(&mut self) -> Option<Knock> {
        self.0.accept().await.map(Knock)
    }
}

/// A connection that was accepted, and whose stream has yet to come.
pub(crate) struct Knock(Connection);

impl Knock {
    /// Waits for the peer's stream. The caller bounds the wait.
    pub(crate) async fn stream(mut self) -> Result<PeerStream, TransportError> {
        let stream = self.0.accept_bidirectional_stream().await;
        let stream = stream.map_err(TransportError::when("waiting for the stream"))?;
        let stream = stream.ok_or_else(|| TransportError::new("waiting for the stream", "closed"))?;
        proven(self.0, stream, false)
    }
}

impl Dialing {
    /// Connects to the peer of this name and no other. The caller bounds the wait.
    pub(crate) async fn dial(&self, peer: &NodeId, address: &str) -> Result<PeerStream, TransportError> {
        let to = self.look_up(address).await?;
        // The name of the node is what the verifier compares the key with.
        let mut connection = (self.client.connect(Connect::new(to).with_server_name(peer.as_str())).await)
            .map_err(TransportError::of_connection("connecting"))?;
        let stream = connection.open_bidirectional_stream().await;
        proven(connection, stream.map_err(TransportError::of_connection("opening the stream"))?, true)
    }
}

impl Dialing {
    /// The first address of the family that we call from.
    async fn look_up(&self, address: &str) -> Result<SocketAddr, TransportError> {
        const DOING: &str = "looking up the address";
        if let Ok(known) = address.parse() {
            return Ok(known);
        }
        let host_and_port =
            address.rsplit_once(':').and_then(|(host, port)| Some((host, port.parse().ok()?)));
        let (host, port) = host_and_port.ok_or_else(|| TransportError::new(DOING, "not HOST:PORT"))?;
        let found = self.names.look_up(host).await.map_err(TransportError::when(DOING))?;
        let ours = found.iter().find(|found| found.is_ipv4() == self.from.is_ipv4());
        let ours = ours.ok_or_else(|| TransportError::new(DOING, "none of our family"))?;
        Ok(SocketAddr::new(*ours, port))
    }
}

/// What the handshake proved, kept with the connection. s2n-quic lends the TLS session only in this event.
struct Proofs;

#[derive(Clone)]
struct Proof {
    peer: NodeId,
    secret: [u8; SECRET_BYTES],
}

impl Subscriber for Proofs {
    type ConnectionContext = Option<Proof>;

    fn create_connection_context(&mut self, _: &ConnectionMeta, _: &ConnectionInfo) -> Option<Proof> {
        None
    }

    fn on_tls_exporter_ready(
        &mut self,
        proof: &mut Option<Proof>,
        _: &ConnectionMeta,
        event: &TlsExporterReady<'_>,
    ) {
        let mut secret = [0; SECRET_BYTES];
        let drawn = event.session.tls_exporter(EXPORTER, b"", &mut secret).ok();
        let chain = event.session.peer_cert_chain_der().ok();
        let leaf = chain.and_then(|chain| chain.into_iter().next());
        let peer = leaf.and_then(|leaf| NodeId::of_certificate(&CertificateDer::from(leaf)));
        *proof = drawn.and(peer).map(|peer| Proof { peer, secret });
    }
}

fn proven(
    connection: Connection,
    stream: s2n_quic::stream::BidirectionalStream,
    opened: bool,
) -> Result<PeerStream, TransportError> {
    let proof = connection.query_event_context(|proof: &Option<Proof>| proof.clone()).ok().flatten();
    let proof = proof.ok_or_else(|| TransportError::new("the handshake", "proved nothing"))?;
    let address = connection.remote_addr().map_err(TransportError::when("the peer's address"))?;
    let (reader, writer) = stream.split();
    Ok(PeerStream {
        peer: proof.peer,
        address: address.to_string(),
        opened,
        secret: proof.secret,
        reader: Box::new(reader),
        writer: Box::new(writer),
        close: Closing::new(move || connection.close(DONE.into())),
    })
}
