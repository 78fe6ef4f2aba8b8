//! Looking up names. The system does it in calls that block for as long as they like, whoever has stopped waiting, on
//! threads that everybody shares: so a few run at once, and one for each name.

#![warn(missing_docs)]

use futures_util::FutureExt;
use futures_util::future::{BoxFuture, Shared};
use reqwest::dns::{Addrs, Name, Resolve, Resolving};
use std::collections::BTreeMap;
use std::io;
use std::net::{IpAddr, SocketAddr, ToSocketAddrs};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use tokio::sync::Semaphore;
use tokio::task::spawn_blocking;

/// Lookups at once; each holds a thread.
const LOOKUPS_MAX: usize = 16;

/// What a name stands for.
type Found = Result<Arc<[IpAddr]>, Unresolved>;
/// How a name is looked up; blocks.
type Look = dyn Fn(&str) -> io::Result<Vec<IpAddr>> + Send + Sync;

/// A name that could not be looked up, and what the system says of it.
#[derive(Clone, Debug, thiserror::Error)]
#[error("{0}")]
pub struct Unresolved(Arc<str>);

/// Whoever looks up names; clones share the lookups.
#[derive(Clone)]
pub struct Names(Arc<Lookups>);

struct Lookups {
    look: Box<Look>,
    places: Arc<Semaphore>,
    /// Those that nobody has an answer to yet, by name.
    under_way: Mutex<BTreeMap<String, Shared<BoxFuture<'static, Found>>>>,
}

impl Names {
    /// Names as this system knows them.
    pub fn of_the_system() -> Names {
        Names::looked_up_by(|host| Ok((host, 0).to_socket_addrs()?.map(|address| address.ip()).collect()))
    }

    /// Names as `look` knows them; it may block.
    pub fn looked_up_by(look: impl Fn(&str) -> io::Result<Vec<IpAddr>> + Send + Sync + 'static) -> Names {
        let places = Arc::new(Semaphore::new(LOOKUPS_MAX));
        Names(Arc::new(Lookups { look: Box::new(look), places, under_way: Mutex::default() }))
    }

    /// What this host stands for, together with everybody else who asks for it meanwhile.
    pub fn look_up(&self, host: &str) -> impl Future<Output = Found> + use<> {
        let mut under_way = self.0.under_way();
        let lookup = under_way.entry(host.to_owned()).or_insert_with(|| {
            // It goes on when all who asked have gone: the next who asks for the name finds it under way.
            let looking = tokio::spawn(Arc::clone(&self.0).look_up(host.to_owned()));
            let found = looking.map(|looked| looked.unwrap_or_else(|ended| Err(Unresolved::because(ended))));
            found.boxed().shared()
        });
        lookup.clone()
    }

    /// True while nobody knows what this host stands for, though somebody asked.
    pub fn is_looking_up(&self, host: &str) -> bool {
        self.0.under_way().contains_key(host)
    }
}

impl Lookups {
    async fn look_up(self: Arc<Self>, host: String) -> Found {
        let place = Arc::clone(&self.places).acquire_owned().await;
        let (lookups, name) = (Arc::clone(&self), host.clone());
        let looked = spawn_blocking(move || {
            // It is given back by the thread that it stands for.
            let _place = place;
            (lookups.look)(&name)
        });
        let looked = looked.await.map_err(Unresolved::because);
        self.under_way().remove(&host);
        looked?.map(Arc::from).map_err(Unresolved::because)
    }

    fn under_way(&self) -> MutexGuard<'_, BTreeMap<String, Shared<BoxFuture<'static, Found>>>> {
        self.under_way.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Unresolved {
    fn because(error: impl ToString) -> Unresolved {
        Unresolved(error.to_string().into())
    }
}

impl Resolve for Names {
    fn resolve(&self, name: Name) -> Resolving {
        let lookup = self.look_up(name.as_str());
        Box::pin(async move {
            let found = lookup.await?.to_vec();
            Ok(Box::new(found.into_iter().map(|address| SocketAddr::new(address, 0))) as Addrs)
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::sync::Condvar;
    use std::sync::atomic::{AtomicUsize, Ordering};
    use std::time::Duration;
    use tokio::time::timeout;

    const PATIENCE: Duration = Duration::from_secs(60);
    const LOCALHOST: IpAddr = IpAddr::V4(std::net::Ipv4Addr::LOCALHOST);

    /// A system that answers nobody until it is let.
    #[derive(Default)]
    struct Stuck {
        began: AtomicUsize,
        is_open: Mutex<bool>,
        opened: Condvar,
    }

    impl Stuck {
        fn names(self: &Arc<Self>) -> Names {
            let stuck = Arc::clone(self);
            Names::looked_up_by(move |_| {
                stuck.began.fetch_add(1, Ordering::AcqRel);
                let is_open = stuck.is_open.lock().unwrap();
                drop(stuck.opened.wait_timeout_while(is_open, PATIENCE, |is_open| !*is_open).unwrap());
                Ok(vec![LOCALHOST])
            })
        }

        fn open(&self) {
            *self.is_open.lock().unwrap() = true;
            self.opened.notify_all();
        }

        fn began(&self) -> usize {
            self.began.load(Ordering::Acquire)
        }
    }

    async fn until(what: &str, is_so: impl Fn() -> bool) {
        let seen = async {
            while !is_so() {
                tokio::time::sleep(Duration::from_millis(5)).await;
            }
        };
        timeout(PATIENCE, seen).await.unwrap_or_else(|_| panic!("not {what}"));
    }

    #[tokio::test]
    async fn however_many_stop_waiting_a_few_names_are_looked_up_at_once() {
        let stuck = Arc::new(Stuck::default());
        let names = stuck.names();
        // Each of them asks twice, and waits for neither answer.
        for nth in 0..200 {
            let host = format!("host-{}", nth % 100);
            assert!(timeout(Duration::from_millis(1), names.look_up(&host)).await.is_err());
            assert!(names.is_looking_up(&host));
        }
        until("as many as may", || stuck.began() == LOOKUPS_MAX).await;
        stuck.open();
        until("all looked up", || names.0.under_way().is_empty()).await;
        assert_eq!(stuck.began(), 100, "each name once");
        // What was found then is not kept: names come to stand for something else.
        assert_eq!(names.look_up("host-1").await.unwrap()[..], [LOCALHOST]);
        assert_eq!(stuck.began(), 101);
    }

    #[tokio::test]
    async fn a_name_that_is_unknown_or_whose_lookup_crashes_is_said_to_all_who_ask() {
        let names = Names::looked_up_by(|host| match host {
            "crash" => panic!("it crashed"),
            _ => Err(io::Error::other("no such name")),
        });
        let (one, other) = (names.look_up("nobody"), names.look_up("nobody"));
        assert_eq!(one.await.unwrap_err().to_string(), "no such name");
        assert_eq!(other.await.unwrap_err().to_string(), "no such name");
        assert!(names.look_up("crash").await.is_err());
        assert!(!names.is_looking_up("crash") && !names.is_looking_up("nobody"));
    }

    #[tokio::test]
    async fn the_system_knows_this_machine() {
        let found = Names::of_the_system().look_up("localhost").await.unwrap();
        assert!(found.iter().all(IpAddr::is_loopback) && !found.is_empty());
    }
}
