//! `Ctx`: what a command's function sees. Every question to the outside goes through here and is answered from the record first.

use crate::call::{Answer, Call, FileError, FolderEntry};
use crate::command::Plan;
use crate::env::{self, Env};
use crate::fail::{Fail, Run, Stop, plain};
use crate::flags::{Args, go_bool};
use crate::kubeconfig::Kubeconfig;
use crate::output::Output;
use crate::record::{Record, Slot};
use crate::table::Spec;
use api::{Reply, Request, Status, User};
use base::{Duration, Text, Time, text};
use std::collections::VecDeque;
use value::Value;

pub(crate) struct Ctx<'a> {
    pub env: &'a Env,
    pub spec: &'static Spec,
    pub args: &'a Args,
    pub now: Time,
    record: &'a mut Record,
    output: &'a mut Output,
    calls: &'a mut VecDeque<(u64, Call)>,
    host: &'a mut Host<'a>,
    warned: Vec<Text>,
    changed: Option<Env>,
    yaml_printed: bool,
    pub config: Kubeconfig,
}

/// What a run reads from and writes to.
pub(crate) struct Parts<'a> {
    pub record: &'a mut Record,
    pub output: &'a mut Output,
    pub calls: &'a mut VecDeque<(u64, Call)>,
    pub host: &'a mut Host<'a>,
}

/// What answers calls at once, where the host can.
pub(crate) type Host<'h> = dyn FnMut(u64, &Call) -> Option<Answer> + 'h;

impl<'a> Ctx<'a> {
    pub fn new(env: &'a Env, plan: &'a Plan, parts: Parts<'a>, now: Time) -> Ctx<'a> {
        let Parts { record, output, calls, host } = parts;
        let config = Kubeconfig::of(env.config.clone());
        let (spec, args) = (plan.spec, &plan.args);
        Ctx { env, spec, args, now, record, output, calls, host, warned: Vec::new(), changed: None, yaml_printed: false, config }
    }

    // === output ===

    pub fn out(&mut self, text: &str) {
        self.output.out(text);
    }
    /// One line on stdout.
    pub fn say(&mut self, line: &str) {
        self.output.out(line);
        self.output.out("\n");
    }
    pub fn err(&mut self, text: &str) {
        self.output.err(text);
    }
    /// One line on stderr.
    pub fn complain(&mut self, line: &str) {
        self.output.err(line);
        self.output.err("\n");
    }
    pub fn write(&mut self, fd: u8, bytes: &[u8]) {
        self.output.write(fd, bytes);
    }
    /// `Warning: WORDS` on stderr, each once.
    pub fn warn(&mut self, words: &str) {
        if !self.warned.iter().any(|w| w == words) {
            self.warned.push(words.into());
            self.output.err(&format!("Warning: {words}\n"));
        }
    }

    /// True if a YAML document was printed before this one.
    pub fn next_yaml(&mut self) -> bool {
        std::mem::replace(&mut self.yaml_printed, true)
    }

    // === flags ===

    /// The value of a flag, or its default.
    pub fn flag(&self, name: &str) -> Text {
        self.args.get(name).cloned().unwrap_or_else(|| self.default(name))
    }
    fn default(&self, name: &str) -> Text {
        crate::flags::flags_of(self.spec).find(|f| f.name == name).map_or(text!(""), |f| f.default.into())
    }
    /// Every value of a list flag.
    pub fn flags(&self, name: &str) -> Vec<Text> {
        self.args.all(name)
    }
    pub fn on(&self, name: &str) -> bool {
        let default = || crate::flags::flags_of(self.spec).any(|f| f.name == name && f.kind == 'B');
        self.args.get(name).map_or_else(default, |v| go_bool(v).unwrap_or(false))
    }
    pub fn number(&self, name: &str) -> i64 {
        self.flag(name).parse().unwrap_or(0)
    }
    pub fn span(&self, name: &str) -> Duration {
        Duration::parse(&self.flag(name)).unwrap_or_default()
    }
    pub fn changed(&self, name: &str) -> bool {
        self.args.changed(name)
    }
    pub fn words(&self) -> &'a [Text] {
        &self.args.words
    }
    /// A mistake in how the command was used.
    pub fn usage<T>(&self, words: impl AsRef<str>) -> Run<T> {
        plain(format!("{}\nSee 'kubectl {} -h' for help and examples", words.as_ref(), self.spec.path))
    }

    // === where ===

    pub fn context(&self) -> &Value {
        let config = &self.config.value;
        let name = self.args.get("context").cloned().unwrap_or_else(|| config["current-context"].text());
        env::context(config, &name)
    }
    /// The namespace of the request: the flag, else the context's, else `default`.
    pub fn namespace(&self) -> Text {
        let flag = self.flag("namespace");
        if !flag.is_empty() {
            return flag;
        }
        let own = self.context()["namespace"].text();
        if own.is_empty() { text!("default") } else { own }
    }
    /// True if the namespace was named on the command line.
    pub fn namespace_given(&self) -> bool {
        !self.flag("namespace").is_empty()
    }
    pub fn user(&self) -> User {
        let name = self.flag("as");
        if name.is_empty() { self.env.user.clone() } else { User { name, groups: self.flags("as-group") } }
    }
    /// The address of the API server.
    pub fn server(&self) -> Text {
        let flag = self.flag("server");
        let own = || env::server(&self.config.value, self.context()["cluster"].s()).into();
        if flag.is_empty() { own() } else { flag }
    }

    // === questions ===

    /// One question with one answer, which is remembered.
    fn once(&mut self, call: impl FnOnce() -> Call) -> Run<Answer> {
        let (at, known) = self.record.next();
        if !known {
            let call = call();
            if let Some(answer) = (self.host)(at as u64, &call) {
                self.record.push(Slot::Once(Some(answer.clone())));
                return Ok(answer);
            }
            self.record.push(Slot::Once(None));
            self.calls.push_back((at as u64, call));
            return Err(Stop::Pending(Time::NEVER));
        }
        match self.record.slot(at) {
            Slot::Once(Some(answer)) => Ok(answer.clone()),
            Slot::Once(None) | Slot::Stream(_) | Slot::Read(_) | Slot::Clock(_) | Slot::Said => Err(Stop::Pending(Time::NEVER)),
        }
    }
    /// Something said to the host that needs no answer.
    fn tell(&mut self, call: impl FnOnce() -> Call) {
        let (at, known) = self.record.next();
        if !known {
            self.record.push(Slot::Said);
            self.calls.push_back((at as u64, call()));
        }
    }
    /// A request and its whole reply; warnings are printed.
    pub fn reply(&mut self, mut request: Request) -> Run<Reply> {
        request.user = self.user();
        match self.once(|| Call::Request(request))? {
            Answer::Reply(reply) => {
                for warning in &reply.warnings {
                    self.warn(warning);
                }
                Ok(reply)
            }
            Answer::Failed(status) => Ok(status.into()),
            _ => plain("unexpected answer to a request"),
        }
    }
    /// A request; a refusal is a value.
    pub fn ask(&mut self, request: Request) -> Run<Result<Value, Status>> {
        let reply = self.reply(request)?;
        Ok(match reply.failure() {
            Some(status) => Err(status),
            None => Ok(reply.body),
        })
    }
    /// A request; a refusal ends the command.
    pub fn request(&mut self, request: Request) -> Run<Value> {
        self.ask(request)?.map_err(|status| Stop::Fail(Fail::Server(status)))
    }
    /// Opens a watch or a connection and answers its id.
    pub fn open(&mut self, call: Call) -> u64 {
        let (at, known) = self.record.next();
        if !known {
            self.record.push(Slot::Stream(VecDeque::new()));
            let user = self.user();
            let call = match call {
                Call::Watch(request) => Call::Watch(Request { user, ..request }),
                Call::Connect(request) => Call::Connect(Request { user, ..request }),
                other => other,
            };
            self.calls.push_back((at as u64, call));
        }
        at as u64
    }
    /// The next answer of a stream; `None` once the deadline has come.
    pub fn next(&mut self, stream: u64, deadline: Time) -> Run<Option<Answer>> {
        let (at, known) = self.record.next();
        if known {
            return match self.record.slot(at) {
                Slot::Read(answer) => Ok(answer.clone()),
                _ => plain("a stream was read out of turn"),
            };
        }
        let answer = self.record.queue(stream).and_then(VecDeque::pop_front);
        if answer.is_none() && self.now < deadline {
            self.record.unread();
            return Err(Stop::Pending(deadline));
        }
        self.record.push(Slot::Read(answer.clone()));
        Ok(answer)
    }
    pub fn close(&mut self, stream: u64) {
        self.tell(|| Call::Close { stream });
    }
    /// Waits until a moment.
    pub fn sleep_until(&mut self, moment: Time) -> Run {
        let (_, known) = self.record.next();
        if known {
            return Ok(());
        }
        if self.now < moment {
            self.record.unread();
            return Err(Stop::Pending(moment));
        }
        self.record.push(Slot::Said);
        Ok(())
    }
    /// The moment at which the function got here first.
    pub fn clock(&mut self) -> Time {
        let (at, known) = self.record.next();
        if known && let Slot::Clock(time) = self.record.slot(at) {
            return *time;
        }
        self.record.push(Slot::Clock(self.now));
        self.now
    }
    /// The moment at which the command was started.
    pub fn started(&self) -> Time {
        self.record.started
    }

    // === files ===

    pub fn read_file(&mut self, path: &str) -> Run<Result<Text, FileError>> {
        Ok(self.read_bytes(path)?.map(|bytes| String::from_utf8_lossy(&bytes).as_ref().into()))
    }
    /// A file that need not be text.
    pub fn read_bytes(&mut self, path: &str) -> Run<Result<Vec<u8>, FileError>> {
        match self.once(|| Call::ReadFile(path.into()))? {
            Answer::File(result) => Ok(result),
            _ => Ok(Err(FileError::Denied)),
        }
    }
    pub fn list_dir(&mut self, path: &str) -> Run<Result<Vec<FolderEntry>, FileError>> {
        match self.once(|| Call::ListDir(path.into()))? {
            Answer::Folder(result) => Ok(result),
            _ => Ok(Err(FileError::Denied)),
        }
    }
    pub fn write_file(&mut self, path: &str, text: &str) -> Run<Result<(), FileError>> {
        match self.once(|| Call::WriteFile { path: path.into(), text: text.into() })? {
            Answer::Written(result) => Ok(result),
            _ => Ok(Err(FileError::Denied)),
        }
    }
    /// The text as a person leaves it in an editor.
    pub fn edit(&mut self, text: &str) -> Run<Option<Text>> {
        match self.once(|| Call::Editor(text.into()))? {
            Answer::Edited(text) => Ok(text),
            Answer::Failed(status) => plain(status.message.to_string()),
            _ => Ok(None),
        }
    }
    /// Changes the kubeconfig, for the host and for this invocation's successors.
    pub fn set_config(&mut self, config: Value) {
        self.changed = Some(Env { config: config.clone(), ..self.env.clone() });
        self.tell(|| Call::Config(config));
    }
    pub fn changed_env(self) -> Option<Env> {
        self.changed
    }
}
