//! The engine: one thread owns the cluster. Writes and connections are asked of it in order; reads and watches use the
//! [`Moment`] that was published last, so no lock is held across a request.

use crate::cluster::Cluster;
use crate::journal::{Batch, Journal, Place, Progress};
use crate::log::Log;
use api::{Request, Status};
use apiserver::Connect;
use base::{Duration, Text, Time};
use control::Answered;
use datastore::Datastore;
use shell::{Failure, HttpRequest, HttpResponse};
use sim::Answer as Told;
use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, PoisonError, mpsc};
use std::thread::JoinHandle;
use std::time::Instant;
use store::Store;
use tokio::sync::{mpsc as queue, oneshot, watch};

/// Answers of a stream that wait for a slow client; beyond them the stream is cut.
const WAITING: usize = 4096;
/// So many asks are carried out before time goes on.
const BATCH: usize = 256;

/// The state of the cluster as it was published: a clone of persistent maps.
pub struct Moment {
    pub store: Store,
    time: Time,
    taken: Instant,
}

impl Moment {
    pub(crate) fn of(store: Store, time: Time) -> Moment {
        Moment { store, time, taken: Instant::now() }
    }
    /// The cluster's time now: nothing has happened since the moment but the passing of time.
    pub fn now(&self) -> Time {
        self.time + Duration::from_micros(i64::try_from(self.taken.elapsed().as_micros()).unwrap_or(0))
    }
}

/// An answer, and who waits for it.
pub type Answer = (oneshot::Sender<Answered>, Answered);

/// What the engine is asked.
enum Ask {
    Request(Box<Request>, oneshot::Sender<Answered>),
    Dial(Box<Connect>, oneshot::Sender<Result<Stream, Status>>),
    Write(u64, Option<Text>),
    HangUp(u64),
    Fetch(Box<(Connect, HttpRequest)>, oneshot::Sender<Result<HttpResponse, Failure>>),
    Stop,
}

/// What everybody sees of the engine.
pub(crate) struct Shared {
    moment: Mutex<Arc<Moment>>,
    commits: watch::Sender<u64>,
    ending: watch::Sender<bool>,
    pub progress: Arc<Progress>,
}

impl Shared {
    /// What was published last.
    pub fn moment(&self) -> Arc<Moment> {
        self.moment.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }
    pub fn publish(&self, moment: Arc<Moment>) {
        let rev = moment.store.rev();
        *self.moment.lock().unwrap_or_else(PoisonError::into_inner) = moment;
        self.commits.send_if_modified(|seen| std::mem::replace(seen, rev) != rev);
    }
}

/// The way to the engine, for everybody who serves.
#[derive(Clone)]
pub struct Engine {
    asks: mpsc::Sender<Ask>,
    shared: Arc<Shared>,
    config: Arc<apiserver::Config>,
    threads: Arc<Mutex<Vec<JoinHandle<()>>>>,
}

/// An open stream to a container. Dropping it hangs up.
pub struct Stream {
    number: u64,
    asks: mpsc::Sender<Ask>,
    answers: queue::Receiver<Told>,
}

/// The answer when the engine is gone, which only a bug can cause.
fn stopped() -> Status {
    Status::internal("the server is about to end")
}

impl Engine {
    /// Starts the thread that owns a cluster. Nothing of it is kept.
    pub fn start(cluster: Box<dyn Cluster>) -> Engine {
        let first = cluster.store().clone();
        Engine::run(cluster, first, |_| (Sink::Published, None))
    }
    /// Starts the thread that owns a cluster, and the one that keeps what it does.
    pub fn start_kept(cluster: Box<dyn Cluster>, durable: Store, kept: (Place, Datastore), log: Log) -> Engine {
        Engine::run(cluster, durable.clone(), |shared| {
            let (batches, thread) = Journal::start(kept, durable, shared.clone(), log);
            (Sink::Journal(batches), Some(thread))
        })
    }
    fn run(cluster: Box<dyn Cluster>, first: Store, sink: impl FnOnce(&Arc<Shared>) -> (Sink, Option<JoinHandle<()>>)) -> Engine {
        let (asks, inbox) = mpsc::channel();
        let config = Arc::new(cluster.config().clone());
        let handed = first.rev();
        let first = Moment::of(first, cluster.now());
        let shared = Arc::new(Shared {
            commits: watch::Sender::new(handed),
            moment: Mutex::new(Arc::new(first)),
            ending: watch::Sender::new(false),
            progress: Arc::default(),
        });
        let (sink, writer) = sink(&shared);
        let driver = Driver {
            cluster,
            shared: shared.clone(),
            asks: asks.clone(),
            streams: BTreeMap::new(),
            dialled: 0,
            answers: Vec::new(),
            sink,
            handed,
            epoch: 0,
        };
        let thread = std::thread::spawn(move || driver.run(&inbox));
        let threads = Arc::new(Mutex::new([Some(thread), writer].into_iter().flatten().collect()));
        Engine { asks, shared, config, threads }
    }
    /// What was published last.
    pub fn moment(&self) -> Arc<Moment> {
        self.shared.moment()
    }
    /// Tells of new revisions.
    pub fn commits(&self) -> watch::Receiver<u64> {
        self.shared.commits.subscribe()
    }
    /// Waits until a revision is published.
    pub async fn kept(&self, rev: u64) {
        let mut commits = self.commits();
        // An engine that is gone publishes nothing more.
        let _ = commits.wait_for(|seen| *seen >= rev).await;
    }
    /// Becomes true when the server is about to end.
    pub fn ending(&self) -> watch::Receiver<bool> {
        self.shared.ending.subscribe()
    }
    /// Ends all watches: clients look for another server.
    pub fn end_watches(&self) {
        self.shared.ending.send_replace(true);
    }
    /// What was made durable so far.
    pub fn progress(&self) -> &Progress {
        &self.shared.progress
    }
    /// Finishes what was asked before, and closes the store.
    pub fn stop(&self) {
        // An engine that is gone has stopped.
        let _ = self.asks.send(Ask::Stop);
        let threads: Vec<JoinHandle<()>> = std::mem::take(&mut *self.threads.lock().unwrap_or_else(PoisonError::into_inner));
        threads.into_iter().for_each(|thread| drop(thread.join()));
    }
    pub fn config(&self) -> &apiserver::Config {
        &self.config
    }
    /// Carries out a request; when it is answered, every later [`Engine::moment`] has seen it.
    pub async fn request(&self, request: Request) -> Answered {
        let (to, answer) = oneshot::channel();
        let sent = self.asks.send(Ask::Request(Box::new(request), to));
        if sent.is_err() {
            return Answered::Reply(stopped().into());
        }
        answer.await.unwrap_or_else(|_| Answered::Reply(stopped().into()))
    }
    /// Opens the stream of a checked connection.
    pub async fn dial(&self, connect: Box<Connect>) -> Result<Stream, Status> {
        let (to, answer) = oneshot::channel();
        self.asks.send(Ask::Dial(connect, to)).map_err(|_| stopped())?;
        answer.await.unwrap_or_else(|_| Err(stopped()))
    }
}

impl Engine {
    /// An HTTP request from inside a pod.
    pub async fn fetch(&self, pod: &Connect, request: HttpRequest) -> Result<HttpResponse, Failure> {
        let (to, answer) = oneshot::channel();
        self.asks.send(Ask::Fetch(Box::new((pod.clone(), request)), to)).map_err(|_| Failure::Reset)?;
        answer.await.unwrap_or(Err(Failure::Reset))
    }
}

impl Stream {
    /// The next thing that came, `None` after the last.
    pub async fn next(&mut self) -> Option<Told> {
        self.answers.recv().await
    }
    /// Input for the program; `None` ends it.
    pub fn write(&self, data: Option<Text>) {
        // An engine that is gone has also closed `answers`, where the reader notices.
        let _ = self.asks.send(Ask::Write(self.number, data));
    }
}

impl Drop for Stream {
    fn drop(&mut self) {
        let _ = self.asks.send(Ask::HangUp(self.number));
    }
}

/// Where what happened goes before anybody sees it.
enum Sink {
    /// Nowhere: it is seen at once.
    Published,
    /// To disk.
    Journal(mpsc::SyncSender<Batch>),
}

/// After a failure of the store it is tried again after this time.
const REST: std::time::Duration = std::time::Duration::from_secs(1);

/// The engine's own side.
struct Driver {
    cluster: Box<dyn Cluster>,
    shared: Arc<Shared>,
    asks: mpsc::Sender<Ask>,
    streams: BTreeMap<u64, queue::Sender<Told>>,
    dialled: u64,
    /// Answers to what was done since the last batch.
    answers: Vec<Answer>,
    sink: Sink,
    /// The revision up to which commits were handed on.
    handed: u64,
    /// How often the store has failed.
    epoch: u64,
}

impl Driver {
    fn run(mut self, inbox: &mpsc::Receiver<Ask>) {
        loop {
            self.go_back();
            let wait = self.cluster.advance();
            self.deliver();
            self.hand_on();
            let Ok(first) = inbox.recv_timeout(wait) else { continue };
            self.go_back();
            self.cluster.advance();
            for ask in std::iter::once(first).chain(inbox.try_iter().take(BATCH)) {
                if matches!(ask, Ask::Stop) {
                    return self.hand_on();
                }
                self.carry_out(ask);
            }
            self.hand_on();
        }
    }
    fn carry_out(&mut self, ask: Ask) {
        match ask {
            Ask::Request(request, to) => {
                let answered = self.cluster.answer(&request);
                self.answers.push((to, answered));
            }
            Ask::Dial(connect, to) => {
                let _ = to.send(self.dial(&connect));
            }
            Ask::Write(stream, data) => self.cluster.write_stream(stream, data.as_ref()),
            Ask::Fetch(asked, to) => {
                let (pod, request) = *asked;
                let _ = to.send(self.cluster.fetch(&pod, &request));
            }
            Ask::HangUp(stream) => {
                self.streams.remove(&stream);
                self.cluster.hang_up(stream);
            }
            Ask::Stop => {}
        }
    }
    fn dial(&mut self, connect: &Connect) -> Result<Stream, Status> {
        self.dialled += 1;
        self.cluster.dial(self.dialled, connect)?;
        let (to, answers) = queue::channel(WAITING);
        self.streams.insert(self.dialled, to);
        Ok(Stream { number: self.dialled, asks: self.asks.clone(), answers })
    }
    /// Hands out what came by streams. Who does not take it is cut off.
    fn deliver(&mut self) {
        for (number, answer) in self.cluster.read_streams() {
            let ends = matches!(answer, Told::Exit(_) | Told::Closed | Told::Failed(_));
            let sent = self.streams.get(&number).is_some_and(|to| to.try_send(answer).is_ok());
            if ends || !sent {
                self.streams.remove(&number);
                self.cluster.hang_up(number);
            }
        }
    }
    /// Lets others see what happened, on disk first if it is kept, and then sends the answers.
    fn hand_on(&mut self) {
        let store = self.cluster.store();
        let moment = Arc::new(Moment::of(store.clone(), self.cluster.now()));
        let answers = std::mem::take(&mut self.answers);
        match &self.sink {
            Sink::Published => {
                self.shared.publish(moment);
                // A client that went away does not want its answer.
                answers.into_iter().for_each(|(to, answered)| drop(to.send(answered)));
            }
            Sink::Journal(batches) => {
                if answers.is_empty() && store.rev() == self.handed {
                    return;
                }
                self.handed = store.rev();
                if batches.send(Batch { moment, answers, epoch: self.epoch }).is_err() {
                    // Only a bug ends the journal's thread. What is on disk is whole: a new start is better than none.
                    std::process::exit(1);
                }
            }
        }
    }
    /// If something could not be kept, nothing since has happened.
    fn go_back(&mut self) {
        let epoch = self.shared.progress.epoch();
        if epoch != self.epoch {
            self.epoch = epoch;
            self.cluster.resume(self.shared.moment().store.clone());
            self.handed = self.cluster.store().rev();
            std::thread::sleep(REST);
        }
    }
}
