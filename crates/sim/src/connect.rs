//! The kubelet's side of connections: logs, exec and attach of simulated containers, with the kubelet's own error texts.

use crate::container::{LogLine, Purpose, State};
use crate::streams::{Kind, Owner};
use crate::world::World;
use api::Status;
use apiserver::{Action, Connect, LogOptions};
use base::{Duration, Text, Time};
use kubectl::Answer;

/// A log line as it is sent.
pub fn format_line(line: &LogLine, timestamps: bool) -> String {
    if !timestamps {
        return format!("{}\n", line.text);
    }
    let stamp = line.time.rfc3339_micro();
    format!("{}000Z {}\n", stamp.trim_end_matches('Z'), line.text)
}

impl World {
    /// Opens the stream of a checked connection, or says why the node cannot.
    pub(crate) fn connect_stream(&mut self, owner: Owner, connect: &Connect) -> Result<(), Status> {
        let Some(node) = self.nodes.get(&connect.node) else {
            return Err(Status::new(404, "NotFound", format!("nodes \"{}\" not found", connect.node)));
        };
        if !node.up {
            let ip = self.network.nodes.get(&connect.node).map(|n| n.ip.to_string()).unwrap_or_default();
            return Err(Status::new(
                500,
                "InternalError",
                format!("Get \"https://{ip}:10250/\": dial tcp {ip}:10250: connect: no route to host"),
            ));
        }
        match &connect.what {
            Action::Log(options) => self.log_stream(owner, connect, options),
            Action::Exec { command, streams } => self.exec_stream(owner, connect, (command.clone(), streams.tty)),
            Action::Attach(_) => self.attach_stream(owner, connect),
            Action::PortForward { .. } => Err(Status::unsupported("port-forward")),
        }
    }
    /// The newest container of that name in the pod, or the one before it.
    fn container_of(&self, connect: &Connect, previous: bool) -> Option<Text> {
        let runtime = self.nodes.get(&connect.node)?.runtime();
        let mut found: Vec<(u32, &Text)> = runtime
            .containers
            .iter()
            .filter(|(_, c)| c.config.pod.uid == connect.uid && c.config.name == connect.container && c.state != State::Created)
            .map(|(id, c)| (c.config.attempt, id))
            .collect();
        found.sort_unstable();
        let back = if previous { 2 } else { 1 };
        found.len().checked_sub(back).map(|at| found[at].1.clone())
    }
    fn log_stream(&mut self, owner: Owner, connect: &Connect, options: &LogOptions) -> Result<(), Status> {
        let Some(id) = self.container_of(connect, options.previous) else {
            let (container, pod) = (&connect.container, &connect.pod.name);
            return Err(Status::bad_request(if options.previous {
                format!("previous terminated container \"{container}\" in pod \"{pod}\" not found")
            } else {
                format!("container \"{container}\" in pod \"{pod}\" is waiting to start: {}", self.waiting_reason(connect))
            }));
        };
        let container = self.nodes.get(&connect.node).and_then(|n| n.runtime.containers.get(&id));
        let Some(container) = container else { return Err(not_found(connect)) };
        let (text, end, runs) = (chosen(container.log.lines(), options, self.now), container.log.end(), container.is_running());
        let follows = options.follow && runs;
        let kind = if follows {
            Kind::Log { node: connect.node.clone(), container: id, next: end, timestamps: options.timestamps }
        } else {
            Kind::Ended
        };
        let number = self.streams.open(owner, kind);
        if !text.is_empty() {
            self.streams.data(number, 1, text.into_bytes());
        }
        if !follows {
            self.streams.push(number, Answer::Closed);
        }
        Ok(())
    }
    fn attach_stream(&mut self, owner: Owner, connect: &Connect) -> Result<(), Status> {
        let id = self.container_of(connect, false).ok_or_else(|| not_found(connect))?;
        let found = self.nodes.get(&connect.node).and_then(|n| n.runtime.containers.get(&id));
        let Some(container) = found.filter(|c| c.is_running()) else { return Err(not_found(connect)) };
        // Who attaches as the container starts misses nothing; later ones get what comes, after the prompt that stands there.
        let fresh = matches!(container.state, State::Running { since } if self.now - since <= Duration::from_secs(2));
        let (prompt, next) =
            if fresh { (Vec::new(), 0) } else { (container.log.unfinished().to_vec(), container.log.pieces_end()) };
        let number = self.streams.open(owner, Kind::Attach { node: connect.node.clone(), container: id, next });
        if !prompt.is_empty() {
            self.streams.data(number, 1, prompt);
        }
        Ok(())
    }
    fn waiting_reason(&self, connect: &Connect) -> Text {
        let pod = self.snapshot().get(&connect.pod);
        let statuses = pod.map(|p| p.pod().container_statuses().to_vec()).unwrap_or_default();
        let status = statuses.into_iter().find(|s| s["name"].s() == connect.container);
        let reason = status.map(|s| s.at(&["state", "waiting", "reason"]).text()).unwrap_or_default();
        if reason.is_empty() { base::text!("ContainerCreating") } else { reason }
    }
    fn exec_stream(&mut self, owner: Owner, connect: &Connect, (command, tty): (Vec<Text>, bool)) -> Result<(), Status> {
        let Some(id) = self.container_of(connect, false) else { return Err(not_found(connect)) };
        let number = self.streams.upcoming();
        let now = self.now;
        let Some(node) = self.nodes.get_mut(&connect.node) else { return Err(not_found(connect)) };
        if !node.runtime.containers.get(&id).is_some_and(|c| c.is_running()) {
            return Err(not_found(connect));
        }
        match node.runtime.exec(&id, command, Purpose::Stream(number), (tty, now)) {
            Ok(exec) => {
                self.streams.open(owner, Kind::Exec { node: connect.node.clone(), container: id, number: exec });
                self.touch(&connect.node);
                Ok(())
            }
            Err(why) => Err(Status::internal(format!("Internal error occurred: error executing command in container: {why}"))),
        }
    }
}

fn not_found(connect: &Connect) -> Status {
    Status::internal(format!("unable to upgrade connection: container not found (\"{}\")", connect.container))
}

/// The part of a log that the options ask for.
fn chosen<'a>(
    lines: impl DoubleEndedIterator<Item = &'a LogLine> + ExactSizeIterator,
    options: &LogOptions,
    now: Time,
) -> String {
    let since = options.since_time.or(options.since_seconds.map(|s| now - Duration::from_secs(s)));
    let wanted: Vec<&LogLine> = lines.filter(|l| since.is_none_or(|from| l.time >= from)).collect();
    let skip = options.tail_lines.map_or(0, |tail| wanted.len().saturating_sub(tail.max(0) as usize));
    let mut text: String = wanted.into_iter().skip(skip).map(|line| format_line(line, options.timestamps)).collect();
    if let Some(limit) = options.limit_bytes {
        let mut end = (limit.max(0) as usize).min(text.len());
        while !text.is_char_boundary(end) {
            end -= 1;
        }
        text.truncate(end);
    }
    text
}
