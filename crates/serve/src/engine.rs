//! The engine: one thread owns the world. Writes and connections are asked of it in order; reads and watches use the
//! [`Moment`] that it published last, so no lock is held across a request.

use crate::pace::{Pace, Pacer};
use api::{Request, Status};
use apiserver::Connect;
use base::{Duration, Text, Time};
use control::Answered;
use shell::{Failure, HttpRequest, HttpResponse};
use sim::{Answer, World};
use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, PoisonError, mpsc};
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
    /// The cluster's time now: nothing has happened since the moment but the passing of time.
    pub fn now(&self) -> Time {
        self.time + Duration::from_micros(i64::try_from(self.taken.elapsed().as_micros()).unwrap_or(0))
    }
}

/// What the engine is asked.
enum Ask {
    Request(Box<Request>, oneshot::Sender<Answered>),
    Dial(Box<Connect>, oneshot::Sender<Result<Stream, Status>>),
    Write(u64, Option<Text>),
    HangUp(u64),
    Fetch(Box<(Connect, HttpRequest)>, oneshot::Sender<Result<HttpResponse, Failure>>),
}

struct Shared {
    moment: Mutex<Arc<Moment>>,
    commits: watch::Sender<u64>,
}

/// The way to the engine, for everybody who serves.
#[derive(Clone)]
pub struct Engine {
    asks: mpsc::Sender<Ask>,
    shared: Arc<Shared>,
    config: Arc<apiserver::Config>,
}

/// An open stream to a container. Dropping it hangs up.
pub struct Stream {
    number: u64,
    asks: mpsc::Sender<Ask>,
    answers: queue::Receiver<Answer>,
}

/// The answer when the engine is gone, which only a bug can cause.
fn stopped() -> Status {
    Status::internal("the simulation has stopped")
}

impl Engine {
    /// Starts the thread that owns a world.
    pub fn start(world: World, pace: Pace) -> Engine {
        let (asks, inbox) = mpsc::channel();
        let config = Arc::new(world.control().config().clone());
        let shared =
            Arc::new(Shared { moment: Mutex::new(moment(&world)), commits: watch::Sender::new(world.control().store().rev()) });
        let driver = Driver {
            pacer: Pacer::new(pace, &world),
            world,
            shared: shared.clone(),
            asks: asks.clone(),
            streams: BTreeMap::new(),
            dialled: 0,
        };
        std::thread::spawn(move || driver.run(&inbox));
        Engine { asks, shared, config }
    }
    /// What was published last.
    pub fn moment(&self) -> Arc<Moment> {
        self.shared.moment.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }
    /// Tells of new revisions.
    pub fn commits(&self) -> watch::Receiver<u64> {
        self.shared.commits.subscribe()
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
    pub async fn next(&mut self) -> Option<Answer> {
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

fn moment(world: &World) -> Arc<Moment> {
    Arc::new(Moment { store: world.control().store().clone(), time: world.now(), taken: Instant::now() })
}

/// The engine's own side.
struct Driver {
    world: World,
    pacer: Pacer,
    shared: Arc<Shared>,
    asks: mpsc::Sender<Ask>,
    streams: BTreeMap<u64, queue::Sender<Answer>>,
    dialled: u64,
}

impl Driver {
    fn run(mut self, inbox: &mpsc::Receiver<Ask>) {
        loop {
            let wait = self.pacer.advance(&mut self.world);
            self.deliver();
            self.publish();
            let Ok(first) = inbox.recv_timeout(wait) else { continue };
            self.pacer.advance(&mut self.world);
            self.carry_out(first);
            for ask in inbox.try_iter().take(BATCH) {
                self.carry_out(ask);
            }
        }
    }
    fn carry_out(&mut self, ask: Ask) {
        match ask {
            Ask::Request(request, to) => {
                let answered = self.world.answer(&request);
                self.pacer.asked(&self.world);
                self.publish();
                // A client that went away does not want its answer.
                let _ = to.send(answered);
            }
            Ask::Dial(connect, to) => {
                let _ = to.send(self.dial(&connect));
            }
            Ask::Write(stream, data) => {
                self.world.write_stream(stream, data.as_ref());
                self.pacer.asked(&self.world);
            }
            Ask::Fetch(asked, to) => {
                let (pod, request) = *asked;
                let _ = to.send(self.world.fetch(&pod, &request));
            }
            Ask::HangUp(stream) => {
                self.streams.remove(&stream);
                self.world.hang_up(stream);
            }
        }
    }
    fn dial(&mut self, connect: &Connect) -> Result<Stream, Status> {
        self.dialled += 1;
        self.world.dial(self.dialled, connect)?;
        self.pacer.asked(&self.world);
        let (to, answers) = queue::channel(WAITING);
        self.streams.insert(self.dialled, to);
        Ok(Stream { number: self.dialled, asks: self.asks.clone(), answers })
    }
    /// Hands out what came by streams. Who does not take it is cut off.
    fn deliver(&mut self) {
        for (number, answer) in self.world.read_streams() {
            let ends = matches!(answer, Answer::Exit(_) | Answer::Closed | Answer::Failed(_));
            let sent = self.streams.get(&number).is_some_and(|to| to.try_send(answer).is_ok());
            if ends || !sent {
                self.streams.remove(&number);
                self.world.hang_up(number);
            }
        }
    }
    fn publish(&mut self) {
        let rev = self.world.control().store().rev();
        *self.shared.moment.lock().unwrap_or_else(PoisonError::into_inner) = moment(&self.world);
        self.shared.commits.send_if_modified(|seen| std::mem::replace(seen, rev) != rev);
    }
}
