//! Draws one read model: follows the log onto the file that answers, and makes a new file where there is
//! none or where one was asked for.

use crate::{
    file::{Design, ModelFile, Origin, remove},
    gauges::Drawn,
    parking::{self, DrawError, Stored},
    pen::Pen,
    projection::{Remedy, remedy},
    read_side::ReadSide,
    sheet::{parked_at, released},
    tending::{self, Order},
};
use hecate_event_store::{EventStore, Filter, PAGE_EVENTS_MAX, ReadError, Subscription, UnavailableReason};
use hecate_supervision::{ExitReason, Turns};
use std::fmt::Display;
use std::path::Path;
use std::sync::{Arc, PoisonError};
use std::time::{Duration, Instant};

/// Events drawn in one transaction while the file answers.
const BATCH_EVENTS: usize = 1_000;
/// Events drawn in one transaction while the file is made.
const MAKING_EVENTS: usize = 10_000;
/// Bytes of data drawn in one transaction while the file is made, and held in memory twice.
const MAKING_BYTES: usize = 8 * 1024 * 1024;
/// How long a projection rests before it tries again to write to a full disk.
const DRAW_PAUSE: Duration = Duration::from_millis(200);

/// What draws one read model, until the store that it follows is renewed.
pub(crate) struct Drawer {
    side: Arc<ReadSide>,
    store: Arc<dyn EventStore>,
    pen: Pen,
    turns: Turns,
}

/// A stretch of the log that ends at `to`.
#[derive(Clone)]
struct Stretch {
    events: Arc<[Stored]>,
    to: u64,
}

impl Drawer {
    /// Waits for a store, and until nobody else writes the files.
    pub(crate) async fn new(side: Arc<ReadSide>, turns: Turns) -> Drawer {
        let store = side.store.opened().await;
        let pen = side.pen.take().await;
        Drawer { side, store, pen, turns }
    }

    /// The file that answers from now on, if there is one that fits.
    pub(crate) async fn open(&self) -> Result<Option<ModelFile>, ExitReason> {
        let file = self.at_the_files(ModelFile::open).await?;
        self.side.readers.renew();
        if let Some(file) = &file {
            self.publish(Some(file), None);
        }
        Ok(file)
    }

    /// Draws the log from the checkpoint on, and goes on as it grows.
    pub(crate) async fn draw_for_ever(self, mut file: Option<ModelFile>) -> Result<(), ExitReason> {
        loop {
            let whole = match file {
                Some(file) if !file.rebuild.is_due() => file,
                old => self.make(old).await?,
            };
            file = Some(self.follow(whole).await?);
        }
    }

    /// Follows the log until a rebuild is due.
    async fn follow(&self, file: ModelFile) -> Result<ModelFile, ExitReason> {
        let mut log = self.subscribe(&file);
        let mut file = self.release(file).await?;
        while !file.rebuild.is_due() {
            let events = log.next_step(BATCH_EVENTS).await.map_err(ExitReason::error)?;
            file = self.draw(file, Stretch { events: events.into(), to: log.caught_up_to() }).await?;
            self.publish(Some(&file), None);
        }
        Ok(file)
    }

    /// Makes a new file and puts it in the place of the old one, which answers and moves on until then.
    async fn make(&self, mut old: Option<ModelFile>) -> Result<ModelFile, ExitReason> {
        let mut next = self.at_the_files(ModelFile::begin).await?;
        let mut old_log = old.as_ref().map(|old| self.subscribe(old));
        let mut log = self.subscribe(&next).beside(self.side.store.convoy());
        let mut ahead = self.gather(&mut log, MAKING_EVENTS).await?;
        loop {
            let head = self.store.head();
            if let (Some(file), Some(old_log)) = (old.take(), &mut old_log) {
                let stretch = self.gather(old_log, BATCH_EVENTS).await?;
                old = Some(self.draw(file, stretch).await?);
            }
            // The next stretch is read while this one is drawn.
            let reading = self.gather(&mut log, MAKING_EVENTS);
            let (drawn, read) = tokio::join!(self.draw(next, ahead), reading);
            (next, ahead) = (drawn?, read?);
            self.publish(old.as_ref(), Some(&next));
            let passed = old.as_ref().is_none_or(|old| old.drawn_to() <= next.position);
            if next.position >= head && passed {
                return self.swap(old, next).await;
            }
        }
    }

    /// Opens a file on a thread that may block; waits out a full disk.
    async fn at_the_files<T: Send + 'static>(
        &self,
        open: fn(&Path, Design, &Origin, Pen) -> rusqlite::Result<T>,
    ) -> Result<T, ExitReason> {
        loop {
            let (side, pen, origin) = (Arc::clone(&self.side), self.pen.clone(), self.origin());
            let blocking = move || {
                make_folder(&side.path)?;
                Ok(open(&side.path, side.entry.design, &origin, pen))
            };
            let opened = tokio::task::spawn_blocking(blocking).await.map_err(ExitReason::error)?;
            match opened? {
                Err(error) if remedy(&error) == Remedy::Wait => self.rest(&error).await,
                opened => {
                    self.go_on();
                    return opened.map_err(ExitReason::error);
                }
            }
        }
    }

    /// Rests, and lets whoever looks know why.
    async fn rest(&self, error: &impl Display) {
        tracing::warn!(model = self.side.name(), %error, "the read model waits");
        self.side.waiting.send_replace(Some(error.to_string()));
        tokio::time::sleep(DRAW_PAUSE).await;
    }

    /// The files can be written.
    fn go_on(&self) {
        self.side.waiting.send_if_modified(|waiting| waiting.take().is_some());
    }

    /// Readers wait for the few milliseconds in which neither file is in place.
    async fn swap(&self, old: Option<ModelFile>, next: ModelFile) -> Result<ModelFile, ExitReason> {
        let ((), next) = self.on(next, |next| next.complete().map_err(own)).await?;
        let places = self.side.readers.every_place().await;
        self.side.readers.renew();
        let side = Arc::clone(&self.side);
        let swap = move || {
            drop(old);
            next.take_place(&side.path)
        };
        let file = tokio::task::spawn_blocking(swap).await.map_err(ExitReason::error)?;
        let file = file.map_err(ExitReason::error)?;
        drop(places);
        tracing::info!(model = self.side.name(), position = file.position, "the new file answers");
        self.publish(Some(&file), None);
        Ok(file)
    }

    /// Draws a stretch; the orders in it are followed where they stand.
    async fn draw(&self, mut file: ModelFile, stretch: Stretch) -> Result<ModelFile, ExitReason> {
        let Stretch { events, to } = stretch;
        let drawn_to = file.drawn_to();
        if to <= drawn_to || (events.last().is_none_or(|last| last.position <= drawn_to) && file.pass(to)) {
            return Ok(file);
        }
        let ahead = events.iter().filter(|event| event.position > drawn_to);
        let orders =
            ahead.filter_map(|event| Some((event.position, tending::order(self.side.name(), event)?)));
        for (by, order) in orders.collect::<Vec<_>>() {
            let (Order::Retry(position) | Order::Skip(position)) = order else { continue };
            file = self.draw_plain(file, &events, by - 1).await?;
            let judging = self.judge(file, position, matches!(order, Order::Retry(_)), by);
            file = self.turns.take("judge", judging).await?;
            file = self.release(file).await?;
        }
        self.draw_plain(file, &events, to).await
    }

    /// Draws the events of a stretch up to a position.
    async fn draw_plain(
        &self,
        file: ModelFile,
        events: &Arc<[Stored]>,
        to: u64,
    ) -> Result<ModelFile, ExitReason> {
        let (events, poison) = (Arc::clone(events), self.side.entry.design.on_poison);
        let (began, from) = (Instant::now(), file.position);
        let draw = move |file: &mut ModelFile| {
            let some = &events[..events.partition_point(|event| event.position <= to)];
            parking::draw(file, some, to, poison)?;
            file.count_parked().map_err(own)?;
            Ok(some.len() - some.partition_point(|event| event.position <= from))
        };
        let (events, file) = self.turns.take("draw", self.on(file, draw)).await?;
        if events > 0 {
            let mut batches = self.side.batches.lock().unwrap_or_else(PoisonError::into_inner);
            batches.note(events, began.elapsed());
        }
        Ok(file)
    }

    /// Tries a parked event again, or leaves it out, because the order at `by` in the log says so.
    async fn judge(
        &self,
        file: ModelFile,
        position: u64,
        again: bool,
        by: u64,
    ) -> Result<ModelFile, ExitReason> {
        let (parked, file) = self.on(file, move |file| parked_at(&file.db, position).map_err(own)).await?;
        let Some(parked) = parked.filter(|_| again) else {
            return Ok(self.on(file, move |file| parking::skip(file, position)).await?.1);
        };
        let found = self.read_stream(&parked.stream_id, parked.version).await?;
        let event =
            found.into_iter().find(|event| event.position == position).ok_or_else(|| gone(position))?;
        Ok(self.on(file, move |file| parking::retry(file, &event, by)).await?.1)
    }

    /// Draws what is parked and held back by nothing: all of it, or up to the next that does not draw.
    async fn release(&self, mut file: ModelFile) -> Result<ModelFile, ExitReason> {
        while file.touched || file.parking.events > 0 {
            let look = |file: &mut ModelFile| {
                file.count_parked().and_then(|()| released(&file.db, PAGE_EVENTS_MAX)).map_err(own)
            };
            let (rows, back) = self.on(file, look).await?;
            file = back;
            let Some(first) = rows.first() else { break };
            let mut events = self.read_stream(&first.stream_id, first.version).await?;
            events.retain(|event| rows.binary_search_by_key(&event.position, |row| row.position).is_ok());
            if events.is_empty() {
                return Err(gone(first.position));
            }
            let releasing = self.on(file, move |file| parking::release(file, &events));
            file = self.turns.take("release", releasing).await?.1;
        }
        Ok(file)
    }

    async fn read_stream(&self, stream_id: &str, from: u64) -> Result<Vec<Stored>, ExitReason> {
        let read = self.store.read_stream(stream_id, from, PAGE_EVENTS_MAX).await;
        read.map_err(ExitReason::error)
    }

    /// What comes next in the log, as much as is drawn in one go; perhaps nothing.
    async fn gather(&self, log: &mut Subscription, events_max: usize) -> Result<Stretch, ExitReason> {
        let (mut events, mut bytes) = (Vec::new(), 0);
        for _ in 0..events_max.div_ceil(PAGE_EVENTS_MAX) {
            let from = log.caught_up_to();
            let page = match log.try_page(PAGE_EVENTS_MAX).await {
                // Who follows a store is renewed with it.
                Err(ReadError::Unavailable { reason: UnavailableReason::Closed }) => {
                    std::future::pending().await
                }
                page => page.map_err(ExitReason::error)?,
            };
            bytes += page.iter().map(|event: &Stored| event.data.get().len()).sum::<usize>();
            events.extend(page);
            if log.caught_up_to() == from || bytes >= MAKING_BYTES {
                break;
            }
        }
        Ok(Stretch { events: events.into(), to: log.caught_up_to() })
    }

    /// Works on the file on a thread that may block; waits out a full disk rather than burn the
    /// supervisor's patience.
    async fn on<T: Send + 'static>(
        &self,
        mut file: ModelFile,
        work: impl Fn(&mut ModelFile) -> Result<T, DrawError> + Send + Sync + 'static,
    ) -> Result<(T, ModelFile), ExitReason> {
        let work = Arc::new(work);
        loop {
            let again = Arc::clone(&work);
            let blocking = move || (again(&mut file), file);
            let (done, back) = tokio::task::spawn_blocking(blocking).await.map_err(ExitReason::error)?;
            let error = match done {
                Ok(done) => {
                    self.go_on();
                    return Ok((done, back));
                }
                Err(error) => error,
            };
            match error.source.remedy() {
                Remedy::Wait => {
                    self.rest(&error).await;
                    file = back;
                }
                Remedy::Redraw => {
                    let path = back.path(&self.side.path);
                    drop(back);
                    remove(&path);
                    return Err(ExitReason::error(format!("the file is damaged and is drawn anew: {error}")));
                }
                Remedy::Park | Remedy::Crash => return Err(ExitReason::error(error)),
            }
        }
    }

    fn subscribe(&self, file: &ModelFile) -> Subscription {
        let own = self.side.entry.design.projections.iter().map(|entry| entry.event_type);
        let types = Filter::types(own.chain(tending::TYPES));
        Subscription::new(Arc::clone(&self.store), file.drawn_to(), types)
    }

    fn origin(&self) -> Origin {
        Origin {
            fingerprint: self.side.entry.design.fingerprint(),
            store_id: self.store.store_id(),
            epoch: self.store.epoch(),
            head: self.store.head(),
        }
    }

    /// Tells whoever waits and whoever looks how far the files are.
    fn publish(&self, answers: Option<&ModelFile>, making: Option<&ModelFile>) {
        let position = ModelFile::drawn_to;
        // A file that was ordered and not begun is drawn up to nothing.
        let ordered = answers.filter(|file| file.rebuild.is_due()).map(|_| 0);
        self.side.drawn.send_replace(Drawn {
            position: answers.map(position),
            making: making.map(position).or(ordered),
            parking: answers.or(making).map(|file| file.parking).unwrap_or_default(),
        });
    }
}

/// An error of the kernel's own statements.
fn own(error: rusqlite::Error) -> DrawError {
    parking::at("-", 0)(error.into())
}

/// The log is the truth: a file that knows more than it is not drawn from it.
fn gone(position: u64) -> ExitReason {
    ExitReason::error(format!("the parked event at position {position} is not in the log"))
}

fn make_folder(file: &Path) -> Result<(), ExitReason> {
    file.parent().map_or(Ok(()), |folder| std::fs::create_dir_all(folder).map_err(ExitReason::error))
}
