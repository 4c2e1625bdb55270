//! Pods that wait to be placed: ready ones by priority and time of entry, refused ones until something they wait for
//! happens. Models pkg/scheduler/backend/queue.

use base::{Duration, Time};
use model::Key;
use std::collections::BTreeMap;

/// Ready and waiting pods.
#[derive(Clone, Default)]
pub struct Queue {
    /// (lowest first: -priority, time of entry, counter)
    active: BTreeMap<(i64, Time, u64), Key>,
    places: BTreeMap<Key, (i64, Time, u64)>,
    waiting: BTreeMap<Key, Waiting>,
    counter: u64,
}

/// A pod that no node could take.
#[derive(Clone, PartialEq, Debug)]
pub struct Waiting {
    /// The plugins that refused it somewhere.
    pub plugins: Vec<&'static str>,
    pub priority: i64,
    /// Retried at this time in any case (refusals that count as errors).
    pub retry_at: Option<Time>,
}

impl Queue {
    pub fn push(&mut self, key: Key, priority: i64, at: Time) {
        self.remove(&key);
        self.counter += 1;
        let place = (-priority, at, self.counter);
        self.places.insert(key.clone(), place);
        self.active.insert(place, key);
    }
    pub fn pop(&mut self) -> Option<Key> {
        let (_, key) = self.active.pop_first()?;
        self.places.remove(&key);
        Some(key)
    }
    pub fn has_active(&self) -> bool {
        !self.active.is_empty()
    }
    pub fn next_retry(&self) -> Option<Time> {
        self.waiting.values().filter_map(|w| w.retry_at).min()
    }
    pub fn remove(&mut self, key: &Key) {
        if let Some(place) = self.places.remove(key) {
            self.active.remove(&place);
        }
        self.waiting.remove(key);
    }
    pub fn contains(&self, key: &Key) -> bool {
        self.places.contains_key(key) || self.waiting.contains_key(key)
    }
    pub fn wait(&mut self, key: Key, waiting: Waiting) {
        self.remove(&key);
        self.waiting.insert(key, waiting);
    }
    pub fn priority(&self, key: &Key) -> i64 {
        self.waiting.get(key).map_or(0, |w| w.priority)
    }
    /// The waiting pods for which `wakes` answers true.
    pub fn woken(&self, wakes: &dyn Fn(&Key, &Waiting) -> bool) -> Vec<Key> {
        self.waiting.iter().filter(|(key, waiting)| wakes(key, waiting)).map(|(key, _)| key.clone()).collect()
    }
}

/// The wait before attempt n+1 of a failure that counts as an error: 1 s, doubled to 10 s, and the flush that follows.
pub fn backoff(attempts: u32) -> Duration {
    Duration::from_secs((1i64 << attempts.saturating_sub(1).min(4)).min(10) + 1) - Duration::from_millis(200)
}
