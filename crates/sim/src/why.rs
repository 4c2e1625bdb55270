//! Why: the chain of causes behind an object, read from the commits that were recorded.

use crate::world::World;
use api::{Origin, WatchKind};
use base::{Text, Time};
use model::Key;
use std::sync::Arc;
use store::Commit;

/// One link of a chain of causes.
#[derive(Clone, PartialEq, Debug)]
pub struct Link {
    pub rev: u64,
    pub time: Time,
    /// Who did it.
    pub by: Text,
    pub kind: WatchKind,
    pub key: Key,
    /// In words: `replicaset-controller created pod default/web-x`.
    pub text: String,
}

/// A chain may not be longer (causes always have smaller revisions, so it ends anyway).
const LONGEST: usize = 64;

impl World {
    /// The commit that made an object what it is, and what caused that, back to a person or the cluster's birth.
    pub fn why(&self, key: &Key) -> Vec<Link> {
        let found = self.snapshot().get(key).map(|o| o.meta.revision).or_else(|| self.last_commit(key).map(|c| c.rev));
        found.map(|rev| self.chain(rev)).unwrap_or_default()
    }
    /// Why an object was created.
    pub fn why_created(&self, key: &Key) -> Vec<Link> {
        let created = self.history(key).find(|c| c.kind == WatchKind::Added).map(|c| c.rev);
        created.map(|rev| self.chain(rev)).unwrap_or_default()
    }
    /// All commits of an object that are still kept, oldest first.
    pub fn history<'a>(&'a self, key: &'a Key) -> impl Iterator<Item = &'a Arc<Commit>> + use<'a> {
        let store = self.control().store();
        let from = store.oldest().saturating_sub(1);
        store.since(from).into_iter().flatten().filter(move |c| c.key == *key)
    }
    fn last_commit<'a>(&'a self, key: &'a Key) -> Option<&'a Arc<Commit>> {
        self.history(key).last()
    }
    /// The chain of causes of a revision, the revision itself first.
    pub fn chain(&self, rev: u64) -> Vec<Link> {
        let mut links = Vec::new();
        let mut next = Some(rev);
        while let Some(commit) = next.and_then(|rev| self.control().store().commit_at(rev)) {
            links.push(link(commit));
            next = match commit.cause.from {
                Origin::Revision(from) | Origin::Timer(from) if from < commit.rev && links.len() < LONGEST => Some(from),
                Origin::Revision(_) | Origin::Timer(_) | Origin::Input(_) | Origin::Start => None,
            };
        }
        links
    }
}

fn link(commit: &Arc<Commit>) -> Link {
    let verb = match commit.kind {
        WatchKind::Added => "created",
        WatchKind::Deleted => "deleted",
        WatchKind::Modified | WatchKind::Bookmark | WatchKind::Error => "changed",
    };
    let (plural, _) = model::resource::split(&commit.key.resource);
    let kind = commit.object.kind().to_lowercase();
    let what = if kind.is_empty() { plural.to_string() } else { kind };
    Link {
        rev: commit.rev,
        time: commit.time,
        by: commit.cause.by.clone(),
        kind: commit.kind,
        key: commit.key.clone(),
        text: format!("{} {verb} {what} {}{}", commit.cause.by, commit.key.path(), details(commit)),
    }
}

/// The fields that changed, for a change.
fn details(commit: &Commit) -> String {
    let Some(before) = &commit.before else { return String::new() };
    if commit.kind != WatchKind::Modified {
        return String::new();
    }
    let changes = value::patch::diff(&before.value, &commit.object.value);
    let mut paths: Vec<String> = changes
        .iter()
        .map(|c| c.path.to_string())
        .filter(|p| !p.contains("resourceVersion") && !p.contains("managedFields"))
        .collect();
    let more = paths.len().saturating_sub(3);
    paths.truncate(3);
    let rest = if more > 0 { format!(" and {more} more") } else { String::new() };
    format!(" ({}{rest})", paths.join(", "))
}
