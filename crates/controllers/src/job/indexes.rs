//! Sets of completion indexes as a Job's status writes them (`0,1,3-5,7`). Models pkg/controller/job/indexed_job_utils.go.

use model::Object;
use std::collections::BTreeSet;
use std::fmt::Write;

pub const INDEX: &str = "batch.kubernetes.io/job-completion-index";

/// Indexes below the number of completions.
#[derive(Clone, PartialEq, Eq, Default, Debug)]
pub struct Indexes(pub BTreeSet<i64>);

impl Indexes {
    /// Reads intervals; indexes that are not below `completions` are dropped.
    pub fn parse(text: &str, completions: i64) -> Indexes {
        let mut set = BTreeSet::new();
        for part in text.split(',') {
            let (first, last) = part.split_once('-').unwrap_or((part, part));
            if let (Ok(first), Ok(last)) = (first.parse::<i64>(), last.parse::<i64>()) {
                set.extend(first.max(0)..=last.min(completions - 1));
            }
        }
        Indexes(set)
    }
    pub fn has(&self, index: i64) -> bool {
        self.0.contains(&index)
    }
    pub fn total(&self) -> i64 {
        self.0.len() as i64
    }
}

/// Two neighbours are written with a comma, three and more as a range.
impl std::fmt::Display for Indexes {
    fn fmt(&self, out: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let mut text = String::new();
        let mut indexes = self.0.iter().copied().peekable();
        while let Some(first) = indexes.next() {
            let mut last = first;
            while let Some(next) = indexes.next_if_eq(&(last + 1)) {
                last = next;
            }
            let comma = if text.is_empty() { "" } else { "," };
            match last - first {
                0 => _ = write!(text, "{comma}{first}"),
                1 => _ = write!(text, "{comma}{first},{last}"),
                _ => _ = write!(text, "{comma}{first}-{last}"),
            }
        }
        out.write_str(&text)
    }
}

/// The completion index of a pod.
pub fn of_pod(pod: &Object) -> Option<i64> {
    pod.meta.annotation(INDEX).parse().ok().filter(|index| *index >= 0)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn intervals() {
        for text in ["", "0", "0,1", "0,1,3-5,7", "2-4"] {
            assert_eq!(Indexes::parse(text, 10).to_string(), text);
        }
        assert_eq!(Indexes::parse("0-9999999999999", 3).to_string(), "0-2");
        assert_eq!(Indexes::parse("x,-1,5-2", 10).total(), 0);
    }
}
