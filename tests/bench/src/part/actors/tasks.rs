//! Bare tokio: a task and a channel per actor, and a loop for a supervisor. No library of actors on tokio can be faster.

use super::library::{BOUND, Births, Counter, Crowd, Fragile, Library, Nursery, Tally};
use hecate_facts::Fact;
use std::sync::{Arc, Mutex};
use tokio::sync::{mpsc, oneshot};
use tokio::task::JoinHandle;

pub(super) struct Tokio;

impl Library for Tokio {
    const NAME: &'static str = super::TOKIO;
    type Counter = Inbox;
    type Crowd = Vec<mpsc::UnboundedSender<Fact>>;
    type Fragile = Watched;
    type Nursery = Tasks;

    async fn counter(bounded: bool) -> Option<Inbox> {
        if bounded {
            let (inbox, mut said) = mpsc::channel(BOUND);
            tokio::spawn(async move {
                let mut count = 0;
                while let Some(said) = said.recv().await {
                    hear(said, &mut count);
                }
            });
            return Some(Inbox::Bounded(inbox));
        }
        let (inbox, mut said) = mpsc::unbounded_channel();
        tokio::spawn(async move {
            let mut count = 0;
            while let Some(said) = said.recv().await {
                hear(said, &mut count);
            }
        });
        Some(Inbox::Open(inbox))
    }

    async fn crowd(members: usize, tally: Arc<Tally>) -> Self::Crowd {
        let member = |_| {
            let (inbox, mut facts) = mpsc::unbounded_channel::<Fact>();
            let tally = Arc::clone(&tally);
            tokio::spawn(async move {
                let mut count = 0;
                while facts.recv().await.is_some() {
                    count += 1;
                    tally.heard(count);
                }
            });
            inbox
        };
        (0..members).map(member).collect()
    }

    async fn fragile(children: usize, births: Arc<Births>) -> Watched {
        let first = Arc::new(Mutex::new(None));
        let address = Arc::clone(&first);
        tokio::spawn(async move {
            loop {
                let mut tasks: Vec<_> = (0..children).map(|_| child(&births)).collect();
                *address.lock().unwrap() = Some(tasks[0].0.clone());
                let _ = (&mut tasks[0].1).await;
                for (inbox, task) in tasks.into_iter().skip(1).rev() {
                    drop(inbox);
                    let _ = task.await;
                }
            }
        });
        Watched { first }
    }

    async fn nursery() -> Tasks {
        Tasks(Vec::new())
    }
}

pub(super) enum Said {
    Tick,
    HowMany(oneshot::Sender<u64>),
}

fn hear(said: Said, count: &mut u64) {
    match said {
        Said::Tick => *count += 1,
        Said::HowMany(reply) => drop(reply.send(*count)),
    }
}

pub(super) enum Inbox {
    Open(mpsc::UnboundedSender<Said>),
    Bounded(mpsc::Sender<Said>),
}

impl Inbox {
    async fn send(&self, said: Said) {
        let sent = match self {
            Inbox::Open(inbox) => inbox.send(said),
            Inbox::Bounded(inbox) => inbox.send(said).await,
        };
        assert!(sent.is_ok(), "the counter is gone");
    }
}

impl Counter for Inbox {
    async fn cast(&self) {
        self.send(Said::Tick).await;
    }

    async fn call(&self) -> u64 {
        let (reply, answer) = oneshot::channel();
        self.send(Said::HowMany(reply)).await;
        answer.await.unwrap()
    }
}

impl Crowd for Vec<mpsc::UnboundedSender<Fact>> {
    fn tell(&self, fact: &Fact) {
        self.iter().for_each(|member| drop(member.send(Arc::clone(fact))));
    }
}

/// Ends at the first message, or when its address is dropped.
fn child(births: &Arc<Births>) -> (mpsc::UnboundedSender<()>, JoinHandle<()>) {
    let (inbox, mut hits) = mpsc::unbounded_channel();
    let births = Arc::clone(births);
    let task = tokio::spawn(async move {
        births.born();
        if hits.recv().await.is_some() {
            births.crash();
        }
    });
    (inbox, task)
}

pub(super) struct Watched {
    first: Arc<Mutex<Option<mpsc::UnboundedSender<()>>>>,
}

impl Fragile for Watched {
    async fn crash(&self) {
        loop {
            if let Some(inbox) = self.first.lock().unwrap().take() {
                inbox.send(()).unwrap();
                return;
            }
            tokio::task::yield_now().await;
        }
    }
}

pub(super) struct Tasks(Vec<(mpsc::UnboundedSender<Said>, JoinHandle<()>)>);

impl Nursery for Tasks {
    async fn start(&mut self, _: usize) {
        let (inbox, mut said) = mpsc::unbounded_channel();
        let (begun, beginning) = oneshot::channel();
        let task = tokio::spawn(async move {
            let mut count = 0;
            let _ = begun.send(());
            while let Some(said) = said.recv().await {
                hear(said, &mut count);
            }
        });
        self.0.push((inbox, task));
        beginning.await.unwrap();
    }

    async fn stop(self) {
        let (inboxes, tasks): (Vec<_>, Vec<_>) = self.0.into_iter().unzip();
        drop(inboxes);
        for task in tasks {
            task.await.unwrap();
        }
    }
}
