//! `--dry-run`, `--validate` and what every writing command does with them.

use crate::ctx::Ctx;
use crate::fail::{Fail, Run, Stop, plain};
use crate::kinds::Kind;
use crate::order;
use crate::printer::Format;
use api::{PatchType, Request, Validation, Verb};
use base::Text;
use value::{Value, obj};

/// The annotation that `apply` compares with.
pub(crate) const LAST_APPLIED: &str = "kubectl.kubernetes.io/last-applied-configuration";

#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum DryRun {
    None,
    Client,
    Server,
}

impl DryRun {
    /// `created`, `created (dry run)`, `created (server dry run)`.
    pub fn done(self, verb: &str) -> String {
        match self {
            DryRun::None => verb.to_string(),
            DryRun::Client => format!("{verb} (dry run)"),
            DryRun::Server => format!("{verb} (server dry run)"),
        }
    }
}

impl Ctx<'_> {
    pub fn dry_run(&mut self) -> Run<DryRun> {
        let value = self.flag("dry-run");
        Ok(match value.as_str() {
            "" | "none" | "false" => DryRun::None,
            "client" | "true" => DryRun::Client,
            "server" => DryRun::Server,
            "unchanged" => {
                let words =
                    self.log_line('W', "helpers.go:724", "--dry-run is deprecated and can be replaced with --dry-run=client.");
                self.complain(&words);
                DryRun::Client
            }
            other => return plain(format!("Invalid dry-run value ({other}). Must be \"none\", \"server\", or \"client\".")),
        })
    }
    /// A line as klog writes it.
    pub fn log_line(&self, level: char, place: &str, words: &str) -> String {
        let (_, month, day, hour, minute, second) = self.now.civil();
        format!("{level}{month:02}{day:02} {hour:02}:{minute:02}:{second:02}.000000   12345 {place}] {words}")
    }
    /// Complains about a `--validate` that means nothing.
    pub fn check_validate(&self) -> Run {
        let value = self.flag("validate");
        if matches!(value.as_str(), "" | "true" | "strict" | "warn" | "false" | "ignore") {
            return Ok(());
        }
        plain(format!(
            "invalid - validate option {:?}; must be one of: strict (or true), warn, ignore (or false)",
            value.as_str()
        ))
    }
    /// What the server is to do with unknown fields.
    pub fn validation(&self) -> Validation {
        match self.flag("validate").as_str() {
            "false" | "ignore" => Validation::Ignore,
            "warn" => Validation::Warn,
            "" => Validation::Warn,
            _ => Validation::Strict,
        }
    }
    /// A write under the flags of the command.
    pub fn write_request(&self, mut request: Request, dry: DryRun) -> Request {
        request.query.dry_run = dry == DryRun::Server;
        request.query.validation = self.validation();
        request.query.field_manager = self.field_manager();
        request
    }
    fn field_manager(&self) -> Text {
        let flag = self.flag("field-manager");
        // Commands without the flag are known by their User-Agent.
        if flag.is_empty() { "kubectl".into() } else { flag }
    }
    /// Sends a new object.
    pub fn create(&mut self, kind: &Kind, namespace: &str, object: Value, dry: DryRun) -> Run<Result<Value, Fail>> {
        let mut request = self.write_request(kind.request(Verb::Create, namespace, ""), dry);
        request.body = object;
        Ok(self.ask(request)?.map_err(Fail::Server))
    }
    /// Sends a patch.
    pub fn patch(&mut self, kind: &Kind, at: (&str, &str), patch: (PatchType, Value), dry: DryRun) -> Run<Result<Value, Fail>> {
        let mut request = self.write_request(kind.request(Verb::Patch(patch.0), at.0, at.1), dry);
        request.body = patch.1;
        Ok(self.ask(request)?.map_err(Fail::Server))
    }
    /// Makes an object that this program generated: dry or real, printed as the flags say. `failure` goes in front of a refusal.
    pub fn make(&mut self, mut object: Value, failure: &str) -> Run {
        let format = self.format()?;
        let dry = self.dry_run()?;
        let (version, name) = (object["apiVersion"].text(), object["kind"].text());
        let Some(kind) = self.kind_of(&version, &name)? else {
            return plain(format!("no matches for kind {:?} in version {:?}", name.as_str(), version.as_str()));
        };
        let namespace = if kind.namespaced { self.namespace() } else { Text::new() };
        if kind.namespaced && self.namespace_given() {
            object.set(&["metadata", "namespace"], &namespace);
        }
        if self.on("save-config") {
            let text = order::compact(&object) + "\n";
            object.set(&["metadata", "annotations", LAST_APPLIED], text);
        }
        if dry == DryRun::Client {
            return self.tell_made(&format, &object, &dry.done("created"));
        }
        match self.create(&kind, &namespace, object, dry)? {
            Ok(made) => self.report(&format, &made, &dry.done("created")),
            Err(fail) if failure.is_empty() => Err(Stop::Fail(fail)),
            Err(fail) => plain(format!("{failure}{}", fail.words())),
        }
    }
    /// Reports an object that was not sent.
    pub fn tell_made(&mut self, format: &Format, object: &Value, done: &str) -> Run {
        match format {
            Format::Default => self.report(format, object, done),
            other => self.print_typed(other, object),
        }
    }
    /// The one NAME of a command.
    pub fn one_name(&self) -> Run<Text> {
        let count = self.args.dash.unwrap_or(self.args.words.len());
        if count != 1 {
            return self.usage(format!("exactly one NAME is required, got {count}"));
        }
        Ok(self.args.words[0].clone())
    }
    /// What stands after `--` (or after the first words where there is none).
    pub fn after_dash(&self, words_before: usize) -> Vec<Text> {
        let from = self.args.dash.unwrap_or(words_before);
        self.args.words.get(from..).unwrap_or(&[]).to_vec()
    }
    /// Flags that must be given.
    pub fn require(&self, names: &[&str]) -> Run {
        let missing: Vec<String> = names.iter().filter(|name| !self.changed(name)).map(|name| format!("{name:?}")).collect();
        if missing.is_empty() { Ok(()) } else { plain(format!("required flag(s) {} not set", missing.join(", "))) }
    }
}

/// The text of the last-applied annotation for an object.
pub(crate) fn configuration(object: &Value) -> String {
    let mut clean = object.clone();
    clean.remove(&["metadata", "annotations", LAST_APPLIED]);
    if clean["metadata"]["annotations"].is_null() {
        clean.set(&["metadata", "annotations"], Value::map());
    }
    clean.to_json_go() + "\n"
}

/// Texts as a list value.
pub(crate) fn texts(items: &[Text]) -> Value {
    Value::List(items.iter().map(|item| Value::Str(item.clone())).collect())
}

/// `{ "name" => name }` metadata of a new object.
pub(crate) fn named(name: &str) -> Value {
    obj! { "name" => name }
}
