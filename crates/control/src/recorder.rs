//! Notes become Events: the same note again raises a count, many similar ones are merged.
//! Models client-go/tools/record (EventCorrelator) and, for the scheduler, tools/events.

use api::Note;
use base::{Duration, Text, Time};
use std::collections::BTreeMap;
use value::{Value, obj};

/// From this many different messages of one reason on, they are merged into one event.
const SIMILAR: u32 = 10;
/// Similar messages are counted within this time.
const WINDOW: Duration = Duration::from_secs(600);
/// The component that writes events by the newer API (events.k8s.io/v1).
const SCHEDULER: &str = "default-scheduler";
/// How many notes are remembered for certain; at twice as many the older half is forgotten.
const REMEMBERED: usize = 4096;

/// What was written before, by the identity of a note.
#[derive(Clone, Default)]
pub struct Recorder {
    seen: BTreeMap<Text, Seen>,
    similar: BTreeMap<Text, Similar>,
    /// How many events were made.
    made: i64,
    /// How many notes came.
    told: usize,
}

#[derive(Clone)]
struct Seen {
    namespace: Text,
    name: Text,
    count: i64,
    /// The number of the note that made it.
    first: usize,
}

#[derive(Clone)]
struct Similar {
    messages: Vec<Text>,
    at: Time,
    /// The number of the last note.
    last: usize,
}

/// What to write for a note.
#[derive(Clone, PartialEq, Debug)]
pub enum Entry {
    Create(Value),
    /// Namespace, name, and a merge patch that raises the count.
    Raise(Text, Text, Value),
    /// Only counted.
    Nothing,
}

impl Recorder {
    /// The write for a note at `now`.
    pub fn record(&mut self, note: &Note, now: Time) -> Entry {
        self.told += 1;
        self.shrink();
        let (key, message) = if note.source == SCHEDULER {
            (identity(note), note.message.clone())
        } else {
            self.merge(note, group_key(note), now)
        };
        if let Some(seen) = self.seen.get_mut(&key) {
            seen.count += 1;
            return seen.again(note, &message, now);
        }
        // The name ends in the nanoseconds of its making, so that a list of events is in order of time.
        self.made += 1;
        let nanos = now.as_micros() * 1000 + self.made % 1000;
        let name: Text = format!("{}.{nanos:016x}", note.about["name"].s()).into();
        let namespace = match note.about["namespace"].s() {
            "" => base::text!("default"),
            namespace => namespace.into(),
        };
        self.seen.insert(key, Seen { namespace: namespace.clone(), name: name.clone(), count: 1, first: self.told });
        Entry::Create(event(note, &message, (&namespace, &name), now))
    }
    /// Forgets an event that is no longer stored.
    pub fn forget(&mut self, namespace: &str, name: &str) {
        self.seen.retain(|_, seen| seen.namespace != namespace || seen.name != name);
    }
    /// The identity under which a note is counted, and its text.
    fn merge(&mut self, note: &Note, group: Text, now: Time) -> (Text, Text) {
        let new = || Similar { messages: Vec::new(), at: now, last: 0 };
        let similar = self.similar.entry(group.clone()).or_insert_with(new);
        if now - similar.at > WINDOW {
            similar.messages.clear();
        }
        (similar.at, similar.last) = (now, self.told);
        if !similar.messages.contains(&note.message) && similar.messages.len() < SIMILAR as usize {
            similar.messages.push(note.message.clone());
        }
        if similar.messages.len() < SIMILAR as usize {
            return ([&*group, "/", &note.message].concat().into(), note.message.clone());
        }
        (group, format!("(combined from similar events): {}", note.message).into())
    }
    /// Forgetting many at once costs little for each.
    fn shrink(&mut self) {
        let oldest = self.told.saturating_sub(REMEMBERED);
        if self.seen.len() > 2 * REMEMBERED {
            self.seen.retain(|_, seen| seen.first > oldest);
        }
        if self.similar.len() > 2 * REMEMBERED {
            self.similar.retain(|_, similar| similar.last > oldest);
        }
    }
}

impl Seen {
    /// A repeated note: a raised count; the newer API of the scheduler writes a series once and then only counts.
    fn again(&self, note: &Note, message: &Text, now: Time) -> Entry {
        let patch = if note.source != SCHEDULER {
            obj! { "count" => self.count, "lastTimestamp" => now, "message" => message }
        } else if self.count == 2 {
            obj! { "series" => obj! { "count" => 2, "lastObservedTime" => now.rfc3339_micro() } }
        } else {
            return Entry::Nothing;
        };
        Entry::Raise(self.namespace.clone(), self.name.clone(), patch)
    }
}

/// The newer events API tells notes apart by the revision of what they are about, not by their text.
fn identity(note: &Note) -> Text {
    [&*group_key(note), "@", note.about["resourceVersion"].s()].concat().into()
}

fn group_key(note: &Note) -> Text {
    let about = &note.about;
    let kind = if note.warning { "|W|" } else { "|N|" };
    [&*note.source, "|", &note.host, "|", about["uid"].s(), "|", about["fieldPath"].s(), kind, &note.reason].concat().into()
}

fn event(note: &Note, message: &Text, (namespace, name): (&Text, &Text), now: Time) -> Value {
    let mut event = obj! {
        "apiVersion" => "v1", "kind" => "Event",
        "metadata" => obj! { "name" => name, "namespace" => namespace },
        "involvedObject" => &note.about,
        "reason" => &note.reason, "message" => message,
        "type" => if note.warning { "Warning" } else { "Normal" },
        "reportingComponent" => &note.source, "reportingInstance" => &note.host,
        "source" => obj! {}, "firstTimestamp" => Value::Null, "lastTimestamp" => Value::Null, "eventTime" => Value::Null,
    };
    if note.source == SCHEDULER {
        event.set(&["eventTime"], now.rfc3339_micro());
        event.set(&["reportingInstance"], "default-scheduler-control-plane");
        event.set(
            &["action"],
            if note.reason == "Preempted" {
                "Preempting"
            } else if note.warning {
                "Scheduling"
            } else {
                "Binding"
            },
        );
        return event;
    }
    event.set(&["source", "component"], &note.source);
    if !note.host.is_empty() {
        event.set(&["source", "host"], &note.host);
    }
    event.set(&["count"], 1);
    event.set(&["firstTimestamp"], now);
    event.set(&["lastTimestamp"], now);
    event
}

#[cfg(test)]
mod tests {
    use super::*;

    fn note(message: &str) -> Note {
        Note {
            about: obj! { "kind" => "Pod", "name" => "web", "namespace" => "a", "uid" => "u" },
            warning: true,
            reason: "BackOff".into(),
            message: message.into(),
            source: "kubelet".into(),
            host: "node-1".into(),
        }
    }

    #[test]
    fn repeats_are_counted_and_floods_merged() {
        let mut recorder = Recorder::default();
        assert!(matches!(recorder.record(&note("m0"), Time::EPOCH), Entry::Create(_)));
        let Entry::Raise(_, _, patch) = recorder.record(&note("m0"), Time::EPOCH) else { panic!("counted") };
        assert_eq!(patch["count"].as_i64(), Some(2));
        for i in 1..9 {
            assert!(matches!(recorder.record(&note(&format!("m{i}")), Time::EPOCH), Entry::Create(_)), "{i}");
        }
        let Entry::Create(merged) = recorder.record(&note("m9"), Time::EPOCH) else { panic!("a merged event") };
        assert_eq!(merged["message"].s(), "(combined from similar events): m9");
        assert!(matches!(recorder.record(&note("m10"), Time::EPOCH), Entry::Raise(..)));
    }
}
