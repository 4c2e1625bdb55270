//! `Backoff`: how long to wait after the n-th failure in a row; it forgets failures after a quiet while.

use crate::{Duration, Time};

/// A delay that grows with every failure and starts anew after `reset` without one.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Backoff {
    pub base: Duration,
    pub factor: u32,
    pub max: Duration,
    /// So long after the last failure it is forgotten; zero means never.
    pub reset: Duration,
    failures: u32,
    last: Time,
}

impl Backoff {
    pub const fn new(base: Duration, factor: u32, max: Duration, reset: Duration) -> Backoff {
        Backoff { base, factor, max, reset, failures: 0, last: Time::EPOCH }
    }
    /// The kubelet's crash back-off: 10 s, doubled up to 5 min, forgotten after 10 min.
    pub const fn crash_loop() -> Backoff {
        Backoff::new(Duration::from_secs(10), 2, Duration::from_secs(300), Duration::from_secs(600))
    }
    /// The work queues' back-off of one key: 5 ms, doubled up to 1000 s.
    pub const fn work_queue() -> Backoff {
        Backoff::new(Duration::from_millis(5), 2, Duration::from_secs(1000), Duration::ZERO)
    }
    /// Counts a failure and answers the delay before the next try.
    pub fn fail(&mut self, now: Time) -> Duration {
        if self.reset > Duration::ZERO && self.failures > 0 && now - self.last > self.reset {
            self.failures = 0;
        }
        self.failures = self.failures.saturating_add(1);
        self.last = now;
        self.delay()
    }
    /// The delay after the failures so far; zero if there were none.
    pub fn delay(&self) -> Duration {
        if self.failures == 0 {
            return Duration::ZERO;
        }
        let mut delay = self.base;
        for _ in 1..self.failures {
            if delay >= self.max {
                break;
            }
            delay = delay * i64::from(self.factor);
        }
        delay.min(self.max)
    }
    pub const fn failures(&self) -> u32 {
        self.failures
    }
    /// Forgets all failures.
    pub fn succeed(&mut self) {
        self.failures = 0;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn doubles_caps_and_forgets() {
        let mut b = Backoff::crash_loop();
        let mut now = Time::from_secs(0);
        for want in [10, 20, 40, 80, 160, 300, 300] {
            assert_eq!(b.fail(now).as_secs(), want);
            now = now + b.delay();
        }
        assert_eq!(b.fail(now + Duration::from_secs(601)).as_secs(), 10);
        b.succeed();
        assert_eq!(b.delay(), Duration::ZERO);
        let mut forever = Backoff::work_queue();
        (0..10_000).for_each(|_| _ = forever.fail(now));
        assert_eq!(forever.delay(), Duration::from_secs(1000));
    }
}
