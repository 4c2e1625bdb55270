//! `get -w`: each change as a row or an object, as it comes.

use crate::call::Answer;
use crate::fail::Fail;
use crate::follow::Io;
use crate::printer::{Format, without_managed_fields};
use crate::rows::{TablePrinter, plain_table};
use api::{Status, WatchKind};
use base::Time;
use value::{Value, obj};

/// How changes are printed.
#[derive(Clone)]
pub(crate) enum Shape {
    Rows(TablePrinter),
    Objects(Format),
}

/// A watch that prints what it is told.
#[derive(Clone)]
pub(crate) struct WatchPrinter {
    pub stream: u64,
    pub shape: Shape,
    pub deadline: Time,
    /// The kind of each event is printed too.
    events: bool,
    documents: u32,
}

impl WatchPrinter {
    pub fn new(shape: Shape, events: bool, deadline: Time) -> WatchPrinter {
        WatchPrinter { stream: 0, shape, deadline, events, documents: 0 }
    }
    /// What is printed for one event (or for the state at the start, as `ADDED`).
    pub fn text(&mut self, event: &str, object: &Value) -> String {
        match &mut self.shape {
            Shape::Rows(printer) => {
                let plain;
                let table = if object["kind"].s() == "Table" {
                    object
                } else {
                    plain = plain_table(std::slice::from_ref(object), Time::EPOCH);
                    &plain
                };
                printer.text(table, event)
            }
            Shape::Objects(format) => {
                let mut object = without_managed_fields(object);
                if self.events {
                    object = obj! { "type" => event, "object" => object };
                    if matches!(format, Format::Json) {
                        let inner = object["object"].to_json_go();
                        return format!("{{\"type\":{:?},\"object\":{inner}}}\n", event);
                    }
                }
                let divider = if matches!(format, Format::Yaml) && self.documents > 0 { "---\n" } else { "" };
                self.documents += 1;
                divider.to_string() + &format.render(&object).0
            }
        }
    }
    pub fn answer(&mut self, id: u64, answer: Answer, io: &mut Io) -> Option<i32> {
        if id != self.stream {
            return None;
        }
        match answer {
            Answer::Event(event) if event.kind == WatchKind::Bookmark => None,
            Answer::Event(event) if event.kind == WatchKind::Error => {
                io.output.err(&Fail::Server(Status::of(&event.object)).message());
                Some(1)
            }
            Answer::Event(event) => {
                let text = self.text(event.kind.as_str(), &event.object);
                io.output.out(&text);
                None
            }
            Answer::Failed(status) => {
                io.output.err(&Fail::Server(status).message());
                Some(1)
            }
            Answer::Closed => Some(0),
            Answer::Reply(_)
            | Answer::Data { .. }
            | Answer::Exit(_)
            | Answer::File(_)
            | Answer::Folder(_)
            | Answer::Written(_)
            | Answer::Edited(_) => None,
        }
    }
}
