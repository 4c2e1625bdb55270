//! The commands that are part of the shell: they change it (`cd`, `set`, `trap`), or its control flow (`break`, `return`).

use crate::call::{Call, Signal};
use crate::expand::number;
use crate::files::join;
use crate::kernel::Io;
use crate::parse::is_name;
use crate::process::Machine;
use crate::read::ReadLine;
use crate::shell::{Frame, Shell, Var};
use crate::tool::{On, Step, find};
use base::{Text, text};
use std::sync::Arc;

const SPECIAL: &[&str] = &[
    ":", ".", "source", "break", "continue", "return", "exit", "export", "readonly", "set", "unset", "shift", "eval", "exec",
    "trap", "times",
];
const REGULAR: &[&str] = &[
    "alias", "bg", "cd", "command", "builtin", "declare", "typeset", "fg", "getopts", "hash", "jobs", "kill", "let", "local",
    "pwd", "read", "type", "ulimit", "umask", "unalias", "wait", "shopt", "disown",
];

pub(crate) fn is_special(name: &str) -> bool {
    SPECIAL.contains(&name)
}
pub(crate) fn is_builtin(name: &str) -> bool {
    is_special(name) || REGULAR.contains(&name)
}
/// The names of all builtins, for completion.
pub(crate) fn names() -> impl Iterator<Item = &'static str> {
    SPECIAL.iter().chain(REGULAR).copied()
}

impl Shell {
    pub(crate) fn builtin(&mut self, argv: &[Text], io: &mut Io) -> Step {
        self.before = self.status;
        self.status = 0;
        let args = &argv[1..];
        match argv[0].as_str() {
            ":" | "times" | "hash" | "ulimit" | "umask" | "bg" | "fg" | "shopt" | "disown" => {}
            "." | "source" => return self.source(args, io),
            "break" | "continue" => return self.leave_loop(&argv[0], args, io),
            "return" => return self.return_from(args, io),
            "exit" => return self.exit_command(args, io),
            "export" => self.declare(args, Declare::Export, io),
            "readonly" => self.declare(args, Declare::ReadOnly, io),
            "local" => self.declare(args, Declare::Local, io),
            "declare" | "typeset" => {
                let kind = if args.iter().any(|arg| arg == "-x") { Declare::Export } else { Declare::Local };
                self.declare(args, kind, io);
            }
            "set" => return self.set_command(args, io),
            "unset" => return self.unset(args, io),
            "shift" => self.shift(args, io),
            "eval" => {
                let text = args.iter().map(Text::as_str).collect::<Vec<_>>().join(" ");
                self.frames.push(Frame::Lines { text: Text::from(text), at: 0 });
            }
            "trap" => self.trap(args, io),
            "alias" => self.alias(args, io),
            "unalias" => {
                let aliases = Arc::make_mut(&mut self.aliases);
                if args.iter().any(|arg| arg == "-a") {
                    aliases.clear();
                }
                args.iter().for_each(|name| _ = aliases.remove(name));
            }
            "cd" => self.cd(args, io),
            "pwd" => io.out(format!("{}\n", self.cwd)),
            "command" | "builtin" => return self.command(args, io),
            "type" => self.type_command(args, io),
            "getopts" => self.getopts(args, io),
            "jobs" => self.list_jobs(io),
            "kill" => {
                self.kill(args, io);
                // A signal to the shell itself comes before its next command.
                return Step::Wait(On::Ready);
            }
            "let" => return self.let_command(args, io),
            "read" => return self.start_read(args, io),
            "wait" => return self.wait(args, io),
            _ => {}
        }
        self.check_errexit(io)
    }

    fn error(&mut self, name: &str, words: &str, code: i32, io: &mut Io) {
        self.complain(io, &format!("{name}: {words}"));
        self.status = code;
    }

    fn source(&mut self, args: &[Text], io: &mut Io) -> Step {
        let Some(file) = args.first() else {
            self.error(".", "filename argument required", 2, io);
            return self.check_errexit(io);
        };
        let path = self.get("PATH").unwrap_or_default();
        let mut places = vec![join(&self.cwd, file)];
        if !file.contains('/') {
            places.extend(path.split(':').map(|folder| join(folder, file)));
        }
        let Some(data) = places.iter().find_map(|place| io.read_file(place).ok()) else {
            return self.fail(&format!(".: {file}: not found"), io);
        };
        let params = if args.len() > 1 { Arc::new(args[1..].to_vec()) } else { self.params.clone() };
        let params = std::mem::replace(&mut self.params, params);
        self.frames.push(Frame::Call { params, locals: Vec::new() });
        let text = Text::from(String::from_utf8_lossy(data.bytes()).as_ref());
        self.frames.push(Frame::Lines { text, at: 0 });
        Step::More
    }

    fn leave_loop(&mut self, name: &str, args: &[Text], io: &mut Io) -> Step {
        let mut levels = args.first().and_then(|arg| arg.parse::<u32>().ok()).unwrap_or(1).max(1);
        let is_loop = |frame: &Frame| matches!(frame, Frame::LoopTest { .. } | Frame::LoopBody { .. } | Frame::For { .. });
        let inside = self.frames.iter().rev().take_while(|frame| !matches!(frame, Frame::Call { .. })).any(is_loop);
        if !inside {
            if self.is_bash() {
                self.error(name, "only meaningful in a `for', `while', or `until' loop", 0, io);
            }
            return Step::More;
        }
        while let Some(frame) = self.frames.last() {
            match frame {
                Frame::Call { .. } => break,
                frame if is_loop(frame) => {
                    levels -= 1;
                    if levels == 0 {
                        if name == "break" {
                            self.frames.pop();
                        }
                        break;
                    }
                    self.frames.pop();
                }
                _ => _ = self.drop_frame(io),
            }
        }
        Step::More
    }

    fn return_from(&mut self, args: &[Text], io: &mut Io) -> Step {
        let code = args.first().map_or(self.before, |arg| arg.parse().unwrap_or(2) & 255);
        let inside = self.frames.iter().any(|frame| matches!(frame, Frame::Call { .. }));
        if !inside && self.is_bash() {
            self.error("return", "can only `return' from a function or sourced script", 2, io);
            return self.check_errexit(io);
        }
        if !inside {
            return self.exit(code, io);
        }
        while !matches!(self.frames.last(), Some(Frame::Call { .. }) | None) {
            self.drop_frame(io);
        }
        self.status = code;
        Step::More
    }

    fn exit_command(&mut self, args: &[Text], io: &mut Io) -> Step {
        let code = match args.first() {
            None => self.before,
            Some(arg) => match arg.parse::<i32>() {
                Ok(code) => code & 255,
                Err(_) => {
                    let words = if self.is_bash() {
                        format!("exit: {arg}: numeric argument required")
                    } else {
                        format!("Illegal number: {arg}")
                    };
                    self.complain(io, &words);
                    2
                }
            },
        };
        self.exit(code, io)
    }

    fn declare(&mut self, args: &[Text], kind: Declare, io: &mut Io) {
        if args.is_empty() || args.iter().all(|arg| arg == "-p") {
            let word = if kind == Declare::ReadOnly { "readonly" } else { "export" };
            for (name, var) in
                self.vars.iter().filter(|(_, var)| if kind == Declare::ReadOnly { var.read_only } else { var.exported })
            {
                let value = var.value.as_ref().map(|value| format!("='{}'", value.replace('\'', "'\\''"))).unwrap_or_default();
                io.out(format!("{word} {name}{value}\n"));
            }
            return;
        }
        let remove = args.iter().any(|arg| arg == "-n");
        for arg in args.iter().filter(|arg| !arg.starts_with('-')) {
            let (name, value) = arg.split_once('=').map_or((arg.as_str(), None), |(name, value)| (name, Some(Text::from(value))));
            if !is_name(name) {
                let words = if self.is_bash() {
                    format!("export: `{arg}': not a valid identifier")
                } else {
                    format!("{name}: bad variable name")
                };
                self.complain(io, &words);
                self.status = if self.is_bash() { 1 } else { 2 };
                continue;
            }
            let name = Text::from(name);
            if kind == Declare::Local {
                self.make_local(&name);
            }
            if let Some(value) = value
                && let Err(words) = self.set(&name, value)
            {
                self.complain(io, &words);
                self.status = 1;
                continue;
            }
            let var = Arc::make_mut(&mut self.vars).or_insert_with(name, Var::default);
            match kind {
                Declare::Export => var.exported = !remove,
                Declare::ReadOnly => var.read_only = true,
                Declare::Local => {}
            }
        }
    }

    fn make_local(&mut self, name: &Text) {
        let old = self.vars.get(name).cloned();
        let frame = self.frames.iter_mut().rev().find_map(|frame| match frame {
            Frame::Call { locals, .. } => Some(locals),
            _ => None,
        });
        let Some(locals) = frame else { return };
        if locals.iter().any(|row| row.0 == *name) {
            return;
        }
        let exported = old.as_ref().is_some_and(|var| var.exported);
        locals.push((name.clone(), old));
        Arc::make_mut(&mut self.vars).insert(name.clone(), Var { value: None, exported, read_only: false });
    }

    pub(crate) fn set_letter(&mut self, letter: char, on: bool) -> bool {
        let options = &mut self.options;
        let field = match letter {
            'e' => &mut options.exit_on_error,
            'u' => &mut options.no_unset,
            'x' => &mut options.trace,
            'f' => &mut options.no_glob,
            'C' => &mut options.no_clobber,
            'a' => &mut options.export_all,
            'b' | 'h' | 'm' | 'v' | 'n' | 'E' | 'B' | 'H' | 'T' => return true,
            _ => return false,
        };
        *field = on;
        true
    }
    pub(crate) fn set_option(&mut self, name: &str, on: bool) -> bool {
        let letter = match name {
            "pipefail" => {
                self.options.pipe_fail = on;
                return true;
            }
            "errexit" => 'e',
            "nounset" => 'u',
            "xtrace" => 'x',
            "noglob" => 'f',
            "noclobber" => 'C',
            "allexport" => 'a',
            "vi" | "emacs" | "posix" | "monitor" | "verbose" | "errtrace" | "ignoreeof" => 'v',
            _ => return false,
        };
        self.set_letter(letter, on)
    }

    fn set_command(&mut self, args: &[Text], io: &mut Io) -> Step {
        if args.is_empty() {
            for (name, var) in self.vars.iter() {
                if let Some(value) = &var.value {
                    io.out(format!("{name}='{}'\n", value.replace('\'', "'\\''")));
                }
            }
        }
        let mut at = 0;
        while let Some(arg) = args.get(at) {
            at += 1;
            if arg == "--" || !arg.starts_with(['-', '+']) || arg.len() < 2 {
                let from = if arg == "--" { at } else { at - 1 };
                self.params = Arc::new(args[from..].to_vec());
                break;
            }
            let on = arg.starts_with('-');
            for letter in arg[1..].chars() {
                let known = if letter == 'o' {
                    at += 1;
                    args.get(at - 1).is_none_or(|name| self.set_option(name, on))
                } else {
                    self.set_letter(letter, on)
                };
                if !known {
                    return self.fail(&format!("set: illegal option {arg}"), io);
                }
            }
        }
        Step::More
    }

    fn unset(&mut self, args: &[Text], io: &mut Io) -> Step {
        let functions = args.first().is_some_and(|arg| arg == "-f");
        for name in args.iter().filter(|arg| !arg.starts_with('-')) {
            if self.vars.get(name).is_some_and(|var| var.read_only) && !functions {
                return self.fail(&format!("unset: {name}: is read only"), io);
            }
            let was_variable = !functions && Arc::make_mut(&mut self.vars).remove(name).is_some();
            if !was_variable {
                Arc::make_mut(&mut self.functions).remove(name);
            }
        }
        Step::More
    }

    fn shift(&mut self, args: &[Text], io: &mut Io) {
        let count = args.first().map_or(Some(1), |arg| arg.parse::<usize>().ok());
        match count {
            Some(count) if count <= self.params.len() => self.params = Arc::new(self.params[count..].to_vec()),
            _ => {
                if !self.is_bash() {
                    let count = args.first().map_or("1", Text::as_str);
                    self.complain(io, &format!("shift: can't shift that many ({count})"));
                }
                self.status = 1;
            }
        }
    }

    fn trap(&mut self, args: &[Text], io: &mut Io) {
        let args = if args.first().is_some_and(|arg| arg == "--") { &args[1..] } else { args };
        let Some((action, names)) = args.split_first() else {
            for (signal, action) in &self.traps {
                let name = signal.map_or("EXIT", Signal::name);
                io.out(format!("trap -- '{}' {name}\n", action.replace('\'', "'\\''")));
            }
            return;
        };
        // `trap TERM` and `trap 15` reset.
        let (action, names) = if names.is_empty() { ("-", std::slice::from_ref(action)) } else { (action.as_str(), names) };
        for name in names {
            let signal = match name.as_str() {
                "EXIT" | "0" | "exit" => None,
                "ERR" | "DEBUG" | "RETURN" => continue,
                _ => match Signal::parse(name) {
                    Some(signal) => Some(signal),
                    None => {
                        self.error("trap", &format!("{name}: invalid signal specification"), 1, io);
                        continue;
                    }
                },
            };
            if action == "-" {
                self.traps.remove(&signal);
            } else {
                self.traps.insert(signal, Text::from(action));
            }
        }
    }

    fn alias(&mut self, args: &[Text], io: &mut Io) {
        for (name, value) in self.aliases.iter().filter(|_| args.is_empty()) {
            let word = if self.is_bash() { "alias " } else { "" };
            io.out(format!("{word}{name}='{value}'\n"));
        }
        for arg in args {
            match arg.split_once('=') {
                Some((name, value)) => _ = Arc::make_mut(&mut self.aliases).insert(Text::from(name), Text::from(value)),
                None => match self.aliases.get(arg) {
                    Some(value) => io.out(format!("{arg}='{value}'\n")),
                    None => self.error("alias", &format!("{arg}: not found"), 1, io),
                },
            }
        }
    }

    fn cd(&mut self, args: &[Text], io: &mut Io) {
        let home = || self.get("HOME").unwrap_or_else(|| text!("/"));
        let wanted = match args.iter().find(|arg| !matches!(arg.as_str(), "-P" | "-L" | "--")) {
            None => home(),
            Some(arg) if arg == "-" => self.get("OLDPWD").unwrap_or_else(home),
            Some(arg) => arg.clone(),
        };
        let full = join(&self.cwd, &wanted);
        let place = io.files.stat(&full).and_then(|stat| match stat.kind {
            crate::files::Kind::Dir => Ok(()),
            _ => Err(crate::tree::Errno::NotDirectory),
        });
        if let Err(error) = place {
            let words = if self.is_bash() {
                format!("cd: {wanted}: {}", error.words())
            } else {
                format!("cd: line 0: can't cd to {wanted}: {}", error.words())
            };
            self.complain(io, &words);
            self.status = if self.is_bash() { 1 } else { 2 };
            return;
        }
        let new = Text::from(logical(&full));
        let old = std::mem::replace(&mut self.cwd, new.clone());
        io.core.cwd = new.clone();
        let _ = self.set(&text!("OLDPWD"), old);
        let _ = self.set(&text!("PWD"), new.clone());
        if args.iter().any(|arg| arg == "-") {
            io.out(format!("{new}\n"));
        }
    }

    fn command(&mut self, args: &[Text], io: &mut Io) -> Step {
        match args.first().map(Text::as_str) {
            Some("-v" | "-V") => {
                for name in &args[1..] {
                    match self.describe(name, io) {
                        Some((_, short)) if args[0] == "-v" => io.out(short + "\n"),
                        Some((long, _)) => io.out(long + "\n"),
                        None => {
                            if args[0] == "-V" {
                                self.complain(io, &format!("{name}: not found"));
                            }
                            self.status = if self.is_bash() { 1 } else { 127 };
                        }
                    }
                }
                self.check_errexit(io)
            }
            Some(_) => {
                let args = if args[0] == "-p" { &args[1..] } else { args };
                let Some(name) = args.first() else { return Step::More };
                if is_builtin(name) { self.builtin(args, io) } else { self.run_plain(args.to_vec(), io) }
            }
            None => Step::More,
        }
    }

    fn describe(&self, name: &Text, io: &Io) -> Option<(String, String)> {
        if let Some(value) = self.aliases.get(name) {
            return Some((format!("{name} is an alias for {value}"), format!("alias {name}='{value}'")));
        }
        if self.functions.contains_key(name) {
            return Some((format!("{name} is a function"), name.to_string()));
        }
        if is_builtin(name) || matches!(name.as_str(), "echo" | "printf" | "test" | "[" | "true" | "false") {
            return Some((format!("{name} is a shell builtin"), name.to_string()));
        }
        let path = self.get("PATH").unwrap_or_default();
        let machine: &Machine = &self.machine;
        crate::tool::resolve(name, &path, &self.cwd, machine, io.files).ok()?;
        let place = if name.contains('/') { name.to_string() } else { place_of(name, machine) };
        Some((format!("{name} is {place}"), place))
    }

    fn type_command(&mut self, args: &[Text], io: &mut Io) {
        for name in args.iter().filter(|arg| !arg.starts_with('-')) {
            match self.describe(name, io) {
                Some((long, _)) => io.out(long + "\n"),
                None if self.is_bash() => self.error("type", &format!("{name}: not found"), 1, io),
                None => {
                    io.err(format!("{name}: not found\n"));
                    self.status = 127;
                }
            }
        }
    }

    fn getopts(&mut self, args: &[Text], io: &mut Io) {
        let [spec, name, rest @ ..] = args else {
            self.error("getopts", "usage: getopts optstring name [arg]", 2, io);
            return;
        };
        let params = if rest.is_empty() { self.params.to_vec() } else { rest.to_vec() };
        let mut index = self.get("OPTIND").and_then(|text| text.parse::<usize>().ok()).unwrap_or(1).max(1);
        let arg = params.get(index - 1).filter(|arg| arg.len() > 1 && arg.starts_with('-') && *arg != "--").cloned();
        let Some(arg) = arg else {
            self.getopts_at = 0;
            let _ = self.set(name, text!("?"));
            self.status = 1;
            return;
        };
        let at = self.getopts_at.max(1);
        let letter = arg.chars().nth(at).unwrap_or('?');
        let known = spec.find(letter).filter(|_| letter != ':');
        let takes = known.is_some_and(|place| spec[place + letter.len_utf8()..].starts_with(':'));
        let rest: String = arg.chars().skip(at + 1).collect();
        self.getopts_at = if rest.is_empty() || takes { 0 } else { at + 1 };
        let mut value = text!("");
        if takes && rest.is_empty() {
            value = params.get(index).cloned().unwrap_or_default();
            index += 1;
        } else if takes {
            value = Text::from(rest);
        }
        if self.getopts_at == 0 {
            index += 1;
        }
        if known.is_none() && !spec.starts_with(':') {
            let words = if self.is_bash() {
                format!("bash: illegal option -- {letter}\n")
            } else {
                format!("Illegal option -{letter}\n")
            };
            io.err(words);
        }
        let _ = self.set(name, if known.is_some() { Text::from(letter.to_string()) } else { text!("?") });
        let _ = self.set(&text!("OPTARG"), value);
        let _ = self.set(&text!("OPTIND"), number(index as i64));
    }

    fn list_jobs(&mut self, io: &mut Io) {
        self.reap(io);
        for (nth, job) in self.jobs.iter().enumerate() {
            let state = if job.code.is_some() { "Done" } else { "Running" };
            let command = io.kernel.rows.get(&job.pid).map(crate::kernel::Row::command).unwrap_or_default();
            io.out(format!("[{}]+  {state}                 {command}\n", nth + 1));
        }
        self.jobs.retain(|job| job.code.is_none());
    }

    fn kill(&mut self, args: &[Text], io: &mut Io) {
        let mut signal = Signal::Term;
        let mut args = args.iter().peekable();
        if let Some(flag) = args.peek().filter(|arg| arg.starts_with('-') && arg.len() > 1).copied() {
            args.next();
            let name = match flag.as_str() {
                "-l" => {
                    io.out("HUP INT QUIT KILL USR1 USR2 PIPE ALRM TERM CONT STOP\n");
                    return;
                }
                "-s" | "-n" => args.next().map(Text::as_str).unwrap_or_default(),
                "--" => "TERM",
                _ => &flag[1..],
            };
            if name == "0" {
                let alive = args.all(|pid| pid.parse::<u32>().is_ok_and(|pid| io.kernel.rows.contains_key(&pid) || pid == 1));
                self.status = i32::from(!alive);
                return;
            }
            match Signal::parse(name) {
                Some(found) => signal = found,
                None => return self.error("kill", &format!("bad signal name '{name}'"), 1, io),
            }
        }
        for target in args {
            let pid = match target.strip_prefix('%') {
                Some(job) => job.parse::<usize>().ok().and_then(|n| self.jobs.get(n.checked_sub(1)?)).map(|job| job.pid),
                None => target.parse::<u32>().ok(),
            };
            let Some(pid) = pid else {
                let words = if self.is_bash() {
                    format!("kill: {target}: arguments must be process or job IDs")
                } else {
                    format!("invalid number '{target}'")
                };
                self.complain(io, &words);
                self.status = 1;
                continue;
            };
            if pid == 1 && !io.kernel.rows.contains_key(&1) {
                io.tell(Call::Kill { pid, signal });
            } else if !io.kill(pid, signal) {
                let words = if self.is_bash() {
                    format!("kill: ({pid}) - No such process")
                } else {
                    format!("can't kill pid {pid}: No such process")
                };
                self.complain(io, &words);
                self.status = 1;
            }
        }
    }

    fn let_command(&mut self, args: &[Text], io: &mut Io) -> Step {
        let mut last = 0;
        for arg in args {
            let word = crate::ast::Word(vec![crate::ast::Part::Quoted(arg.clone())]);
            let node = Arc::new(crate::ast::Command::Arith(word));
            let crate::ast::Command::Arith(word) = &*node else { break };
            match self.expanding(&node, Vec::new(), io, |ex| ex.arith(word)) {
                Ok(value) => last = value,
                Err(step) => return step,
            }
        }
        self.status = i32::from(last == 0);
        self.check_errexit(io)
    }

    fn start_read(&mut self, args: &[Text], io: &mut Io) -> Step {
        match ReadLine::parse(args, io) {
            Ok(read) => {
                self.frames.push(Frame::ReadLine(Box::new(read)));
                Step::More
            }
            Err(words) => {
                self.error("read", &words, 2, io);
                self.check_errexit(io)
            }
        }
    }

    fn wait(&mut self, args: &[Text], io: &mut Io) -> Step {
        self.reap(io);
        if args.is_empty() {
            let pids: Vec<u32> = self.jobs.iter().map(|job| job.pid).collect();
            self.frames.push(Frame::Trap(0));
            self.frames.push(Frame::Jobs(pids));
            return Step::More;
        }
        let mut pids = Vec::new();
        for arg in args.iter().filter(|arg| !arg.starts_with('-')) {
            let job = arg.strip_prefix('%').and_then(|job| job.parse::<usize>().ok());
            let pid = match job {
                Some(nth) => nth.checked_sub(1).and_then(|nth| self.jobs.get(nth)).map(|job| job.pid),
                None => arg.parse().ok(),
            };
            match pid {
                Some(pid) => pids.push(pid),
                None => self.error("wait", &format!("{arg}: not a pid or valid job spec"), 2, io),
            }
        }
        if !pids.is_empty() {
            self.frames.push(Frame::Jobs(pids));
        }
        Step::More
    }
}

#[derive(Clone, Copy, PartialEq, Eq, Debug)]
enum Declare {
    Export,
    ReadOnly,
    Local,
}

/// A path without `.` and `..`, links kept.
fn logical(path: &str) -> String {
    let mut out: Vec<&str> = Vec::new();
    for part in path.split('/') {
        match part {
            "" | "." => {}
            ".." => _ = out.pop(),
            _ => out.push(part),
        }
    }
    format!("/{}", out.join("/"))
}

/// Where a tool would be installed.
pub(crate) fn place_of(name: &str, machine: &Machine) -> String {
    let own = machine.programs.iter().any(|program| program == name) && find(name).is_none();
    let usr = machine.bash
        || matches!(name, "awk" | "env" | "cut" | "head" | "tail" | "sort" | "wc" | "uniq" | "tr" | "xargs" | "find");
    let usr =
        usr || matches!(name, "curl" | "wget" | "dig" | "nslookup" | "seq" | "id" | "whoami" | "which" | "basename" | "dirname");
    let folder = if own {
        "/usr/local/bin"
    } else if usr {
        "/usr/bin"
    } else {
        "/bin"
    };
    format!("{folder}/{name}")
}
