//! `Store`: the only place where state changes. Each commit gets the next revision and remembers its cause.

use crate::{Snapshot, hash};
use api::{Cause, Change, Expect, Status, WatchKind, Write};
use base::Time;
use imbl::OrdMap;
use model::{Key, Object};
use std::sync::Arc;

/// What happened at one revision.
#[derive(Clone, Debug)]
pub struct Commit {
    pub rev: u64,
    pub time: Time,
    pub cause: Cause,
    /// Added, Modified or Deleted.
    pub kind: WatchKind,
    pub key: Key,
    pub before: Option<Arc<Object>>,
    /// For a deletion: the last state, carrying the revision of the deletion.
    pub object: Arc<Object>,
}

/// The asked-for revision is older than the log reaches.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Gone {
    pub oldest: u64,
}

/// What somebody kept of a store, from which it is made again: the state at a revision, and the commits after it.
#[derive(Clone, Debug, Default)]
pub struct Kept {
    pub rev: u64,
    pub objects: Vec<Arc<Object>>,
    /// In order, without gaps. What was before each is found again.
    pub commits: Vec<Commit>,
    /// The hash of everything, commits included.
    pub hash: u64,
}

/// Objects, the log of commits, and a rolling hash over everything that ever happened.
#[derive(Clone)]
pub struct Store {
    now: Snapshot,
    log: OrdMap<u64, Arc<Commit>>,
    keep: usize,
    hash: u64,
}

impl Default for Store {
    fn default() -> Store {
        Store::new(100_000)
    }
}

impl Store {
    /// An empty store whose log keeps the last `keep` commits.
    pub fn new(keep: usize) -> Store {
        Store { now: Snapshot::default(), log: OrdMap::new(), keep, hash: hash::SEED }
    }
    /// The store that was kept. A commit that does not follow on the one before it is answered by its revision.
    pub fn restored(kept: Kept, keep: usize) -> Result<Store, u64> {
        let mut store = Store { hash: kept.hash, ..Store::new(keep.max(kept.commits.len())) };
        for object in kept.objects {
            store.now.put(&object.key(), Some(object));
        }
        store.now.rev = kept.rev;
        for mut commit in kept.commits {
            if commit.rev != store.now.rev + 1 {
                return Err(commit.rev);
            }
            commit.before = store.now.get(&commit.key).cloned();
            store.now.put(&commit.key, (commit.kind != WatchKind::Deleted).then(|| commit.object.clone()));
            store.now.rev = commit.rev;
            store.log.insert(commit.rev, Arc::new(commit));
        }
        Ok(store)
    }
    /// From now on keeps only the last `keep` commits.
    pub fn keep(&mut self, keep: usize) {
        self.keep = keep;
        while self.log.len() > keep {
            self.log = self.log.without_min().1;
        }
    }
    pub fn snapshot(&self) -> Snapshot {
        self.now.clone()
    }
    /// The current state, borrowed.
    pub fn now(&self) -> &Snapshot {
        &self.now
    }
    pub fn rev(&self) -> u64 {
        self.now.rev
    }
    /// The rolling hash of (revision, time, event, object) of all commits so far.
    pub fn hash(&self) -> u64 {
        self.hash
    }
    /// Makes one write happen, or says why not: a stale revision is a Conflict, a taken name AlreadyExists.
    pub fn commit(&mut self, write: Write, cause: Cause, now: Time) -> Result<Arc<Commit>, Status> {
        let before = self.now.get(&write.key).cloned();
        check(&write, before.as_deref())?;
        let rev = self.now.rev + 1;
        let (kind, object) = match (write.change, &before) {
            (Change::Put(value), None) => (WatchKind::Added, stamped(&write.key, value, rev)),
            (Change::Put(value), Some(_)) => (WatchKind::Modified, stamped(&write.key, value, rev)),
            (Change::Delete, Some(old)) => (WatchKind::Deleted, stamped(&write.key, old.value.clone(), rev)),
            (Change::Delete, None) => return Err(Status::not_found(&write.key.resource, &write.key.name)),
        };
        self.now.put(&write.key, if kind == WatchKind::Deleted { None } else { Some(object.clone()) });
        self.now.rev = rev;
        let commit = Arc::new(Commit { rev, time: now, cause, kind, key: write.key, before, object });
        self.hash = hash::roll(self.hash, &commit);
        self.log.insert(rev, commit.clone());
        if self.log.len() > self.keep {
            self.log = self.log.without(&(rev - self.keep as u64));
        }
        Ok(commit)
    }
    /// The commits after `rev`, oldest first; [`Gone`] if some of them are no longer kept.
    pub fn since(&self, rev: u64) -> Result<impl Iterator<Item = &Arc<Commit>>, Gone> {
        let oldest = self.oldest();
        if rev + 1 < oldest {
            return Err(Gone { oldest });
        }
        Ok(self.log.range(rev + 1..).map(|(_, commit)| commit))
    }
    /// The commit that made a revision, if it is still kept.
    pub fn commit_at(&self, rev: u64) -> Option<&Arc<Commit>> {
        self.log.get(&rev)
    }
    /// The oldest kept revision (the next one to come if there is none).
    pub fn oldest(&self) -> u64 {
        self.log.get_min().map_or(self.now.rev + 1, |(rev, _)| *rev)
    }
    /// The state as it was right after revision `rev`, by undoing later commits.
    pub fn at(&self, rev: u64) -> Result<Snapshot, Gone> {
        let later: Vec<&Arc<Commit>> = self.since(rev)?.collect();
        let mut then = self.snapshot();
        for commit in later.into_iter().rev() {
            then.put(&commit.key, commit.before.clone());
        }
        then.rev = rev.min(self.now.rev);
        Ok(then)
    }
}

fn check(write: &Write, before: Option<&Object>) -> Result<(), Status> {
    let (resource, name) = (&write.key.resource, &write.key.name);
    match (write.expect, before) {
        (Expect::Absent, None) => Ok(()),
        (Expect::Absent, Some(_)) => Err(Status::already_exists(resource, name)),
        (Expect::Revision(_), None) => Err(Status::not_found(resource, name)),
        (Expect::Revision(want), Some(old)) if old.meta.revision == want => Ok(()),
        (Expect::Revision(_), Some(_)) => Err(Status::modified(resource, name)),
    }
}

fn stamped(key: &Key, mut value: value::Value, rev: u64) -> Arc<Object> {
    value.set(&["metadata", "resourceVersion"], rev.to_string());
    Arc::new(Object::new(&key.resource, value))
}

#[cfg(test)]
mod tests {
    use super::*;
    use api::Origin;
    use base::Rng;
    use model::resource::PODS;
    use value::obj;

    fn pod(name: &str, node: &str) -> value::Value {
        obj! {
            "apiVersion" => "v1", "kind" => "Pod",
            "metadata" => obj! { "name" => name, "namespace" => "default", "uid" => name },
            "spec" => obj! { "nodeName" => node },
        }
    }

    fn put(store: &mut Store, name: &str, node: &str, expect: Expect) -> Result<Arc<Commit>, Status> {
        let write = Write { key: Key::new(&PODS, "default", name), expect, change: Change::Put(pod(name, node)) };
        store.commit(write, Cause::new("test", Origin::Start), Time::EPOCH)
    }

    #[test]
    fn preconditions_hold() {
        let mut store = Store::default();
        assert_eq!(put(&mut store, "a", "", Expect::Absent).map(|c| c.rev), Ok(1));
        assert_eq!(put(&mut store, "a", "", Expect::Absent).map(|c| c.rev).unwrap_err().reason, "AlreadyExists");
        assert_eq!(put(&mut store, "a", "n1", Expect::Revision(1)).map(|c| c.rev), Ok(2));
        assert_eq!(put(&mut store, "a", "n2", Expect::Revision(1)).map(|c| c.rev).unwrap_err().reason, "Conflict");
        assert_eq!(store.now().pods_on("n1").count(), 1);
        assert_eq!(store.at(1).map(|s| s.pods_on("n1").count()), Ok(0));
    }

    #[test]
    fn undoing_equals_the_old_snapshot() {
        let (mut store, mut rng) = (Store::default(), Rng::new(3));
        let mut old = Vec::new();
        for _ in 0..300 {
            let name = format!("p{}", rng.below(20));
            let key = Key::new(&PODS, "default", name.as_str());
            let (expect, change) = match store.now().get(&key).map(|o| o.meta.revision) {
                None => (Expect::Absent, Change::Put(pod(&name, &format!("n{}", rng.below(3))))),
                Some(rev) if rng.chance(40) => (Expect::Revision(rev), Change::Delete),
                Some(rev) => (Expect::Revision(rev), Change::Put(pod(&name, &format!("n{}", rng.below(3))))),
            };
            store.commit(Write { key, expect, change }, Cause::new("test", Origin::Start), Time::EPOCH).expect("a valid write");
            old.push(store.snapshot());
        }
        for then in &old {
            let again = store.at(then.rev()).expect("kept");
            assert!(again.objects == then.objects && again.index == then.index && again.rev == then.rev);
        }
    }

    #[test]
    fn a_kept_store_is_made_again() {
        let mut store = Store::default();
        put(&mut store, "a", "", Expect::Absent).expect("new");
        let kept_state: Vec<Arc<Object>> = store.now().all().cloned().collect();
        put(&mut store, "a", "n1", Expect::Revision(1)).expect("there");
        put(&mut store, "b", "", Expect::Absent).expect("new");
        let bare = |commit: &Arc<Commit>| Commit { before: None, ..(**commit).clone() };
        let kept = |from: u64| Kept {
            rev: 1,
            objects: kept_state.clone(),
            commits: store.since(from).expect("kept").map(bare).collect(),
            hash: store.hash(),
        };
        let mut again = Store::restored(kept(1), 10).expect("no gap");
        assert!(again.now().objects == store.now().objects && again.now().index == store.now().index);
        assert_eq!((again.rev(), again.oldest(), again.hash()), (3, 2, store.hash()));
        assert!(again.commit_at(2).is_some_and(|c| c.before.as_ref().is_some_and(|b| b.meta.revision == 1)));
        again.keep(1);
        assert_eq!((again.oldest(), again.since(1).err()), (3, Some(Gone { oldest: 3 })));
        assert_eq!(Store::restored(kept(2), 10).err(), Some(3));
    }

    #[test]
    fn a_short_log_says_gone() {
        let mut store = Store::new(2);
        for name in ["a", "b", "c"] {
            put(&mut store, name, "", Expect::Absent).expect("new");
        }
        assert_eq!(store.since(0).err(), Some(Gone { oldest: 2 }));
        assert_eq!(store.since(1).map(|c| c.count()).ok(), Some(2));
    }
}
