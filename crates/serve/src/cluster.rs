//! `Cluster`: what an engine drives. A simulated cluster on virtual time, or a control plane alone on the machine's time.

use crate::pace::{Pace, Pacer};
use api::{Origin, Request, Status};
use apiserver::{Config, Connect};
use base::{Duration, Rng, Text, Time};
use control::{Answered, Control, Options};
use model::{Key, resource};
use shell::{Failure, HttpRequest, HttpResponse};
use sim::{Answer, World};
use std::io::Read;
use std::time::{Instant, SystemTime, UNIX_EPOCH};
use store::Store;

/// A cluster in the hands of one thread.
pub trait Cluster: Send {
    fn store(&self) -> &Store;
    fn config(&self) -> &Config;
    fn now(&self) -> Time;
    /// Does what is due, or a good part of it. Answers how long nothing will be.
    fn advance(&mut self) -> std::time::Duration;
    fn answer(&mut self, request: &Request) -> Answered;
    /// Opens the stream of a checked connection.
    fn dial(&mut self, stream: u64, connect: &Connect) -> Result<(), Status>;
    fn write_stream(&mut self, stream: u64, data: Option<&Text>);
    /// What came by streams since the last time.
    fn read_streams(&mut self) -> Vec<(u64, Answer)>;
    fn hang_up(&mut self, stream: u64);
    /// An HTTP request from inside a pod.
    fn fetch(&mut self, pod: &Connect, request: &HttpRequest) -> Result<HttpResponse, Failure>;
    /// Goes on from this store, as if everything else had not been.
    fn resume(&mut self, store: Store);
}

/// A simulated cluster and the speed of its clock.
pub struct Simulated {
    world: World,
    pacer: Pacer,
}

impl Simulated {
    pub fn new(world: World, pace: Pace) -> Simulated {
        Simulated { pacer: Pacer::new(pace, &world), world }
    }
}

impl Cluster for Simulated {
    fn store(&self) -> &Store {
        self.world.control().store()
    }
    fn config(&self) -> &Config {
        self.world.control().config()
    }
    fn now(&self) -> Time {
        self.world.now()
    }
    fn advance(&mut self) -> std::time::Duration {
        self.pacer.advance(&mut self.world)
    }
    fn answer(&mut self, request: &Request) -> Answered {
        let answered = self.world.answer(request);
        self.pacer.asked(&self.world);
        answered
    }
    fn dial(&mut self, stream: u64, connect: &Connect) -> Result<(), Status> {
        self.world.dial(stream, connect)?;
        self.pacer.asked(&self.world);
        Ok(())
    }
    fn write_stream(&mut self, stream: u64, data: Option<&Text>) {
        self.world.write_stream(stream, data);
        self.pacer.asked(&self.world);
    }
    fn read_streams(&mut self) -> Vec<(u64, Answer)> {
        self.world.read_streams()
    }
    fn hang_up(&mut self, stream: u64) {
        self.world.hang_up(stream);
    }
    fn fetch(&mut self, pod: &Connect, request: &HttpRequest) -> Result<HttpResponse, Failure> {
        self.world.fetch(pod, request)
    }
    /// A simulation is not kept anywhere.
    fn resume(&mut self, _store: Store) {}
}

/// A control plane without nodes of its own.
pub struct Plane {
    control: Control,
    options: Options,
    clock: Clock,
    asked: u32,
}

/// So long the plane works before somebody who asks is heard.
const SLICE: std::time::Duration = std::time::Duration::from_millis(5);
/// A plane without deadlines is looked at again after this time.
const IDLE: std::time::Duration = std::time::Duration::from_secs(60);

impl Plane {
    /// The plane of a store, which may be empty.
    pub fn new(store: Store, config: Config, options: Options) -> std::io::Result<Plane> {
        let newest = store.commit_at(store.rev()).map_or(Time::EPOCH, |commit| commit.time);
        let clock = Clock::start(newest);
        let dice = Rng::new(seed()?);
        let control = Control::resume(store, (config, options), &dice, clock.now());
        Ok(Plane { control, options, clock, asked: 0 })
    }
}

impl Cluster for Plane {
    fn store(&self) -> &Store {
        self.control.store()
    }
    fn config(&self) -> &Config {
        self.control.config()
    }
    fn now(&self) -> Time {
        self.clock.now()
    }
    fn advance(&mut self) -> std::time::Duration {
        self.clock.catch_up();
        let begun = Instant::now();
        loop {
            let now = self.clock.now();
            match self.control.next_deadline() {
                None => return IDLE,
                Some(at) if at > now => {
                    let micros = u64::try_from((at - now).as_micros()).unwrap_or(0);
                    return std::time::Duration::from_micros(micros).min(IDLE);
                }
                Some(_) => {}
            }
            self.control.step(now);
            if begun.elapsed() > SLICE {
                return std::time::Duration::ZERO;
            }
        }
    }
    fn answer(&mut self, request: &Request) -> Answered {
        self.asked = self.asked.wrapping_add(1);
        match self.control.request(request, Origin::Input(self.asked), self.clock.now()) {
            Answered::Connect(connect) => Answered::Reply(self.unreachable(&connect).into()),
            answered => answered,
        }
    }
    fn dial(&mut self, _stream: u64, connect: &Connect) -> Result<(), Status> {
        Err(self.unreachable(connect))
    }
    fn write_stream(&mut self, _stream: u64, _data: Option<&Text>) {}
    fn read_streams(&mut self) -> Vec<(u64, Answer)> {
        Vec::new()
    }
    fn hang_up(&mut self, _stream: u64) {}
    fn fetch(&mut self, _pod: &Connect, _request: &HttpRequest) -> Result<HttpResponse, Failure> {
        Err(Failure::Refused)
    }
    fn resume(&mut self, store: Store) {
        let config = self.control.config().clone();
        // The dice go on from a place where nobody was: names and uids do not come again.
        let dice = Rng::new(seed().unwrap_or(store.hash()));
        self.control = Control::resume(store, (config, self.options), &dice, self.clock.now());
    }
}

impl Plane {
    /// Why a container cannot be reached. Models GetConnectionInfo of pkg/kubelet/client.
    fn unreachable(&self, connect: &Connect) -> Status {
        let Some(node) = self.control.snapshot().get(&Key::cluster(&resource::NODES, connect.node.clone())) else {
            return Status::not_found("nodes", &connect.node);
        };
        if node.status()["addresses"].is_empty() {
            return Status::new(500, "InternalError", "no preferred addresses found; known addresses: []");
        }
        Status::unsupported(&format!("a connection to the kubelet of node \"{}\"", connect.node))
    }
}

/// A number that nobody can guess, from the machine.
pub fn seed() -> std::io::Result<u64> {
    let mut bytes = [0; 8];
    std::fs::File::open("/dev/urandom")?.read_exact(&mut bytes)?;
    Ok(u64::from_le_bytes(bytes))
}

/// The machine's time, which never goes back: not over a restart, not when somebody sets the machine's clock.
struct Clock {
    anchor: Time,
    since: Instant,
}

/// A machine whose clock was set forward (or that slept) by more than this is followed.
const LAG: Duration = Duration::from_secs(1);

impl Clock {
    fn start(newest: Time) -> Clock {
        Clock { anchor: wall_clock().max(newest), since: Instant::now() }
    }
    fn now(&self) -> Time {
        self.anchor + Duration::from_micros(i64::try_from(self.since.elapsed().as_micros()).unwrap_or(0))
    }
    fn catch_up(&mut self) {
        let wall = wall_clock();
        if wall > self.now() + LAG {
            (self.anchor, self.since) = (wall, Instant::now());
        }
    }
}

/// What the machine's clock shows.
pub fn wall_clock() -> Time {
    let since = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
    Time::from_micros(i64::try_from(since.as_micros()).unwrap_or(0))
}
