//! The work queue: which controller looks at which key, and when. A key waits once per controller, at its earliest time.
//! Models client-go's rate-limited, delaying work queue.

use base::{Duration, Time};
use model::Key;
use std::collections::BTreeMap;

/// (controller's place in the registry, key)
type Item = (u16, Key);

/// Keys by due time, each at most once per controller.
#[derive(Clone, Default)]
pub struct Queue {
    due: BTreeMap<(Time, u64), (Item, u64)>,
    waiting: BTreeMap<Item, (Time, u64)>,
    failures: BTreeMap<Item, u32>,
    /// Ties at one time are served first come, first served.
    counter: u64,
}

impl Queue {
    /// Adds a key, or brings it forward if it waits for a later time. `trigger` is the revision that caused it.
    pub fn add(&mut self, controller: u16, key: Key, at: Time, trigger: u64) {
        let item = (controller, key);
        if let Some(place) = self.waiting.get(&item) {
            if place.0 <= at {
                return;
            }
            self.due.remove(place);
        }
        self.counter += 1;
        let place = (at, self.counter);
        self.waiting.insert(item.clone(), place);
        self.due.insert(place, (item, trigger));
    }
    /// The next key that is due at `now`: controller, key, triggering revision.
    pub fn pop(&mut self, now: Time) -> Option<(u16, Key, u64)> {
        let first = self.due.first_entry()?;
        if first.key().0 > now {
            return None;
        }
        let ((controller, key), trigger) = first.remove();
        let item = (controller, key);
        self.waiting.remove(&item);
        Some((item.0, item.1, trigger))
    }
    pub fn next(&self) -> Option<Time> {
        self.due.first_key_value().map(|((at, _), _)| *at)
    }
    /// Adds a key again after a refusal: 5 ms, doubled each time, at most 1000 s.
    pub fn retry(&mut self, controller: u16, key: Key, now: Time, trigger: u64) {
        let failures = self.failures.entry((controller, key.clone())).or_insert(0);
        let wait = Duration::from_millis(5i64 << (*failures).min(18)).min(Duration::from_secs(1000));
        *failures += 1;
        self.add(controller, key, now + wait, trigger);
    }
    /// Forgets the refusals of a key that went well.
    pub fn forget(&mut self, controller: u16, key: &Key) {
        if !self.failures.is_empty() {
            self.failures.remove(&(controller, key.clone()));
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use model::resource::PODS;

    #[test]
    fn a_key_waits_once_at_its_earliest_time() {
        let (mut queue, key) = (Queue::default(), Key::new(&PODS, "a", "b"));
        queue.add(0, key.clone(), Time::from_secs(5), 1);
        queue.add(0, key.clone(), Time::from_secs(3), 2);
        queue.add(0, key.clone(), Time::from_secs(9), 3);
        assert_eq!(queue.next(), Some(Time::from_secs(3)));
        assert_eq!(queue.pop(Time::from_secs(2)), None);
        assert_eq!(queue.pop(Time::from_secs(3)), Some((0, key.clone(), 2)));
        assert_eq!(queue.next(), None);
        queue.retry(0, key.clone(), Time::EPOCH, 0);
        assert_eq!(queue.next(), Some(Time::from_micros(5_000)));
        queue.pop(Time::NEVER);
        queue.retry(0, key.clone(), Time::EPOCH, 0);
        assert_eq!(queue.next(), Some(Time::from_micros(10_000)));
    }
}
