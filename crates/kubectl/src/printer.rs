//! `-o`: what an object looks like in each output format. Models k8s.io/cli-runtime/pkg/printers and genericclioptions PrintFlags.

use crate::columns::Columns;
use crate::ctx::Ctx;
use crate::fail::{Fail, Run, Stop, plain};
use crate::kinds::show_object;
use crate::kyaml;
use crate::order;
use crate::template::GoTemplate;
use base::Text;
use value::{Value, jsonpath::Template};

/// An output format, ready to print.
#[derive(Clone)]
pub(crate) enum Format {
    /// No `-o`: a table, or one line about what was done.
    Default,
    Wide,
    Json,
    Yaml,
    Kyaml,
    Name,
    JsonPath {
        template: Template,
        text: Text,
    },
    JsonPathAsJson {
        template: Template,
        text: Text,
    },
    Go(GoTemplate),
    Columns(Columns),
}

/// Formats that every command with `-o` has.
const OBJECTS: &str =
    "go-template,go-template-file,json,jsonpath,jsonpath-as-json,jsonpath-file,kyaml,name,template,templatefile,yaml";
/// Those of `get`.
const TABLES: &str = "custom-columns,custom-columns-file,go-template,go-template-file,json,jsonpath,jsonpath-as-json,jsonpath-file,kyaml,name,template,templatefile,wide,yaml";

impl Ctx<'_> {
    /// The `-o` of a command that prints objects.
    pub fn format(&mut self) -> Run<Format> {
        self.format_of(false)
    }
    /// The `-o` of `get`, which has tables too.
    pub fn table_format(&mut self) -> Run<Format> {
        self.format_of(true)
    }
    fn format_of(&mut self, tables: bool) -> Run<Format> {
        let output = self.flag("output");
        let mut template = self.flag("template");
        if output.is_empty() {
            return if template.is_empty() { Ok(Format::Default) } else { GoTemplate::parse(&template).map(Format::Go) };
        }
        let (word, argument) = output.split_once('=').unwrap_or((&output, ""));
        let lower = word.to_lowercase();
        let templated = ["jsonpath", "go-template", "template", "custom-columns"].iter().any(|prefix| lower.starts_with(prefix));
        let known = if tables { TABLES } else { OBJECTS };
        let allowed = known.split(',').any(|name| name == lower) && (templated || !output.contains('='));
        if !allowed {
            return plain(format!(
                "unable to match a printer suitable for the output format {:?}, allowed formats are: {known}",
                output.as_str()
            ));
        }
        if !argument.is_empty() {
            template = argument.into();
        }
        self.chosen(&lower, template)
    }
    fn chosen(&mut self, word: &str, template: Text) -> Run<Format> {
        Ok(match word {
            "wide" => Format::Wide,
            "json" => Format::Json,
            "yaml" => Format::Yaml,
            "name" => Format::Name,
            "kyaml" => Format::Kyaml,
            "custom-columns" => Format::Columns(Columns::parse(&template, self.on("no-headers"))?),
            "custom-columns-file" if template.is_empty() => {
                return plain("custom-columns format specified but no custom columns given");
            }
            "custom-columns-file" => {
                let text = self.template_file(&template, "error reading template")?;
                Format::Columns(Columns::of_file(&text, self.on("no-headers"))?)
            }
            _ if template.is_empty() => return plain("template format specified but no template given"),
            "jsonpath" | "jsonpath-as-json" | "jsonpath-file" => {
                let text =
                    if word == "jsonpath-file" { self.template_file(&template, "error reading --template")? } else { template };
                let parsed =
                    Template::parse(&text).map_err(|why| Fail::Plain(format!("error parsing jsonpath {text}, {why}")))?;
                if word == "jsonpath-as-json" {
                    Format::JsonPathAsJson { template: parsed, text }
                } else {
                    Format::JsonPath { template: parsed, text }
                }
            }
            "go-template" | "template" => Format::Go(GoTemplate::parse(&template)?),
            _ => {
                let text = self.template_file(&template, "error reading --template")?;
                Format::Go(GoTemplate::parse(&text)?)
            }
        })
    }
    fn template_file(&mut self, path: &str, words: &str) -> Run<Text> {
        match self.read_file(path)? {
            Ok(text) => Ok(text),
            Err(why) => plain(format!("{words} {path}, open {path}: {}", why.words())),
        }
    }
    /// One line such as `deployment.apps/web scaled`, or the object in the format that was asked for. `dry` is the note of a dry run.
    pub fn report(&mut self, format: &Format, object: &Value, done: &str) -> Run {
        match format {
            Format::Default => {
                self.say(&format!("{} {done}", show_object(object)));
                Ok(())
            }
            other => self.print(other, object),
        }
    }
    /// An object (or list) in a format other than a table.
    pub fn print(&mut self, format: &Format, object: &Value) -> Run {
        let object =
            if matches!(format, Format::Json | Format::Yaml | Format::Kyaml) { self.shown(object) } else { object.clone() };
        if matches!(format, Format::Yaml) && self.next_yaml() {
            self.out("---\n");
        }
        let (text, failure) = format.clone().render(&object);
        self.out(&text);
        failure.map_or(Ok(()), |fail| Err(Stop::Fail(fail)))
    }
    /// As [`Ctx::print`], for an object that this program made: JSON has its fields in the order of the Go types.
    pub fn print_typed(&mut self, format: &Format, object: &Value) -> Run {
        if matches!(format, Format::Json) {
            let text = order::json(&self.shown(object));
            self.out(&text);
            return Ok(());
        }
        self.print(format, object)
    }
    /// The object without what is hidden by default.
    pub fn shown(&self, object: &Value) -> Value {
        if self.on("show-managed-fields") { object.clone() } else { without_managed_fields(object) }
    }
}

impl Format {
    /// The text of an object (or list), and what went wrong on the way. Custom columns print their headers the first time.
    pub fn render(&mut self, object: &Value) -> (String, Option<Fail>) {
        let evaluated = |result: Result<String, String>, text: &str| match result {
            Ok(text) => (text, None),
            Err(why) => (String::new(), Some(path_failure(&why, text, object))),
        };
        match self {
            Format::Default | Format::Name | Format::Wide => (names(object), None),
            Format::Json => (object.to_json_pretty() + "\n", None),
            Format::Yaml => (object.to_yaml(), None),
            Format::Kyaml => (kyaml::document(object), None),
            Format::JsonPath { template, text } => evaluated(template.eval(object), text),
            Format::JsonPathAsJson { template, text } => evaluated(template.eval_json(object), text),
            Format::Go(template) => match template.eval(object) {
                Ok(text) => (text, None),
                Err(why) => {
                    let fail = Fail::Plain(format!("error executing template {:?}: {why}", template.text.as_str()));
                    (template.complaint(&why, object), Some(fail))
                }
            },
            Format::Columns(columns) => columns.table(std::slice::from_ref(object)),
        }
    }
}

/// The object, or each item of a list, without `metadata.managedFields`.
pub(crate) fn without_managed_fields(object: &Value) -> Value {
    let mut object = object.clone();
    object.remove(&["metadata", "managedFields"]);
    if object["items"].as_list().is_some() && object["kind"].s().ends_with("List") {
        for item in object.at_mut(&["items"]).as_list_mut() {
            item.remove(&["metadata", "managedFields"]);
        }
    }
    object
}

fn names(object: &Value) -> String {
    match object["items"].as_list() {
        Some(items) if object["kind"].s().ends_with("List") => items.iter().map(|item| show_object(item) + "\n").collect(),
        _ => show_object(object) + "\n",
    }
}

fn path_failure(why: &str, text: &str, object: &Value) -> Fail {
    Fail::Plain(format!(
        "error executing jsonpath {text:?}: Error executing template: {why}. Printing more information for debugging the template:\n\ttemplate was:\n\t\t{text}\n\tobject given to jsonpath engine was:\n\t\t{}\n\n\n",
        object.to_go_syntax()
    ))
}
