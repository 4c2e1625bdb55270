//! What clients asked and were answered, and whether that fits what a watch saw.

use std::collections::BTreeMap;
use std::sync::Mutex;
use std::sync::atomic::{AtomicU64, Ordering};

#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Change {
    /// A create, an update or a patch.
    Put,
    Delete,
}

#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Outcome {
    /// Answered, with the revision if the answer tells it.
    Done(u64),
    Refused,
    /// The connection broke off, or the server failed.
    Unknown,
}

#[derive(Clone, Debug)]
struct Operation {
    key: String,
    op: String,
    change: Change,
    outcome: Outcome,
    /// The newest revision that anybody had been answered when it began.
    begun: u64,
}

/// One event of a watch.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Seen {
    pub rev: u64,
    pub deleted: bool,
    pub key: String,
    /// The operation that wrote the object.
    pub op: String,
}

/// Everything that clients did.
#[derive(Default)]
pub struct History {
    operations: Mutex<Vec<Operation>>,
    newest: AtomicU64,
}

type Objects = BTreeMap<String, (u64, String)>;

impl History {
    /// The newest revision that was answered.
    pub fn newest(&self) -> u64 {
        self.newest.load(Ordering::SeqCst)
    }
    /// To be called before a request is sent.
    pub fn begin(&self) -> u64 {
        self.newest()
    }
    pub fn add(&self, (key, op): (&str, &str), change: Change, outcome: Outcome, begun: u64) {
        if let Outcome::Done(rev) = outcome {
            self.newest.fetch_max(rev, Ordering::SeqCst);
        }
        let operation = Operation { key: key.into(), op: op.into(), change, outcome, begun };
        self.operations.lock().expect("no panic").push(operation);
    }
    pub fn len(&self) -> usize {
        self.operations.lock().expect("no panic").len()
    }
    /// What does not fit: the events of a watch over everything, and the objects that are there at the end.
    pub fn check(&self, seen: &[Seen], end: &Objects) -> Vec<String> {
        let operations = self.operations.lock().expect("no panic");
        let mut findings = Vec::new();
        puts(&operations, seen, &mut findings);
        deletes(&operations, seen, &mut findings);
        if replayed(seen) != *end {
            findings.push("what the events lead to is not what is there".into());
        }
        findings
    }
}

/// Each answered write is seen at its revision, later than everything that was answered before it began; nothing is seen that
/// was not asked, or twice.
fn puts(operations: &[Operation], seen: &[Seen], findings: &mut Vec<String>) {
    let mut written: BTreeMap<&str, u64> = BTreeMap::new();
    for event in seen.iter().filter(|event| !event.deleted) {
        if let Some(first) = written.insert(&event.op, event.rev) {
            findings.push(format!("{} was written at {first} and again at {}", event.op, event.rev));
        }
    }
    for operation in operations.iter().filter(|operation| operation.change == Change::Put) {
        let found = written.remove(operation.op.as_str());
        match (operation.outcome, found) {
            (Outcome::Done(rev), Some(at)) if rev == at => {
                if rev <= operation.begun {
                    findings.push(format!("{operation:?} is older than what was answered before"));
                }
            }
            (Outcome::Done(_), found) => findings.push(format!("{operation:?} was answered, and seen at {found:?}")),
            (Outcome::Refused, Some(at)) => findings.push(format!("{operation:?} was refused, and seen at {at}")),
            (Outcome::Refused, None) | (Outcome::Unknown, _) => {}
        }
    }
    findings.extend(written.iter().map(|(op, rev)| format!("nobody asked for {op}, seen at {rev}")));
}

/// Deletions do not tell their revision: they are counted.
fn deletes(operations: &[Operation], seen: &[Seen], findings: &mut Vec<String>) {
    let mut counts: BTreeMap<&str, (usize, usize, usize)> = BTreeMap::new();
    for operation in operations.iter().filter(|operation| operation.change == Change::Delete) {
        let count = counts.entry(&operation.key).or_default();
        match operation.outcome {
            Outcome::Done(_) => count.0 += 1,
            Outcome::Unknown => count.1 += 1,
            Outcome::Refused => {}
        }
    }
    for event in seen.iter().filter(|event| event.deleted) {
        counts.entry(&event.key).or_default().2 += 1;
    }
    for (key, (done, unknown, seen)) in counts {
        if seen < done || seen > done + unknown {
            findings.push(format!("{key}: {done} deletions were answered, {unknown} perhaps happened, {seen} were seen"));
        }
    }
}

fn replayed(seen: &[Seen]) -> Objects {
    let mut objects = Objects::new();
    for event in seen {
        if event.deleted {
            objects.remove(&event.key);
        } else {
            objects.insert(event.key.clone(), (event.rev, event.op.clone()));
        }
    }
    objects
}

#[test]
fn the_checker_finds_what_is_wrong() {
    let put = |rev, op: &str| Seen { rev, deleted: false, key: "a".into(), op: op.into() };
    let gone = |rev| Seen { rev, deleted: true, key: "a".into(), op: "1".into() };
    let findings = |asked: &[(&str, Change, Outcome, u64)], seen: &[Seen]| {
        let history = History::default();
        asked.iter().for_each(|(op, change, outcome, begun)| history.add(("a", op), *change, *outcome, *begun));
        history.check(seen, &replayed(seen)).len()
    };
    let done = |rev| ("1", Change::Put, Outcome::Done(rev), 0);
    let delete = |outcome| ("2", Change::Delete, outcome, 0);
    assert_eq!(findings(&[done(5)], &[put(5, "1")]), 0);
    assert_eq!(findings(&[done(5)], &[]), 1, "lost");
    assert_eq!(findings(&[done(5)], &[put(6, "1")]), 1, "at another revision");
    assert_eq!(findings(&[done(5)], &[put(5, "1"), put(6, "1")]), 2, "twice");
    assert_eq!(findings(&[("1", Change::Put, Outcome::Done(5), 5)], &[put(5, "1")]), 1, "before it began");
    assert_eq!(findings(&[("1", Change::Put, Outcome::Unknown, 0)], &[put(5, "1")]), 0);
    assert_eq!(findings(&[("1", Change::Put, Outcome::Refused, 0)], &[put(5, "1")]), 1, "refused and done");
    assert_eq!(findings(&[], &[put(5, "1")]), 1, "out of nothing");
    assert_eq!(findings(&[done(5), delete(Outcome::Done(0))], &[put(5, "1"), gone(6)]), 0);
    assert_eq!(findings(&[done(5), delete(Outcome::Done(0))], &[put(5, "1")]), 1, "a lost deletion");
    assert_eq!(findings(&[done(5), delete(Outcome::Unknown)], &[put(5, "1")]), 0);
    assert_eq!(findings(&[done(5)], &[put(5, "1"), gone(6)]), 1, "a deletion out of nothing");
    let history = History::default();
    history.add(("a", "1"), Change::Put, Outcome::Done(5), 0);
    assert_eq!(history.check(&[put(5, "1")], &Objects::new()).len(), 1, "a list that says otherwise");
}
