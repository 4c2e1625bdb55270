//! The life inside containers: making, starting and running their processes, volumes, exec.

use crate::container::{self, Container, Exec, Log, Main, Purpose, Running, State};
use crate::image::{Reference, System};
use crate::runtime::{Outgoing, Place, PodVolumes, Runtime, Which};
use crate::server::Server;
use base::{Duration, Text, Time, text};
use kubelet::Input;
use kubelet::runtime::{Acted, ContainerConfig, Created, FileBytes, MountSource, Reply, Volume, VolumeSource};
use shell::{Call, CallId, Files, Machine, Mount, Process, Start, StartError, Tree, Turn};
use std::collections::BTreeMap;
use std::sync::Arc;

/// Steps that a process may take before others have their turn.
const BUDGET: u32 = 20_000;
/// A process that used up its steps goes on after this time.
const SLICE: Duration = Duration::from_millis(5);
/// The output of a probe is cut to this.
const PROBE_OUTPUT: usize = 10_240;
/// The place of the node's own files among the trees of a pod.
const HOST: u32 = 0;
const PATH: &str = "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin";

impl Runtime {
    pub(crate) fn create(&mut self, config: Arc<ContainerConfig>, now: Time) -> Result<Created, Text> {
        let Some(sandbox) = self.sandboxes.get(&config.sandbox) else { return Err(text!("sandbox not found")) };
        let hostname = sandbox.config.hostname.clone();
        let resolv_conf = sandbox.config.dns.file();
        let spec = Reference::parse(&config.image).and_then(|r| r.spec());
        let mut root = self.image_files(spec);
        root.put_file("/etc/resolv.conf", resolv_conf.into_bytes());
        root.put_file("/etc/hostname", format!("{hostname}\n").into_bytes());
        let uid = config.security.uid.unwrap_or(spec.map_or(0, |s| s.uid));
        let gid = config.security.gid.unwrap_or(0);
        let machine = Machine {
            uid: uid as u32,
            gid: gid as u32,
            groups: config.security.groups.iter().map(|g| *g as u32).collect(),
            programs: container::programs(spec),
            missing: container::missing_tools(spec),
            bash: spec.is_some_and(|s| s.system == System::Debian || s.network_tools && s.system == System::Alpine),
            seed: self.dice.next_u64(),
            ..Machine::new(&hostname)
        };
        let env = environment(spec.map_or(&[], |s| s.env), &config.env, &hostname, uid);
        let mounts = self.mounts(&config, &mut root, now)?;
        let id: Text = (0..4).map(|_| format!("{:016x}", self.dice.next_u64())).collect::<String>().into();
        let created = Created {
            id: id.clone(),
            uid,
            gid,
            groups: std::iter::once(gid).chain(config.security.groups.iter().copied()).collect(),
        };
        let argv = container::command_line(spec, &config);
        let container = Container {
            spec,
            argv,
            env: Arc::new(env),
            machine: Arc::new(machine),
            root,
            mounts,
            state: State::Created,
            main: Main::Nothing,
            execs: BTreeMap::new(),
            log: Log::default(),
            stopping: false,
            config,
        };
        self.containers.insert(id, container.into());
        Ok(created)
    }

    /// Lays the pod's volumes and single files into the container's view.
    fn mounts(&mut self, config: &ContainerConfig, root: &mut Tree, now: Time) -> Result<Vec<Mount>, Text> {
        let volumes = self.volumes.entry(config.pod.uid.clone()).or_default();
        let mut mounts = Vec::new();
        for mount in &config.mounts {
            match &mount.source {
                MountSource::File(contents) => root.put_file(&mount.path, contents.as_bytes().to_vec()),
                MountSource::Volume(name) => {
                    let Some(place) = volumes.places.get(name).cloned() else {
                        return Err(format!("volume \"{name}\" is not there").into());
                    };
                    let made = match place {
                        Place::Host(path) => Mount::new(&mount.path, HOST).sub_path(&format!("{path}/{}", mount.sub_path)),
                        Place::Tree(tree) => volumes.mount(tree, mount, now),
                    };
                    mounts.push(made.read_only(mount.read_only));
                }
            }
        }
        Ok(mounts)
    }

    pub(crate) fn set_volumes(&mut self, uid: &Text, volumes: &[Volume], now: Time) -> Result<(), (Text, Text)> {
        let have = self.volumes.entry(uid.clone()).or_default();
        for volume in volumes {
            let known = have.places.get(&volume.name).cloned();
            match (&volume.source, known) {
                (VolumeSource::HostPath { path, kind }, _) => {
                    let exists = self.host.node(path.split('/').filter(|n| !n.is_empty())).is_some();
                    if !exists && matches!(kind.as_str(), "Directory" | "File" | "Socket" | "CharDevice" | "BlockDevice") {
                        let what = if kind == "Directory" { "directory" } else { "file" };
                        return Err((volume.name.clone(), format!("hostPath type check failed: {path} is not a {what}").into()));
                    }
                    if !exists && kind != "FileOrCreate" {
                        self.host.put_dir(path, 0o755);
                    } else if !exists {
                        self.host.put_file(path, "");
                    }
                    have.places.insert(volume.name.clone(), Place::Host(path.clone()));
                }
                (VolumeSource::EmptyDir { .. }, Some(_)) => {}
                (VolumeSource::EmptyDir { .. }, None) => {
                    let mut tree = Tree::new();
                    tree.put_dir("/", 0o777);
                    have.add(&volume.name, tree);
                }
                (VolumeSource::Files { files, .. }, known) => {
                    let tree = files_tree(files, now);
                    match known {
                        Some(Place::Tree(at)) => have.trees[at as usize] = tree,
                        Some(Place::Host(_)) | None => have.add(&volume.name, tree),
                    }
                }
            }
        }
        Ok(())
    }

    /// Starts the first process. The text of a failure is the runtime's own.
    pub(crate) fn start(&mut self, id: &Text, now: Time) -> Result<(), Text> {
        let ip = self.ip_of(id);
        let Some(container) = self.containers.get_mut(id) else { return Err(text!("container not found")) };
        let direct = Server::of(&container.argv, &container.env).filter(|_| container.has_server());
        let unknown = container.spec.is_none();
        if let Some(server) = direct {
            container.serve(server, now, &ip);
            return Ok(());
        }
        if container.argv.is_empty() {
            let server = Server::unknown(&container.config.image, &container.config.ports);
            container.serve(server, now, &ip);
            return Ok(());
        }
        let start = container.process(container.argv.clone(), 1, (container.config.tty, now));
        let started = self.with_files(id, |files| Process::start(start, files));
        let Some(container) = self.containers.get_mut(id) else { return Err(text!("container not found")) };
        match started {
            Ok(mut process) => {
                if !container.config.stdin {
                    process.close_stdin();
                }
                container.main = Main::Process(Box::new(Running { process, servers: BTreeMap::new(), wake: now }));
                container.state = State::Running { since: now };
                self.wake_at(id, now);
                Ok(())
            }
            Err(StartError::NotInPath | StartError::NoEntry) if unknown => {
                let server = Server::unknown(&container.config.image, &container.config.ports);
                container.serve(server, now, &ip);
                Ok(())
            }
            Err(why) => {
                let program = container.argv.first().cloned().unwrap_or_default();
                Err(format!("failed to create containerd task: failed to create shim task: OCI runtime create failed: runc create failed: unable to start container process: error during container init: {}", start_error(why, &program)).into())
            }
        }
    }

    /// Runs a program in a running container; the error is the runtime's text.
    pub fn exec(&mut self, id: &Text, argv: Vec<Text>, purpose: Purpose, (tty, now): (bool, Time)) -> Result<u32, Text> {
        let Some(container) = self.containers.get(id).filter(|c| c.is_running()) else {
            return Err(text!("container is not running"));
        };
        let number = self.next_exec;
        self.next_exec += 1;
        let program = argv.first().cloned().unwrap_or_default();
        let scratch = container.spec.is_some_and(|s| s.system == System::Scratch);
        let start = container.process(argv, 1000 + number, (tty, now));
        let started =
            if scratch { Err(StartError::NotInPath) } else { self.with_files(id, |files| Process::start(start, files)) };
        let mut process = started.map_err(|why| {
            Text::from(format!(
                "failed to exec in container: failed to start exec: OCI runtime exec failed: exec failed: unable to start container process: {}",
                start_error(why, &program)
            ))
        })?;
        if matches!(purpose, Purpose::Act(_)) {
            process.close_stdin();
        }
        let running = Running { process, servers: BTreeMap::new(), wake: now };
        if let Some(container) = self.containers.get_mut(id) {
            container.execs.insert(number, Exec { running, purpose, output: Vec::new() });
        }
        self.wake_at(id, now);
        Ok(number)
    }

    /// Lends the files of a container for a while.
    pub(crate) fn with_files<T>(&mut self, id: &Text, work: impl FnOnce(&mut Files<'_>) -> T) -> T {
        let mut nothing = Tree::new();
        let Some(container) = self.containers.get_mut(id) else {
            return work(&mut Files::new(&mut nothing, &[], &mut []));
        };
        let container: &mut Container = container;
        let uid = container.config.pod.uid.clone();
        let mut trees = self.volumes.get_mut(&uid).map(|v| std::mem::take(&mut v.trees)).unwrap_or_default();
        if let Some(slot) = trees.first_mut() {
            std::mem::swap(slot, &mut self.host);
        }
        let mut files = Files::new(&mut container.root, &container.mounts, &mut trees);
        files.root_read_only = container.config.security.read_only_root;
        let result = work(&mut files);
        if let Some(slot) = trees.first_mut() {
            std::mem::swap(slot, &mut self.host);
        }
        if let Some(volumes) = self.volumes.get_mut(&uid) {
            volumes.trees = trees;
        }
        result
    }
    /// Shows the files of a container: what is written is forgotten.
    pub(crate) fn look_at_files<T>(&self, id: &Text, look: impl FnOnce(&Files<'_>) -> T) -> Option<T> {
        let container = self.containers.get(id)?;
        let mut trees = self.volumes.get(&container.config.pod.uid).map(|v| v.trees.clone()).unwrap_or_default();
        if let Some(slot) = trees.first_mut() {
            slot.clone_from(&self.host);
        }
        let mut root = container.root.clone();
        Some(look(&Files::new(&mut root, &container.mounts, &mut trees)))
    }
    /// Reads a file as a process of the container would.
    pub fn read_file(&self, id: &Text, path: &str) -> Option<Vec<u8>> {
        let machine = &self.containers.get(id)?.machine;
        self.look_at_files(id, |files| files.read(path, machine.owner()).ok().map(|data| data.bytes().to_vec()))?
    }

    /// Lets the processes of a container run whose time has come.
    pub(crate) fn run_container(&mut self, id: &Text, now: Time, news: &mut Vec<Input>) {
        let due = |running: &Running| running.wake <= now;
        let Some(container) = self.containers.get(id).filter(|c| c.is_running()) else { return };
        let mut turns: Vec<Which> =
            container.execs.iter().filter(|(_, e)| due(&e.running)).map(|(n, _)| Which::Exec(*n)).collect();
        if matches!(&container.main, Main::Process(running) if due(running)) {
            turns.insert(0, Which::Main);
        }
        for which in turns {
            match which {
                Which::Main => self.run_main(id, now, news),
                Which::Exec(number) => self.run_exec(id, number, now, news),
            }
        }
        if let Some(at) = self.containers.get(id).filter(|c| c.is_running()).and_then(|c| c.next_wake()) {
            self.wake_at(id, at.max(now));
        }
    }
    fn run_main(&mut self, id: &Text, now: Time, news: &mut Vec<Input>) {
        let Some(container) = self.containers.get_mut(id) else { return };
        let Main::Process(mut running) = std::mem::replace(&mut container.main, Main::Nothing) else { return };
        let turn = self.turn(id, &mut running, now);
        let (out, err) = (running.process.take_stdout(), running.process.take_stderr());
        self.calls(id, Which::Main, &mut running, now);
        let Some(container) = self.containers.get_mut(id) else { return };
        container.log.write(false, &out, now);
        container.log.write(true, &err, now);
        container.main = Main::Process(running);
        if let Turn::Exited(code) = turn {
            self.leave(id, code, now, news);
        }
    }
    fn run_exec(&mut self, id: &Text, number: u32, now: Time, news: &mut Vec<Input>) {
        let Some(container) = self.containers.get_mut(id) else { return };
        let Some(mut exec) = container.execs.remove(&number) else { return };
        let turn = self.turn(id, &mut exec.running, now);
        let (out, err) = (exec.running.process.take_stdout(), exec.running.process.take_stderr());
        let main = exec.running.process.take_main_output();
        self.calls(id, Which::Exec(number), &mut exec.running, now);
        if let Some(container) = self.containers.get_mut(id) {
            container.log.write(false, &main.0, now);
            container.log.write(true, &main.1, now);
        }
        match exec.purpose {
            Purpose::Stream(stream) => {
                for (fd, bytes) in [(1, out), (2, err)] {
                    if !bytes.is_empty() {
                        self.outbox.push(Outgoing::Data { stream, fd, bytes });
                    }
                }
            }
            Purpose::Act(_) => {
                exec.output.extend(out.into_iter().chain(err));
                exec.output.truncate(PROBE_OUTPUT);
            }
        }
        match (turn, exec.purpose) {
            (Turn::Exited(code), Purpose::Stream(stream)) => self.outbox.push(Outgoing::Exit { stream, code }),
            (Turn::Exited(code), Purpose::Act(act)) => {
                if self.acts.remove(&act).is_some() {
                    let output = String::from_utf8_lossy(&exec.output).as_ref().into();
                    news.push(Input::Runtime { id: act, reply: Reply::Acted(Acted::Exited { code, output }) });
                }
            }
            (Turn::Waiting { .. } | Turn::Ready, _) => {
                if let Some(container) = self.containers.get_mut(id) {
                    container.execs.insert(number, exec);
                }
            }
        }
    }
    /// One turn of a process; afterwards `wake` says when it wants the next.
    fn turn(&mut self, id: &Text, running: &mut Running, now: Time) -> Turn {
        let mut budget = BUDGET;
        let turn = self.with_files(id, |files| running.process.run(files, now, &mut budget));
        running.wake = match turn {
            Turn::Exited(_) => Time::NEVER,
            Turn::Waiting { until, .. } => until,
            Turn::Ready => now + SLICE,
        };
        turn
    }
    /// Passes the calls of a process on; servers of the image run right here.
    fn calls(&mut self, id: &Text, which: Which, running: &mut Running, now: Time) {
        for (call_id, call) in running.process.take_calls() {
            match call {
                Call::Program(program) => self.program(id, (running, call_id), &program, now),
                Call::Signal { to, signal } => {
                    if let Some(server) = running.servers.remove(&to) {
                        running.process.reply(to, shell::Reply::Exit(server.exit_code(signal)));
                        running.wake = now;
                    }
                }
                Call::Cancel(to) => {
                    running.servers.remove(&to);
                }
                Call::Kill { pid: 1, signal } => self.kill_main(id, signal, now),
                Call::Input { .. } | Call::Kill { .. } => {}
                Call::Http(_) | Call::Connect { .. } | Call::Query(_) | Call::Ping { .. } => {
                    self.outbox.push(Outgoing::Call { container: id.clone(), which, id: call_id, call });
                }
            }
        }
    }
    fn program(&mut self, id: &Text, (running, call): (&mut Running, CallId), program: &shell::Program, now: Time) {
        let ip = self.ip_of(id);
        match Server::of(&program.argv, &program.env) {
            Some(server) => {
                if let Some(container) = self.containers.get_mut(id) {
                    for (stderr, line) in server.greeting(now, &ip) {
                        container.log.line(stderr, &line, now);
                    }
                }
                running.servers.insert(call, server);
            }
            None => {
                let name = program.argv.first().cloned().unwrap_or_default();
                let err = format!("{name}: these arguments are not supported by the simulated program\n").into_bytes();
                running.process.reply(call, shell::Reply::Output { out: Vec::new(), err });
                running.process.reply(call, shell::Reply::Exit(2));
                running.wake = now;
            }
        }
    }
    /// `kill 1` from an exec: the first process gets the signal.
    fn kill_main(&mut self, id: &Text, signal: shell::Signal, now: Time) {
        let Some(container) = self.containers.get_mut(id) else { return };
        match &mut container.main {
            Main::Process(running) => {
                running.process.signal(signal);
                running.wake = now;
                self.wake_at(id, now);
            }
            Main::Server(server) if signal != shell::Signal::Kill => {
                let code = server.exit_code(signal);
                self.after(now, Duration::from_millis(10), crate::runtime::Event::Leave { container: id.clone(), code });
            }
            Main::Server(_) | Main::Nothing => {}
        }
    }
    pub(crate) fn ip_of(&self, id: &Text) -> String {
        let sandbox = self.containers.get(id).and_then(|c| self.sandboxes.get(&c.config.sandbox));
        sandbox.and_then(|s| s.ip).map(|ip| ip.to_string()).unwrap_or_default()
    }
    pub(crate) fn termination_message(&mut self, id: &Text, code: i32) -> Text {
        let Some(config) = self.containers.get(id).map(|c| c.config.clone()) else { return Text::new() };
        let path =
            if config.termination_message_path.is_empty() { "/dev/termination-log" } else { &config.termination_message_path };
        let file = self
            .containers
            .get(id)
            .and_then(|c| c.root.read(path))
            .map(|b| String::from_utf8_lossy(b).into_owned())
            .unwrap_or_default();
        if !file.is_empty() || code == 0 || !config.termination_message_from_logs {
            return file.chars().take(4096).collect::<String>().into();
        }
        let lines: Vec<String> = self
            .containers
            .get(id)
            .map(|c| c.log.lines().rev().take(80).map(|l| l.text.to_string() + "\n").collect())
            .unwrap_or_default();
        let text: String = lines.into_iter().rev().collect();
        let from = text.len().saturating_sub(2048);
        text.get(from..).unwrap_or(&text).into()
    }
}

impl PodVolumes {
    fn add(&mut self, name: &Text, tree: Tree) {
        let at = self.trees.len() as u32;
        self.trees.push(tree);
        self.places.insert(name.clone(), Place::Tree(at));
    }
    fn mount(&mut self, tree: u32, mount: &kubelet::runtime::Mount, _now: Time) -> Mount {
        if mount.sub_path.is_empty() {
            return Mount::new(&mount.path, tree);
        }
        // A single file keeps what it held when the container started.
        let data = format!("..data/{}", mount.sub_path);
        let resolved =
            self.trees[tree as usize].read(&data).or_else(|| self.trees[tree as usize].read(&mount.sub_path)).map(<[u8]>::to_vec);
        if let Some(bytes) = resolved {
            let at = self.trees.len() as u32;
            self.trees.push(Tree::of_file(bytes));
            return Mount::new(&mount.path, at);
        }
        Mount::new(&mount.path, tree).sub_path(&mount.sub_path)
    }
}

impl Container {
    /// Whether the program that it starts may be one of the table's servers.
    fn has_server(&self) -> bool {
        let program = self.argv.first().map_or("", |a| a.as_str());
        self.machine.programs.iter().any(|p| p == program)
            || self.spec.is_some_and(|s| {
                s.system == System::Scratch || s.entrypoint.first() == Some(&program) || s.command.first() == Some(&program)
            })
    }
    fn serve(&mut self, server: Server, now: Time, ip: &str) {
        for (stderr, line) in server.greeting(now, ip) {
            self.log.line(stderr, &line, now);
        }
        self.main = Main::Server(server);
        self.state = State::Running { since: now };
    }
    fn process(&self, argv: Vec<Text>, pid: u32, (tty, now): (bool, Time)) -> Start {
        let own = self.spec.map_or("/", |s| s.working_dir);
        let cwd = if self.config.working_dir.is_empty() { own } else { &self.config.working_dir };
        Start { argv, env: self.env.to_vec(), cwd: cwd.into(), machine: self.machine.clone(), pid, tty, now }
    }
}

fn environment(own: &[(&str, &str)], more: &[(Text, Text)], hostname: &Text, uid: i64) -> Vec<(Text, Text)> {
    let home = if uid == 0 { "/root" } else { "/" };
    let base = [("PATH", PATH), ("HOSTNAME", hostname.as_str()), ("HOME", home)];
    let mut env: Vec<(Text, Text)> = Vec::new();
    let all = base.iter().chain(own).map(|(k, v)| (Text::from(*k), Text::from(*v))).chain(more.iter().cloned());
    for (key, value) in all {
        match env.iter_mut().find(|(have, _)| *have == key) {
            Some(place) => place.1 = value,
            None => env.push((key, value)),
        }
    }
    env
}

/// `KEY -> ..data/KEY`, `..data -> ..TIME`.
fn files_tree(files: &[kubelet::runtime::VolumeFile], now: Time) -> Tree {
    let (y, mo, d, h, mi, s) = now.civil();
    let stamp = format!("..{y}_{mo:02}_{d:02}_{h:02}_{mi:02}_{s:02}.{:09}", now.as_micros().rem_euclid(1_000_000) * 1000);
    let mut tree = Tree::new();
    tree.put_dir(&stamp, 0o755);
    tree.put_link("..data", &stamp);
    for file in files {
        let path = format!("{stamp}/{}", file.path);
        let meta = shell::Meta { mode: file.mode as u16, ..shell::Meta::file() };
        let node = match &file.contents {
            FileBytes::Text(text) => shell::Node::file(text.as_bytes().to_vec(), meta),
            FileBytes::Bytes(bytes) => shell::Node::file(bytes.to_vec(), meta),
        };
        tree.put(&path, node);
        let top = file.path.split('/').next().unwrap_or("");
        tree.put_link(top, &format!("..data/{top}"));
    }
    tree
}

fn start_error(why: StartError, program: &str) -> String {
    match why {
        StartError::NotInPath => format!("exec: \"{program}\": executable file not found in $PATH"),
        StartError::NoEntry => format!("exec: \"{program}\": stat {program}: no such file or directory"),
        StartError::IsDirectory => format!("exec: \"{program}\": is a directory"),
        StartError::NotExecutable => format!("exec: \"{program}\": permission denied"),
    }
}
