//! The journal: one thread makes durable what the engine's thread did. Whatever waits is written together, with one wait for
//! the disk; then it is published and answered, in order. Nobody sees what is not on disk.

use crate::engine::{Answer, Moment, Shared};
use crate::log::Log;
use api::{Reply, Status};
use control::Answered;
use datastore::{Datastore, Failure, Sizes};
use std::path::PathBuf;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, PoisonError, mpsc};
use std::time::{Duration, Instant};
use store::Store;

/// So many batches wait for the disk; then the engine waits too.
const AHEAD: usize = 8;

/// What the engine did since the last batch.
pub struct Batch {
    pub moment: Arc<Moment>,
    pub answers: Vec<Answer>,
    /// How often the engine had gone back when it did this.
    pub epoch: u64,
}

/// The journal's state, as others may see it.
#[derive(Default)]
pub struct Progress {
    /// Raised by one at each failure: what was done before is void.
    epoch: AtomicU64,
    pub writes: Mutex<Writes>,
}

/// What the journal has written since the start.
#[derive(Clone, Copy, Default, Debug)]
pub struct Writes {
    pub count: u64,
    pub commits: u64,
    pub failures: u64,
    pub time: Duration,
    pub sizes: Sizes,
}

impl Progress {
    pub fn epoch(&self) -> u64 {
        self.epoch.load(Ordering::Acquire)
    }
    pub fn seen(&self) -> Writes {
        *self.writes.lock().unwrap_or_else(PoisonError::into_inner)
    }
    fn note(&self, change: impl FnOnce(&mut Writes)) {
        change(&mut self.writes.lock().unwrap_or_else(PoisonError::into_inner));
    }
}

/// Where a store is kept, and how much of its past.
#[derive(Clone, Debug)]
pub struct Place {
    pub path: PathBuf,
    pub keep: usize,
}

/// The thread's side.
pub struct Journal {
    place: Place,
    /// Closed after a failure, until it can be opened again.
    datastore: Option<Datastore>,
    /// The last write was refused.
    failed: bool,
    /// What is on disk.
    durable: Store,
    log: Log,
    progress: Arc<Progress>,
    shared: Arc<Shared>,
}

impl Journal {
    /// Opens a file and reads what is in it.
    pub fn open(place: &Place) -> Result<(Datastore, Store), Failure> {
        Datastore::open(&place.path, place.keep)
    }
    /// Starts the thread that writes.
    pub fn start(
        (place, datastore): (Place, Datastore),
        durable: Store,
        shared: Arc<Shared>,
        log: Log,
    ) -> (mpsc::SyncSender<Batch>, std::thread::JoinHandle<()>) {
        let (batches, inbox) = mpsc::sync_channel(AHEAD);
        let progress = shared.progress.clone();
        progress.note(|writes| writes.sizes = datastore.sizes());
        let mut journal = Journal { place, datastore: Some(datastore), failed: false, durable, log, progress, shared };
        let thread = std::thread::spawn(move || {
            while let Ok(first) = inbox.recv() {
                let waiting = std::iter::once(first).chain(inbox.try_iter()).collect();
                journal.write_all(waiting);
            }
        });
        (batches, thread)
    }
    /// Writes what waits together, but no more at a time than the log reaches back.
    fn write_all(&mut self, batches: Vec<Batch>) {
        let mut group: Vec<Batch> = Vec::new();
        for batch in batches {
            let reach = self.durable.rev() + (self.place.keep / 2) as u64;
            if batch.moment.store.rev() > reach && !group.is_empty() {
                self.write(std::mem::take(&mut group));
            }
            group.push(batch);
        }
        self.write(group);
    }
    fn write(&mut self, mut batches: Vec<Batch>) {
        let epoch = self.progress.epoch();
        let void = batches.iter().take_while(|batch| batch.epoch < epoch).count();
        for batch in batches.drain(..void) {
            refuse(batch.answers, &unwritten("what it was decided on could not be stored"));
        }
        let Some(last) = batches.last() else { return };
        let moment = last.moment.clone();
        let writes = moment.store.rev() != self.durable.rev();
        let result = if writes { self.append(&moment.store) } else { Ok(()) };
        let answers = batches.into_iter().flat_map(|batch| batch.answers);
        match result {
            Ok(()) => {
                if writes && std::mem::take(&mut self.failed) {
                    self.log.info("the store can be written again");
                }
                self.durable = moment.store.clone();
                self.shared.publish(moment);
                // A client that went away does not want its answer.
                answers.for_each(|(to, answered)| drop(to.send(answered)));
            }
            Err(failure) => {
                self.log.error(&format!("the store cannot be written: {failure}; writes are refused"));
                self.go_back();
                refuse(answers.collect(), &unwritten(&failure.to_string()));
            }
        }
    }
    fn append(&mut self, to: &Store) -> Result<(), Failure> {
        let begun = Instant::now();
        let Some(datastore) = &self.datastore else {
            return Err(Failure::Machine(format!("{} cannot be opened", self.place.path.display())));
        };
        datastore.append(&self.durable, to)?;
        let commits = to.rev() - self.durable.rev();
        self.progress.note(|writes| {
            writes.count += 1;
            writes.commits += commits;
            writes.time += begun.elapsed();
            writes.sizes = datastore.sizes();
        });
        Ok(())
    }
    /// After a failure nobody knows what is on disk but the disk: it is read again, and the engine goes on from there.
    fn go_back(&mut self) {
        self.failed = true;
        self.datastore = None;
        match Journal::open(&self.place) {
            Ok((datastore, store)) => {
                self.datastore = Some(datastore);
                if store.rev() < self.durable.rev() {
                    self.log.error("the store lost what was written; the server ends");
                    std::process::exit(1);
                }
                self.durable = store.clone();
                self.shared.publish(Arc::new(Moment::of(store, self.shared.moment().now())));
            }
            Err(failure) => self.log.error(&format!("the store cannot be opened again: {failure}")),
        }
        self.progress.note(|writes| writes.failures += 1);
        self.progress.epoch.fetch_add(1, Ordering::Release);
    }
}

fn unwritten(why: &str) -> Status {
    Status::internal(format!("the write could not be stored: {why}"))
}

fn refuse(answers: Vec<Answer>, status: &Status) {
    for (to, _) in answers {
        let _ = to.send(Answered::Reply(Reply::from(status.clone())));
    }
}
