//! `Tool`: a program other than the shell, as a small machine; and how a name becomes a program.
//! Tools that never wait are plain functions and run inside the shell's own step.

use crate::call::{CallId, Signal};
use crate::command::add_task;
use crate::files::{Files, Kind, join};
use crate::kernel::{Core, Fd, Io};
use crate::process::{Machine, Program, Start, StartError};
use crate::shell::{Input, Shell, Var};
use crate::tree::Errno;
use base::{Text, Time};
use std::fmt::Debug;
use std::sync::Arc;

/// What a task waits for.
#[derive(Clone, Debug)]
pub(crate) enum On {
    Ready,
    Until(Time),
    Read(Fd),
    ReadUntil(Fd, Time),
    Write(Fd),
    Child(u32),
    ChildUntil(u32, Time),
    /// The shell's `wait`: any of these, or a trap.
    Jobs(Vec<u32>),
    /// A reply, or the tool's own time limit.
    Reply(CallId, Time),
    ReplyOrRead(CallId, Fd),
    Never,
}

/// What a step did.
#[derive(Debug)]
pub(crate) enum Step {
    More,
    Wait(On),
    Exit(i32),
    /// Another program takes the task over.
    Become(Program, Box<Core>),
}

/// A program as a machine.
pub(crate) trait Tool: Send + Sync {
    fn step(&mut self, io: &mut Io) -> Step;
    fn copy(&self) -> Box<dyn Tool>;
    /// Whether the tool takes care of a signal itself.
    fn signal(&mut self, _signal: Signal, _io: &mut Io) -> bool {
        false
    }
    /// Descriptors that the tool holds beside its task's.
    fn held<'a>(&'a self, _out: &mut Vec<&'a Fd>) {}
}

// The real one of every tool would be code that the page loads for nothing.
impl Debug for dyn Tool {
    fn fmt(&self, out: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        out.write_str("Tool")
    }
}

impl Clone for Box<dyn Tool> {
    fn clone(&self) -> Self {
        self.copy()
    }
}

/// How a tool is started.
#[derive(Clone, Copy)]
pub(crate) enum Maker {
    /// It never waits: a function that answers the exit code.
    Once(fn(&mut Io) -> i32),
    /// A machine; or the exit code if the arguments are wrong (and have been told so).
    Make(fn(&mut Io) -> Result<Box<dyn Tool>, i32>),
    Shell,
}

/// A program that was found.
#[derive(Clone)]
pub(crate) enum Resolved {
    Tool(Maker),
    /// The host runs it.
    Host,
    /// A file with commands: the words before the arguments.
    Script(Vec<Text>),
}

/// Finds a tool by its name without a folder.
pub(crate) fn find(name: &str) -> Option<Maker> {
    crate::tools::TOOLS.iter().find(|row| row.0 == name).map(|row| row.1)
}

const FOLDERS: &[&str] = &["/bin", "/usr/bin", "/sbin", "/usr/sbin", "/usr/local/bin", "/usr/local/sbin"];

/// What a name stands for on a machine.
pub(crate) fn resolve(name: &str, path: &str, cwd: &str, machine: &Machine, files: &Files) -> Result<Resolved, Errno> {
    if machine.programs.iter().any(|program| program == name) {
        return Ok(Resolved::Host);
    }
    let Some((folder, base)) = name.rsplit_once('/') else {
        if let Some(maker) = find(name).filter(|_| !machine.missing.iter().any(|missing| missing == name)) {
            return Ok(Resolved::Tool(maker));
        }
        for folder in path.split(':').filter(|folder| !folder.is_empty()) {
            let full = join(&join(cwd, folder), name);
            if files.stat(&full).is_ok_and(|stat| stat.kind == Kind::File) && files.access(&full, machine.owner(), 1) {
                return Ok(script(&full, files, machine));
            }
        }
        return Err(Errno::NoEntry);
    };
    let full = join(cwd, name);
    match files.stat(&full) {
        Ok(stat) if stat.kind == Kind::Dir => Err(Errno::IsDirectory),
        Ok(_) if !files.access(&full, machine.owner(), 1) => Err(Errno::Access),
        Ok(_) if files.read(&full, machine.owner()).is_ok_and(|data| !data.bytes().is_empty()) => {
            Ok(script(&full, files, machine))
        }
        found => {
            if FOLDERS.contains(&folder) && !base.is_empty() {
                let known = machine.programs.iter().any(|program| program == base);
                if known {
                    return Ok(Resolved::Host);
                }
                if let Some(maker) = find(base).filter(|_| !machine.missing.iter().any(|missing| missing == base)) {
                    return Ok(Resolved::Tool(maker));
                }
            }
            match found {
                Ok(_) => Ok(Resolved::Script(vec![base::text!("true")])),
                Err(error) => Err(error),
            }
        }
    }
}

/// How a script is run: by what its first line says, or by sh.
fn script(path: &str, files: &Files, machine: &Machine) -> Resolved {
    let data = files.read(path, machine.owner());
    let first = data.as_ref().map_or(&b""[..], |data| data.bytes().split(|byte| *byte == b'\n').next().unwrap_or_default());
    let first = String::from_utf8_lossy(first);
    let interpreter = first.strip_prefix("#!").map(|line| line.split_whitespace().map(Text::from).collect::<Vec<_>>());
    let mut words = interpreter.filter(|words| !words.is_empty()).unwrap_or_else(|| vec![base::text!("sh")]);
    words.push(Text::from(path));
    Resolved::Script(words)
}

/// The program of a found name, and its core with the final arguments.
pub(crate) fn launch(found: Resolved, mut core: Core) -> (Program, Core) {
    let maker = match found {
        Resolved::Tool(maker) => maker,
        Resolved::Host => Maker::Make(crate::tools::host::start),
        Resolved::Script(mut words) => {
            words.extend(core.argv.iter().skip(1).cloned());
            let name = words[0].rsplit('/').next().unwrap_or_default();
            // `#!/usr/bin/env bash`
            if name == "env" && words.len() > 2 {
                words.remove(0);
            }
            let name = words[0].rsplit('/').next().unwrap_or_default();
            let maker = find(name).unwrap_or(Maker::Once(bad_interpreter));
            core.argv = Arc::new(words);
            maker
        }
    };
    (Program::Tool(Box::new(Starting(maker))), core)
}

fn bad_interpreter(io: &mut Io) -> i32 {
    let name = io.core.argv[0].clone();
    io.err(format!("sh: {name}: not found\n"));
    127
}

/// A tool whose arguments have not been read yet.
#[derive(Clone)]
struct Starting(Maker);

impl Tool for Starting {
    fn step(&mut self, io: &mut Io) -> Step {
        match self.0 {
            Maker::Once(run) => Step::Exit(run(io)),
            Maker::Make(make) => match make(io) {
                Ok(tool) => Step::Become(Program::Tool(tool), Box::new(io.core.clone())),
                Err(code) => Step::Exit(code),
            },
            Maker::Shell => match shell(io) {
                Ok(shell) => Step::Become(Program::Shell(Box::new(shell)), Box::new(io.core.clone())),
                Err(code) => Step::Exit(code),
            },
        }
    }
    fn copy(&self) -> Box<dyn Tool> {
        Box::new(self.clone())
    }
}

/// The first program of a process.
pub(crate) fn program(start: &Start, files: &Files) -> Result<Program, StartError> {
    let name = start.argv.first().map(Text::as_str).unwrap_or_default();
    let path = start.env.iter().find(|row| row.0 == "PATH").map_or(DEFAULT_PATH, |row| row.1.as_str());
    let found = resolve(name, path, &start.cwd, &start.machine, files).map_err(|error| match error {
        Errno::NoEntry if name.contains('/') => StartError::NoEntry,
        Errno::NoEntry => StartError::NotInPath,
        Errno::IsDirectory => StartError::IsDirectory,
        _ => StartError::NotExecutable,
    })?;
    let maker = match found {
        Resolved::Tool(maker) => maker,
        Resolved::Host => Maker::Make(crate::tools::host::start),
        Resolved::Script(_) => Maker::Once(|_| 0),
    };
    if let Resolved::Script(words) = found {
        return Ok(Program::Tool(Box::new(StartScript(words))));
    }
    Ok(Program::Tool(Box::new(Starting(maker))))
}

pub(crate) const DEFAULT_PATH: &str = "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin";

/// A process whose first program is a script.
#[derive(Clone, Debug)]
struct StartScript(Vec<Text>);

impl Tool for StartScript {
    fn step(&mut self, io: &mut Io) -> Step {
        let (program, core) = launch(Resolved::Script(self.0.clone()), io.core.clone());
        Step::Become(program, Box::new(core))
    }
    fn copy(&self) -> Box<dyn Tool> {
        Box::new(self.clone())
    }
}

/// Whether a process with this command could start: what a container runtime checks first.
pub fn check(start: &Start, files: &Files) -> Result<(), StartError> {
    program(start, files).map(drop)
}

/// `sh -c …`, `sh file`, `sh`, `sh -i`.
fn shell(io: &mut Io) -> Result<Shell, i32> {
    let argv = io.core.argv.clone();
    let mut shell = Shell::new(io.machine(), io.core.pid, io.core.cwd.clone(), io.now);
    import(&mut shell, io);
    let (mut command, mut interactive, mut from_stdin) = (false, false, false);
    let mut at = 1;
    while let Some(word) = argv.get(at).filter(|word| word.len() > 1 && word.starts_with(['-', '+'])) {
        at += 1;
        if word == "--" || word == "-" {
            break;
        }
        if matches!(word.as_str(), "--login" | "--norc" | "--noprofile" | "--posix") {
            continue;
        }
        let on = word.starts_with('-');
        for letter in word[1..].chars() {
            match letter {
                'c' => command = true,
                'i' => interactive = true,
                's' => from_stdin = true,
                'l' => {}
                'o' => {
                    let name = argv.get(at).cloned().unwrap_or_default();
                    at += 1;
                    shell.set_option(&name, on);
                }
                _ if shell.set_letter(letter, on) => {}
                _ => {
                    io.complain_usage(&format!("invalid option -- '{letter}'"));
                    return Err(2);
                }
            }
        }
    }
    let rest = argv.get(at..).unwrap_or_default();
    shell.name = argv[0].clone();
    if command {
        let Some(text) = rest.first() else {
            io.complain("-c requires an argument");
            return Err(2);
        };
        shell.input = Input::Script { text: text.clone(), at: 0 };
        if let Some(name) = rest.get(1) {
            shell.name = name.clone();
        }
        shell.params = Arc::new(rest.iter().skip(2).cloned().collect());
    } else if let Some(file) = rest.first().filter(|_| !from_stdin) {
        let data = match io.read_file(file) {
            Ok(data) => data,
            Err(error) => {
                io.complain(&format!("can't open '{file}': {}", error.words()));
                return Err(if error == Errno::NoEntry { 2 } else { 126 });
            }
        };
        shell.input = Input::Script { text: Text::from(String::from_utf8_lossy(data.bytes()).as_ref()), at: 0 };
        shell.name = file.clone();
        shell.params = Arc::new(rest[1..].to_vec());
    } else {
        shell.params = Arc::new(rest.to_vec());
        shell.interactive = interactive || io.kernel.tty && io.core.fds.get(0) == Some(&Fd::Input);
        shell.input = Input::Lines { pending: String::new(), prompted: false };
    }
    Ok(shell)
}

/// The environment as variables.
fn import(shell: &mut Shell, io: &Io) {
    let vars = Arc::make_mut(&mut shell.vars);
    for (name, value) in io.core.env.iter().filter(|row| crate::parse::is_name(&row.0)) {
        vars.insert(name.clone(), Var { value: Some(value.clone()), exported: true, read_only: false });
    }
    let mut own = |name: &'static str, value: Text| {
        vars.or_insert_with(Text::from(name), || Var { value: Some(value), exported: false, read_only: false });
    };
    own("PATH", Text::from(DEFAULT_PATH));
    own("IFS", Text::from(" \t\n"));
    own("PWD", io.core.cwd.clone());
    if io.is_bash() {
        own("HOSTNAME", io.kernel.machine.hostname.clone());
    }
    vars.insert(base::text!("PWD"), Var { value: Some(io.core.cwd.clone()), exported: true, read_only: false });
}

/// Starts another program as a child of a tool.
pub(crate) fn spawn(argv: Vec<Text>, io: &mut Io) -> Result<u32, Errno> {
    if !io.kernel.room_for_task() {
        return Err(Errno::NoSpace);
    }
    let path = io.env("PATH").cloned().unwrap_or_else(|| Text::from(DEFAULT_PATH));
    let machine = io.machine();
    let found = resolve(argv.first().map(Text::as_str).unwrap_or_default(), &path, &io.core.cwd, &machine, io.files)?;
    let pid = io.kernel.next_pid;
    let core = Core { pid, argv: Arc::new(argv), calls: Vec::new(), broken_pipe: false, ..io.core.clone() };
    let (program, core) = launch(found, core);
    add_task(program, core, io);
    Ok(pid)
}

/// Another program in the place of a tool (`env`, `nohup`).
pub(crate) fn replace(argv: Vec<Text>, io: &mut Io) -> Result<Step, Errno> {
    let path = io.env("PATH").cloned().unwrap_or_else(|| Text::from(DEFAULT_PATH));
    let machine = io.machine();
    let found = resolve(argv.first().map(Text::as_str).unwrap_or_default(), &path, &io.core.cwd, &machine, io.files)?;
    let core = Core { argv: Arc::new(argv), ..io.core.clone() };
    let (program, core) = launch(found, core);
    Ok(Step::Become(program, Box::new(core)))
}

/// Options of a tool, as getopt reads them: single letters, those followed by `:` in `known` take a value.
#[derive(Debug, Default)]
pub(crate) struct Options {
    found: Vec<(char, Option<Text>)>,
    pub(crate) rest: Vec<Text>,
}

impl Options {
    pub(crate) fn has(&self, letter: char) -> bool {
        self.found.iter().any(|row| row.0 == letter)
    }
    pub(crate) fn value(&self, letter: char) -> Option<&Text> {
        self.found.iter().rev().find(|row| row.0 == letter).and_then(|row| row.1.as_ref())
    }
    pub(crate) fn values(&self, letter: char) -> impl Iterator<Item = &Text> {
        self.found.iter().filter(move |row| row.0 == letter).filter_map(|row| row.1.as_ref())
    }
    pub(crate) fn all(&self) -> &[(char, Option<Text>)] {
        &self.found
    }
}

/// Reads the arguments of the running tool; a wrong one is told, the code is 1. Letters with `+` first: stop at the
/// first operand. `long` names the letters of long options.
pub(crate) fn options(io: &mut Io, known: &str, long: &[(&str, char)]) -> Result<Options, i32> {
    let argv = io.core.argv.clone();
    let mut out = Options::default();
    let (known, stop_early) = known.strip_prefix('+').map_or((known, false), |rest| (rest, true));
    let takes = |letter: char| known.find(letter).map(|at| known[at + letter.len_utf8()..].starts_with(':'));
    let mut at = 1;
    while let Some(word) = argv.get(at) {
        at += 1;
        if word == "--" {
            out.rest.extend(argv[at..].iter().cloned());
            break;
        }
        if let Some(name) = word.strip_prefix("--") {
            let (name, mut value) = name.split_once('=').map_or((name, None), |(name, value)| (name, Some(Text::from(value))));
            let Some(letter) = long.iter().find(|row| row.0 == name).map(|row| row.1) else {
                io.complain_usage(&format!("unrecognized option '--{name}'"));
                return Err(1);
            };
            if takes(letter) == Some(true) && value.is_none() {
                value = argv.get(at).cloned();
                at += 1;
            }
            out.found.push((letter, value));
            continue;
        }
        let Some(letters) = word.strip_prefix('-').filter(|letters| !letters.is_empty()) else {
            if stop_early {
                out.rest.extend(argv[at - 1..].iter().cloned());
                break;
            }
            out.rest.push(word.clone());
            continue;
        };
        let rest = letters.char_indices();
        for (place, letter) in rest {
            match takes(letter).filter(|_| letter != ':') {
                None => {
                    io.complain_usage(&format!("invalid option -- '{letter}'"));
                    return Err(1);
                }
                Some(false) => out.found.push((letter, None)),
                Some(true) => {
                    let attached = &letters[place + letter.len_utf8()..];
                    let value = if attached.is_empty() { argv.get(at).cloned() } else { Some(Text::from(attached)) };
                    if attached.is_empty() {
                        at += 1;
                    }
                    if value.is_none() {
                        io.complain_usage(&format!("option requires an argument -- '{letter}'"));
                        return Err(1);
                    }
                    out.found.push((letter, value));
                    break;
                }
            }
        }
    }
    Ok(out)
}
