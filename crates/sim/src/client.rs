//! Clients outside that speak to the API server over a wire: requests one by one, and streams to containers. What a host
//! (an HTTP server) needs of a world.

use crate::exchange::Caller;
use crate::network::Place;
use crate::streams::{Kind, Owner};
use crate::terminal::WIRE;
use crate::world::World;
use api::{Origin, Request, Status};
use apiserver::Connect;
use base::Text;
use control::Answered;
use dns::resolver::Library;
use kubectl::Answer;
use shell::{CallId, Failure, HttpRequest, HttpResponse};

fn owner(stream: u64) -> Owner {
    Owner { terminal: WIRE, program: CallId(0), call: stream }
}

impl World {
    /// Carries out one request of a client as the next input.
    pub fn answer(&mut self, request: &Request) -> Answered {
        self.input += 1;
        let answered = self.request(request, Origin::Input(self.input));
        self.settle();
        answered
    }
    /// Opens the stream of a checked connection under a number of the host's choice.
    pub fn dial(&mut self, stream: u64, connect: &Connect) -> Result<(), Status> {
        self.connect_stream(owner(stream), connect)?;
        self.settle();
        Ok(())
    }
    /// An HTTP request from inside a pod, as a forwarded connection makes it.
    pub fn fetch(&mut self, pod: &Connect, request: &HttpRequest) -> Result<HttpResponse, Failure> {
        let found = self.snapshot().get(&pod.pod).ok_or(Failure::Refused)?;
        let place = if found.spec()["hostNetwork"].is_true() {
            Place::Node(pod.node.clone())
        } else {
            Place::Pod { namespace: pod.pod.namespace.clone(), name: pod.pod.name.clone() }
        };
        let caller = Caller { place, resolv_conf: String::new(), hosts: String::new(), library: Library::Glibc };
        let (reply, exchange) = self.http(&caller, request);
        self.remember(exchange);
        self.settle();
        reply.map_or(Err(Failure::Timeout), |(reply, _)| reply.outcome)
    }
    /// Input for a program behind a stream; `None` ends it.
    pub fn write_stream(&mut self, stream: u64, data: Option<&Text>) {
        let Owner { terminal, program, call } = owner(stream);
        self.send_input((terminal, program, call), data);
        self.settle();
    }
    /// What came by streams since the last time, with their numbers.
    pub fn read_streams(&mut self) -> Vec<(u64, Answer)> {
        self.streams.take(WIRE).into_iter().map(|(owner, answer)| (owner.call, answer)).collect()
    }
    /// Forgets a stream; a program that runs for it is ended.
    pub fn hang_up(&mut self, stream: u64) {
        let Owner { terminal, program, call } = owner(stream);
        self.close_streams(terminal, program, Some(call));
        self.settle();
    }
    /// Whether a stream is open or has something left.
    pub fn is_open(&self, stream: u64) -> bool {
        let Owner { terminal, program, call } = owner(stream);
        self.streams.find(terminal, program, call).is_some_and(|s| !matches!(s.kind, Kind::Ended) || !s.queue.is_empty())
    }
}
