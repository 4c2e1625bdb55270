//! A terminal: a shell on the client's machine or on a node, with kubectl on its path. What kubectl asks of its host is
//! carried out here.

use crate::agenda::Source;
use crate::container::State;
use crate::exchange::{Caller, UPSTREAM};
use crate::network::Place;
use crate::runtime::Which;
use crate::streams::{Kind, Owner};
use crate::world::World;
use api::{Origin, Status};
use base::{Text, Time, text};
use control::Answered;
use dns::resolver::Library;
use kubectl::{Answer, Call as Ask, Chunk, Env, FileError, FolderEntry, Kubectl, Turn as Poll};
use shell::{Call, CallId, Files, Machine, Mount, Node, Process, Start, Tree, Turn};
use std::collections::BTreeMap;
use std::sync::Arc;
use value::Value;

/// A shell and the kubectls that run in it.
#[derive(Clone)]
pub struct Terminal {
    pub place: Place,
    pub(crate) process: Process,
    pub(crate) root: Tree,
    kubeconfig: Value,
    running: BTreeMap<CallId, Program>,
    pub(crate) output: Vec<Chunk>,
    pub(crate) exited: Option<i32>,
    pub(crate) columns: u16,
    /// Somebody types; otherwise the whole input is there from the beginning.
    interactive: bool,
}

/// A kubectl that collects its standard input, or runs.
#[derive(Clone)]
enum Program {
    Collecting { argv: Vec<Text>, vars: Vec<(Text, Text)>, input: Vec<u8>, tty: bool },
    Running(Box<Kubectl>),
}

/// Steps of one turn.
const BUDGET: u32 = 50_000;
/// The owner of streams that no terminal reads: clients over a wire. Terminals are numbered from 1.
pub(crate) const WIRE: u32 = 0;

impl Terminal {
    /// A terminal at a place. `argv` empty: an interactive shell.
    pub fn new(place: Place, argv: Vec<Text>, root: Tree, (seed, now): (u64, Time)) -> Option<Terminal> {
        let hostname = match &place {
            Place::Node(name) => name.clone(),
            _ => text!("client"),
        };
        let machine = Machine { bash: true, programs: vec![text!("kubectl"), text!("k")], seed, ..Machine::new(&hostname) };
        let interactive = argv.is_empty();
        let argv = if interactive { vec![text!("bash")] } else { argv };
        let env = vec![
            (text!("HOME"), text!("/root")),
            (text!("PATH"), text!("/usr/local/bin:/usr/bin:/bin")),
            (text!("USER"), text!("root")),
        ];
        let mut root = root;
        let start = Start { argv, env, cwd: text!("/root"), machine: Arc::new(machine), pid: 100, tty: interactive, now };
        let mounts: [Mount; 0] = [];
        let process = Process::start(start, &Files::new(&mut root, &mounts, &mut [])).ok()?;
        Some(Terminal {
            place,
            process,
            root,
            kubeconfig: Env::kubeconfig("https://172.18.0.2:6443"),
            running: BTreeMap::new(),
            output: Vec::new(),
            exited: None,
            columns: 120,
            interactive,
        })
    }
    /// The namespace that kubectl uses here.
    pub fn namespace(&self) -> Text {
        Env { config: self.kubeconfig.clone(), ..Env::new(Time::EPOCH) }.namespace()
    }
    pub(crate) fn set_namespace(&mut self, namespace: &str) {
        let mut env = Env { config: self.kubeconfig.clone(), ..Env::new(Time::EPOCH) };
        env.set_namespace(namespace);
        self.kubeconfig = env.config;
    }
    /// An interactive shell that waits for a command.
    pub fn at_prompt(&self) -> bool {
        self.running.is_empty() && self.process.at_prompt()
    }
    pub fn exited(&self) -> Option<i32> {
        self.exited
    }
    /// The files below a folder of this terminal's machine, with their paths.
    pub fn files_in(&self, folder: &str) -> Vec<(String, Text)> {
        let names = folder.split('/').filter(|n| !n.is_empty());
        let mut out = Vec::new();
        if let Some(node) = self.root.node(names) {
            list_files(node, folder, &mut out);
        }
        out
    }
    /// Whether what is typed goes to a program in a container, which echoes by itself.
    pub fn is_remote(&self) -> bool {
        self.running.values().any(|p| matches!(p, Program::Running(k) if k.takes_input()))
    }
    pub(crate) fn input(&mut self, text: &str) {
        for program in self.running.values_mut() {
            if let Program::Running(kubectl) = program
                && kubectl.takes_input()
            {
                return kubectl.input(Some(text));
            }
        }
        self.process.stdin(text.as_bytes());
    }
    pub(crate) fn end_input(&mut self) {
        for program in self.running.values_mut() {
            if let Program::Running(kubectl) = program
                && kubectl.takes_input()
            {
                return kubectl.input(None);
            }
        }
        self.process.close_stdin();
    }
    pub(crate) fn interrupt(&mut self) {
        if self.is_remote() {
            return self.input("\u{3}");
        }
        self.process.interrupt();
    }
    fn env(&self, tty: bool, stdin: Option<Text>, now: Time) -> Env {
        Env { config: self.kubeconfig.clone(), stdin, tty, columns: self.columns, ..Env::new(now) }
    }
    fn path(&self, path: &str) -> String {
        if path.starts_with('/') {
            return path.to_string();
        }
        let cwd = self.process.cwd().unwrap_or_else(|| text!("/root"));
        format!("{}/{path}", cwd.trim_end_matches('/'))
    }
}

/// Whether a kubectl with these arguments reads its standard input.
fn reads_input(argv: &[Text]) -> bool {
    let reads = |arg: &Text| {
        let arg = arg.as_str();
        matches!(arg, "-" | "-f-" | "-i" | "-it" | "-ti" | "--stdin" | "--stdin=true")
            || arg.ends_with("=-")
            || arg.ends_with("/dev/stdin")
    };
    argv.iter().any(reads)
}

fn list_files(node: &Node, path: &str, out: &mut Vec<(String, Text)>) {
    match node {
        Node::Dir(dir) => {
            for (name, child) in &dir.entries {
                list_files(child, &format!("{}/{name}", path.trim_end_matches('/')), out);
            }
        }
        Node::File(file) => out.push((path.into(), String::from_utf8_lossy(file.data.bytes()).as_ref().into())),
        Node::Link(_) => {}
    }
}

/// The files of the client's machine.
pub fn client_files() -> Tree {
    let mut tree = Tree::new();
    for directory in ["/root", "/tmp", "/etc", "/opt", "/var/log", "/usr/local/bin"] {
        tree.put_dir(directory, 0o755);
    }
    tree.put_file("/etc/hosts", "127.0.0.1 localhost\n");
    tree.put_file("/etc/resolv.conf", format!("nameserver {UPSTREAM}\n").into_bytes());
    tree
}

impl World {
    /// Lets a terminal and its programs run until all of them wait.
    pub(crate) fn run_terminal(&mut self, id: u32) {
        let now = self.now;
        let Some(mut terminal) = self.terminals.remove(&id) else { return self.agenda.set(Source::Terminal(id), None) };
        let mut wake = Time::NEVER;
        for _ in 0..10_000 {
            for (owner, answer) in self.streams.take(id) {
                if let Some(Program::Running(kubectl)) = terminal.running.get_mut(&owner.program) {
                    kubectl.reply(owner.call, answer, now);
                }
            }
            let programs = self.run_programs(id, &mut terminal);
            let mut budget = BUDGET;
            let Terminal { process, root, .. } = &mut terminal;
            let turn = process.run(&mut Files::new(root, &[], &mut []), now, &mut budget);
            terminal.collect();
            let calls = terminal.process.take_calls();
            let idle = calls.is_empty();
            for (call_id, call) in calls {
                self.terminal_call(id, &mut terminal, call_id, call);
            }
            wake = match turn {
                Turn::Exited(code) => {
                    terminal.exited = Some(code);
                    Time::NEVER
                }
                Turn::Waiting { until, .. } => until.min(programs),
                Turn::Ready => now + base::Duration::from_millis(1),
            };
            let streams_wait = self.streams.waiting().any(|t| t == id);
            if terminal.exited.is_some() || idle && !streams_wait && !matches!(turn, Turn::Ready if budget > 0) {
                break;
            }
        }
        self.agenda.set(Source::Terminal(id), Some(wake));
        self.terminals.insert(id, terminal);
    }
    /// Runs the kubectls; answers when the first of them wants to go on.
    fn run_programs(&mut self, id: u32, terminal: &mut Terminal) -> Time {
        let mut wake = Time::NEVER;
        let running = terminal.running.iter().filter(|(_, program)| matches!(program, Program::Running(_)));
        let ids: Vec<CallId> = running.map(|(id, _)| *id).collect();
        for call_id in ids {
            let Some(Program::Running(mut kubectl)) = terminal.running.remove(&call_id) else { continue };
            let ended = loop {
                let now = self.now;
                let mut at_once = |call: u64, ask: &Ask| match ask {
                    Ask::Request(_) | Ask::ReadFile(_) | Ask::ListDir(_) | Ask::WriteFile { .. } => {
                        self.ask(Owner { terminal: id, program: call_id, call }, terminal, ask.clone())
                    }
                    _ => None,
                };
                match kubectl.poll_with(now, &mut at_once) {
                    Poll::Call { id: call, call: Ask::Editor(text) } => {
                        let answer = terminal.edited(kubectl.env(), &text, self.now);
                        kubectl.reply(call, answer, self.now);
                    }
                    Poll::Call { id: call, call: ask } => {
                        let owner = Owner { terminal: id, program: call_id, call };
                        if let Some(answer) = self.ask(owner, terminal, ask) {
                            kubectl.reply(call, answer, self.now);
                        }
                    }
                    Poll::Wait(until) => {
                        wake = wake.min(until);
                        break None;
                    }
                    Poll::Done(code) => break Some(code),
                }
            };
            for chunk in kubectl.take_output() {
                let (out, err) = if chunk.fd == 1 { (chunk.bytes, Vec::new()) } else { (Vec::new(), chunk.bytes) };
                terminal.process.reply(call_id, shell::Reply::Output { out, err });
            }
            match ended {
                Some(code) => {
                    self.close_streams(id, call_id, None);
                    terminal.process.reply(call_id, shell::Reply::Exit(code));
                }
                None => {
                    terminal.running.insert(call_id, Program::Running(kubectl));
                }
            }
        }
        wake
    }
    pub(crate) fn close_streams(&mut self, terminal: u32, program: CallId, call: Option<u64>) {
        for kind in self.streams.close(terminal, program, call) {
            if let Kind::Exec { node, container, number } = kind {
                if let Some(found) = self.nodes.get_mut(&node).and_then(|n| n.runtime.containers.get_mut(&container)) {
                    found.execs.remove(&number);
                }
                self.touch(&node);
            }
        }
    }
    /// What a shell's call needs: a program, its input, a signal, or the network.
    fn terminal_call(&mut self, id: u32, terminal: &mut Terminal, call_id: CallId, call: Call) {
        match call {
            Call::Program(program) => {
                let argv: Vec<Text> = program.argv.iter().skip(1).cloned().collect();
                // Files and input that were given to the whole command line count as piped.
                let piped = program.piped_input || !terminal.interactive;
                let started = if piped && reads_input(&argv) {
                    terminal.process.reply(call_id, shell::Reply::WantInput);
                    Program::Collecting { argv, vars: program.env, input: Vec::new(), tty: program.tty }
                } else {
                    let env = Env { vars: program.env, ..terminal.env(program.tty, None, self.now) };
                    Program::Running(Box::new(Kubectl::start(&argv, env)))
                };
                terminal.running.insert(call_id, started);
            }
            Call::Input { to, bytes, end } => {
                let Some(Program::Collecting { argv, vars, input, tty }) = terminal.running.get_mut(&to) else { return };
                input.extend(bytes);
                if end {
                    let stdin = Text::from(String::from_utf8_lossy(input).as_ref());
                    let (argv, vars, tty) = (std::mem::take(argv), std::mem::take(vars), *tty);
                    let kubectl = Kubectl::start(&argv, Env { vars, ..terminal.env(tty, Some(stdin), self.now) });
                    terminal.running.insert(to, Program::Running(Box::new(kubectl)));
                }
            }
            Call::Signal { to, .. } => {
                if let Some(Program::Running(kubectl)) = terminal.running.get_mut(&to) {
                    kubectl.interrupt();
                } else if terminal.running.remove(&to).is_some() {
                    terminal.process.reply(to, shell::Reply::Exit(130));
                }
            }
            Call::Kill { .. } => {}
            Call::Cancel(to) => {
                terminal.running.remove(&to);
                self.close_streams(id, to, None);
            }
            Call::Http(_) | Call::Connect { .. } | Call::Query(_) | Call::Ping { .. } => {
                let caller = Caller {
                    place: terminal.place.clone(),
                    resolv_conf: format!("nameserver {UPSTREAM}\n"),
                    hosts: "127.0.0.1 localhost\n".into(),
                    library: Library::Glibc,
                };
                if let Some((reply, wait)) = self.carry_out(&caller, call) {
                    self.counter += 1;
                    self.later.insert((self.now + wait, self.counter), (id, call_id, reply));
                }
            }
        }
    }
    /// Gives terminals the answers whose time has come.
    pub(crate) fn deliver(&mut self) {
        while let Some(entry) = self.later.first_entry().filter(|e| e.key().0 <= self.now) {
            let (terminal, call, reply) = entry.remove();
            if let Some(found) = self.terminals.get_mut(&terminal) {
                found.process.reply(call, reply);
                self.agenda.set(Source::Terminal(terminal), Some(self.now));
            }
        }
    }
    /// Moves followed logs on and wakes the terminals for which something waits.
    pub(crate) fn feed_terminals(&mut self) {
        for (_, stream) in self.streams.iter_mut() {
            if let Kind::Attach { node, container, next } = &mut stream.kind {
                let Some(found) = self.nodes.get(node).and_then(|n| n.runtime.containers.get(container)) else {
                    stream.queue.push_back(Answer::Closed);
                    stream.kind = Kind::Ended;
                    continue;
                };
                stream
                    .queue
                    .extend(found.log.pieces_since(*next).map(|(fd, bytes)| Answer::Data { fd: *fd, bytes: bytes.clone() }));
                *next = found.log.pieces_end();
                if let State::Exited(exit) = &found.state {
                    stream.queue.push_back(Answer::Exit(exit.code));
                    stream.kind = Kind::Ended;
                }
                continue;
            }
            let Kind::Log { node, container, next, timestamps } = &mut stream.kind else { continue };
            let found = self.nodes.get(node).and_then(|n| n.runtime.containers.get(container));
            let Some(found) = found else {
                stream.queue.push_back(Answer::Closed);
                stream.kind = Kind::Ended;
                continue;
            };
            if found.log.end() > *next {
                let text: String = found.log.since(*next).map(|line| crate::connect::format_line(line, *timestamps)).collect();
                *next = found.log.end();
                stream.queue.push_back(Answer::Data { fd: 1, bytes: text.into_bytes() });
            }
            if !found.is_running() {
                stream.queue.push_back(Answer::Closed);
                stream.kind = Kind::Ended;
            }
        }
        let waiting: Vec<u32> = self.streams.waiting().filter(|t| *t != WIRE).collect();
        for terminal in waiting {
            self.agenda.set(Source::Terminal(terminal), Some(self.now));
        }
    }
    /// Carries out what kubectl asks; `None` if the answer comes by a stream, or never.
    fn ask(&mut self, owner: Owner, terminal: &mut Terminal, ask: Ask) -> Option<Answer> {
        match ask {
            Ask::Request(request) => Some(match self.request(&request, Origin::Input(self.input)) {
                Answered::Reply(reply) => Answer::Reply(reply),
                Answered::Watch(_) | Answered::Connect(_) => {
                    Answer::Reply(api::Status::bad_request("this request is a stream").into())
                }
            }),
            Ask::Watch(request) => match self.request(&request, Origin::Input(self.input)) {
                Answered::Watch(plan) => {
                    self.open_watch(owner, plan);
                    None
                }
                Answered::Reply(reply) => Some(reply.failure().map_or(Answer::Closed, Answer::Failed)),
                Answered::Connect(_) => Some(Answer::Closed),
            },
            Ask::Connect(request) => match self.request(&request, Origin::Input(self.input)) {
                Answered::Connect(connect) => {
                    if let Err(status) = self.connect_stream(owner, &connect) {
                        self.streams.refuse(owner, status);
                    }
                    None
                }
                Answered::Reply(reply) => Some(reply.failure().map_or(Answer::Closed, Answer::Failed)),
                Answered::Watch(_) => Some(Answer::Closed),
            },
            Ask::Send { stream, data } => {
                self.send_input((owner.terminal, owner.program, stream), data.as_ref());
                None
            }
            Ask::Close { stream } => {
                self.close_streams(owner.terminal, owner.program, Some(stream));
                None
            }
            Ask::ReadFile(path) => Some(Answer::File(terminal.read(&path))),
            Ask::ListDir(path) => Some(Answer::Folder(terminal.list(&path))),
            Ask::WriteFile { path, text } => Some(Answer::Written(terminal.write(&path, &text, self.now))),
            Ask::Editor(_) => Some(Answer::Edited(None)),
            Ask::Config(config) => {
                terminal.kubeconfig = config;
                None
            }
        }
    }
    fn open_watch(&mut self, owner: Owner, plan: Box<apiserver::WatchPlan>) {
        let initial = plan.initial.clone();
        let from = plan.from;
        let missed: Vec<_> = match self.control.store().since(from) {
            Ok(commits) => commits.filter_map(|c| plan.event(c)).collect(),
            Err(gone) => vec![plan.gone(gone.oldest)],
        };
        let number = self.streams.open(owner, Kind::Watch(plan));
        for event in initial.into_iter().chain(missed) {
            self.streams.event(number, event);
        }
    }
    pub(crate) fn send_input(&mut self, (terminal, program, call): (u32, CallId, u64), data: Option<&Text>) {
        let (node, container, which) = match self.streams.find(terminal, program, call).map(|s| s.kind.clone()) {
            Some(Kind::Exec { node, container, number }) => (node, container, Which::Exec(number)),
            Some(Kind::Attach { node, container, .. }) => (node, container, Which::Main),
            _ => return,
        };
        let now = self.now;
        let Some(found) = self.nodes.get_mut(&node) else { return };
        if let Some(running) = found.runtime.running(&container, which) {
            match data {
                Some(text) if text == "\u{3}" => running.process.interrupt(),
                Some(text) => running.process.stdin(text.as_bytes()),
                None => running.process.close_stdin(),
            }
            running.wake = now;
            found.runtime.wake_at(&container, now);
        }
        self.touch(&node);
    }
}

impl Terminal {
    fn collect(&mut self) {
        for (fd, bytes) in [(1, self.process.take_stdout()), (2, self.process.take_stderr())] {
            if !bytes.is_empty() {
                self.output.push(Chunk { fd, bytes });
            }
        }
    }
    fn read(&mut self, path: &str) -> Result<Vec<u8>, FileError> {
        let path = self.path(path);
        let machine = Machine::new("client");
        let files = Files::new(&mut self.root, &[], &mut []);
        if files.is_dir(&path) {
            return Err(FileError::IsFolder);
        }
        let data = files.read(&path, machine.owner()).map_err(|_| FileError::Missing)?;
        Ok(data.bytes().to_vec())
    }
    /// A text as the program in `KUBE_EDITOR` or `EDITOR` leaves it; there is no screen to edit on without one.
    fn edited(&mut self, env: &Env, text: &str, now: Time) -> Answer {
        let Some(command) = ["KUBE_EDITOR", "EDITOR"].map(|name| env.variable(name)).into_iter().find(|c| !c.is_empty()) else {
            return Answer::Edited(None);
        };
        let path = format!("/tmp/kubectl-edit-{}.yaml", now.as_micros());
        self.root.put_file(&path, text.as_bytes().to_vec());
        let argv = ["bash", "-c", &format!("{command} {path}")].map(Text::from).to_vec();
        let cwd = self.process.cwd().unwrap_or_else(|| text!("/root"));
        let machine = Arc::new(Machine::new("client"));
        let start = Start { argv, env: env.vars.clone(), cwd, machine, pid: 200, tty: false, now };
        let mut budget = BUDGET;
        let ended = Process::start(start, &Files::new(&mut self.root, &[], &mut []))
            .map(|mut editor| editor.run(&mut Files::new(&mut self.root, &[], &mut []), now, &mut budget));
        if !matches!(ended, Ok(Turn::Exited(0))) {
            let words = format!("there was a problem with the editor {:?}", command.as_str());
            return Answer::Failed(Status::new(500, "", words));
        }
        Answer::Edited(self.read(&path).ok().map(|bytes| String::from_utf8_lossy(&bytes).as_ref().into()))
    }
    fn list(&mut self, path: &str) -> Result<Vec<FolderEntry>, FileError> {
        let path = self.path(path);
        let files = Files::new(&mut self.root, &[], &mut []);
        let entries = files.list(&path).map_err(|_| FileError::Missing)?;
        let is_folder = |stat: &shell::Stat| stat.kind == shell::Kind::Dir;
        Ok(entries.into_iter().map(|(name, stat)| FolderEntry { is_folder: is_folder(&stat), name }).collect())
    }
    fn write(&mut self, path: &str, text: &str, now: Time) -> Result<(), FileError> {
        let path = self.path(path);
        let machine = Machine::new("client");
        let mut files = Files::new(&mut self.root, &[], &mut []);
        files.write(&path, text.as_bytes(), machine.owner(), now).map_err(|_| FileError::Denied)
    }
}
