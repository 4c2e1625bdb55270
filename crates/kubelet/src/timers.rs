//! The kubelet's deadlines: at most one per timer, ordered by time.

use base::{Text, Time};
use std::collections::{BTreeMap, BTreeSet};

/// What a deadline is for. Each variant names at most one moment.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Debug)]
pub(crate) enum Timer {
    /// Renew the node's lease.
    Lease,
    /// Look at the node's conditions, and report them if they changed or are old.
    NodeStatus,
    /// Look at a pod again (after a failed try, or when its active deadline ends).
    Sync(Text),
    /// `activeDeadlineSeconds` ends.
    ActiveDeadline(Text),
    /// Try a pod's volumes again, or bring their files up to date.
    Volumes(Text),
    /// Write a pod's status, or ask for its final deletion, once more: the last try failed.
    Write(Text),
    /// The next run of a probe: pod, container, kind.
    Probe(Text, u32, u8),
    /// A hook that only sleeps has slept: pod, container.
    Hook(Text, u32),
}

/// The set of deadlines.
#[derive(Clone, Default)]
pub(crate) struct Timers {
    order: BTreeSet<(Time, Timer)>,
    at: BTreeMap<Timer, Time>,
}

impl Timers {
    /// Sets or moves a deadline.
    pub(crate) fn set(&mut self, timer: Timer, at: Time) {
        if let Some(old) = self.at.insert(timer.clone(), at) {
            self.order.remove(&(old, timer.clone()));
        }
        self.order.insert((at, timer));
    }
    pub(crate) fn clear(&mut self, timer: &Timer) {
        if let Some(old) = self.at.remove(timer) {
            self.order.remove(&(old, timer.clone()));
        }
    }
    pub(crate) fn next(&self) -> Option<Time> {
        self.order.first().map(|(at, _)| *at)
    }
    /// Takes out the earliest deadline that is due.
    pub(crate) fn due(&mut self, now: Time) -> Option<Timer> {
        if self.next()? > now {
            return None;
        }
        let (_, timer) = self.order.pop_first()?;
        self.at.remove(&timer);
        Some(timer)
    }
    /// True if no deadline of this pod is left.
    #[cfg(test)]
    pub(crate) fn none_of(&self, pod: &str) -> bool {
        self.at.keys().all(|timer| match timer {
            Timer::Lease | Timer::NodeStatus => true,
            Timer::Sync(uid) | Timer::ActiveDeadline(uid) | Timer::Volumes(uid) | Timer::Write(uid) => uid != pod,
            Timer::Probe(uid, ..) | Timer::Hook(uid, _) => uid != pod,
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn moves_and_orders() {
        let mut timers = Timers::default();
        timers.set(Timer::Lease, Time::from_secs(5));
        timers.set(Timer::NodeStatus, Time::from_secs(3));
        timers.set(Timer::Lease, Time::from_secs(2));
        assert_eq!(timers.next(), Some(Time::from_secs(2)));
        assert_eq!(timers.due(Time::from_secs(4)), Some(Timer::Lease));
        assert_eq!(timers.due(Time::from_secs(4)), Some(Timer::NodeStatus));
        assert_eq!(timers.due(Time::from_secs(4)), None);
    }
}
