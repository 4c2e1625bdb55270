//! Inputs: everything that comes into a world from people. A world and its inputs with their times are its whole history.

use crate::agenda::Source;
use crate::network::{NodeAt, Place};
use crate::terminal::{Terminal, client_files};
use crate::world::World;
use base::Text;

/// One thing that a person did.
#[derive(Clone, PartialEq, Debug)]
pub enum Input {
    /// Opens an interactive shell. Terminals are numbered from 1 in the order of these inputs and [`Input::Run`]s.
    Open {
        place: Place,
    },
    /// Runs one command line in a shell of its own, with these files in its home.
    Run {
        place: Place,
        line: Text,
        stdin: Option<Text>,
        files: Vec<(Text, Text)>,
        namespace: Text,
    },
    /// Types into a terminal.
    Type {
        terminal: u32,
        text: Text,
    },
    /// Ctrl-D.
    EndInput {
        terminal: u32,
    },
    /// Ctrl-C.
    Interrupt {
        terminal: u32,
    },
    /// Puts a file into a terminal's machine.
    File {
        terminal: u32,
        path: Text,
        text: Text,
    },
    Close {
        terminal: u32,
    },
    Fault(Fault),
}

/// Something that breaks, or is repaired.
#[derive(Clone, PartialEq, Debug)]
pub enum Fault {
    /// The machine loses its power.
    NodeDown(Text),
    NodeUp(Text),
    /// The first process of a pod's container gets a signal that it cannot catch.
    KillContainer {
        namespace: Text,
        pod: Text,
        container: Text,
    },
}

impl World {
    /// Carries an input out now. For those that open a terminal, answers its number.
    pub fn input(&mut self, input: &Input) -> Option<u32> {
        self.input += 1;
        let opened = match input {
            Input::Open { place } => self.open(place.clone(), Vec::new()),
            Input::Run { place, line, stdin, files, namespace } => {
                let argv = ["bash", "-c", line.as_str()].map(Text::from).to_vec();
                self.open(place.clone(), argv).inspect(|id| self.prepare(*id, stdin.as_ref(), (files, namespace)))
            }
            Input::Type { terminal, text } => self.with(*terminal, |t| t.input(text)),
            Input::EndInput { terminal } => self.with(*terminal, Terminal::end_input),
            Input::Interrupt { terminal } => self.with(*terminal, Terminal::interrupt),
            Input::File { terminal, path, text } => self.with(*terminal, |t| t.root.put_file(path, text.as_bytes().to_vec())),
            Input::Close { terminal } => {
                self.terminals.remove(terminal);
                self.streams.close_terminal(*terminal);
                self.agenda.set(Source::Terminal(*terminal), None);
                None
            }
            Input::Fault(fault) => {
                self.fault(fault);
                None
            }
        };
        self.settle();
        opened
    }
    fn open(&mut self, place: Place, argv: Vec<Text>) -> Option<u32> {
        self.terminal_count += 1;
        let id = self.terminal_count;
        let seed = self.dice.next_u64();
        let terminal = Terminal::new(place, argv, client_files(), (seed, self.now))?;
        self.terminals.insert(id, terminal);
        self.agenda.set(Source::Terminal(id), Some(self.now));
        Some(id)
    }
    fn prepare(&mut self, id: u32, stdin: Option<&Text>, (files, namespace): (&[(Text, Text)], &Text)) {
        let Some(terminal) = self.terminals.get_mut(&id) else { return };
        for (path, text) in files {
            let path = if path.starts_with('/') { path.to_string() } else { format!("/root/{path}") };
            terminal.root.put_file(&path, text.as_bytes().to_vec());
        }
        if !namespace.is_empty() {
            terminal.set_namespace(namespace);
        }
        if let Some(text) = stdin {
            terminal.process.stdin(text.as_bytes());
        }
        terminal.process.close_stdin();
    }
    fn with(&mut self, id: u32, change: impl FnOnce(&mut Terminal)) -> Option<u32> {
        change(self.terminals.get_mut(&id)?);
        self.agenda.set(Source::Terminal(id), Some(self.now));
        Some(id)
    }
    /// A terminal by its number.
    pub fn terminal(&self, id: u32) -> Option<&Terminal> {
        self.terminals.get(&id)
    }
    /// What a terminal printed since the last time.
    pub fn take_output(&mut self, id: u32) -> Vec<kubectl::Chunk> {
        self.terminals.get_mut(&id).map(|t| std::mem::take(&mut t.output)).unwrap_or_default()
    }
    fn fault(&mut self, fault: &Fault) {
        match fault {
            Fault::NodeDown(name) => self.power(name, false),
            Fault::NodeUp(name) => self.power(name, true),
            Fault::KillContainer { namespace, pod, container } => {
                for node in self.nodes.values_mut() {
                    if node.runtime.kill(self.now, (namespace, pod, container)) {
                        self.agenda.set(Source::Node(node.name().clone()), Some(self.now));
                    }
                }
            }
        }
    }
    fn power(&mut self, name: &Text, on: bool) {
        let now = self.now;
        let dice = self.dice.fork(&format!("boot-{}", now.as_micros()));
        let Some(node) = self.nodes.get_mut(name) else { return };
        if node.up == on {
            return;
        }
        if on {
            node.power_on(&dice, now);
        } else {
            node.power_off();
        }
        if let Some(NodeAt { up, .. }) = self.network.nodes.get_mut(name) {
            *up = on;
        }
        if !on {
            self.network.pods.retain(|_, pod| pod.node != *name);
        }
        if on {
            self.relist(name);
        }
        self.agenda.set(Source::Node(name.clone()), if on { Some(now) } else { None });
    }
}
