//! One direction of calling between two nodes: a UDP relay that can be cut, so that both are deaf without
//! anybody having ended.

use std::collections::HashMap;
use std::net::{SocketAddr, UdpSocket};
use std::sync::atomic::{AtomicBool, Ordering::Relaxed};
use std::sync::{Arc, Mutex};
use std::thread;
use std::time::Duration;

const DATAGRAM_BYTES_MAX: usize = 65_536;
/// A relay that nobody needs any more ends after this.
const LOOK: Duration = Duration::from_millis(50);
/// Between two looks at whether it still holds what came.
const HOLD: Duration = Duration::from_millis(1);

pub(crate) struct Relay {
    pub(crate) address: SocketAddr,
    shared: Arc<Shared>,
}

struct Shared {
    to: Mutex<Option<SocketAddr>>,
    cut: AtomicBool,
    held: AtomicBool,
    over: AtomicBool,
}

impl Relay {
    /// A relay to nowhere yet.
    pub(crate) fn new() -> Relay {
        let front = Arc::new(socket());
        let address = front.local_addr().unwrap();
        let [cut, held, over] = [(); 3].map(|()| AtomicBool::new(false));
        let shared = Arc::new(Shared { to: Mutex::new(None), cut, held, over });
        let relaying = Arc::clone(&shared);
        thread::spawn(move || relay(&relaying, &front));
        Relay { address, shared }
    }

    pub(crate) fn lead_to(&self, to: SocketAddr) {
        *self.shared.to.lock().unwrap() = Some(to);
    }

    pub(crate) fn cut(&self, cut: bool) {
        self.shared.cut.store(cut, Relaxed);
    }

    /// What comes from callers is late: it waits until this is called with false.
    pub(crate) fn hold(&self, held: bool) {
        self.shared.held.store(held, Relaxed);
    }
}

impl Drop for Relay {
    fn drop(&mut self) {
        self.shared.over.store(true, Relaxed);
    }
}

fn socket() -> UdpSocket {
    let socket = UdpSocket::bind("127.0.0.1:0").unwrap();
    socket.set_read_timeout(Some(LOOK)).unwrap();
    socket
}

/// There: each caller gets a socket of its own, by which the way back is known.
fn relay(shared: &Arc<Shared>, front: &Arc<UdpSocket>) {
    let mut callers: HashMap<(SocketAddr, SocketAddr), Arc<UdpSocket>> = HashMap::new();
    let mut datagram = vec![0; DATAGRAM_BYTES_MAX];
    while !shared.over.load(Relaxed) {
        if shared.held.load(Relaxed) {
            // The socket keeps it.
            thread::park_timeout(HOLD);
            continue;
        }
        let Ok((length, caller)) = front.recv_from(&mut datagram) else { continue };
        let Some(to) = *shared.to.lock().unwrap() else { continue };
        if shared.cut.load(Relaxed) {
            continue;
        }
        let way = callers.entry((caller, to)).or_insert_with(|| {
            let way = Arc::new(socket());
            let (back, front, shared) = (Arc::clone(&way), Arc::clone(front), Arc::clone(shared));
            thread::spawn(move || relay_back(&shared, &back, &front, caller));
            way
        });
        // As on any network, what cannot be delivered is lost.
        let _ = way.send_to(&datagram[..length], to);
    }
}

fn relay_back(shared: &Shared, back: &UdpSocket, front: &UdpSocket, caller: SocketAddr) {
    let mut datagram = vec![0; DATAGRAM_BYTES_MAX];
    while !shared.over.load(Relaxed) {
        let Ok((length, _)) = back.recv_from(&mut datagram) else { continue };
        if !shared.cut.load(Relaxed) {
            let _ = front.send_to(&datagram[..length], caller);
        }
    }
}
