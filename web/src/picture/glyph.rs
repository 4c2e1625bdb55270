//! `Glyph`: the state of a pod as a shape. The canvas traces it, the legend shows the same shape as SVG; both stand beside
//! a word and a colour, so that no one of the three is needed to tell states apart.

use crate::status::{Health, Status};

/// One shape for each kind of state.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug)]
pub enum Glyph {
    Ready,
    NotReady,
    Creating,
    Pending,
    Unschedulable,
    Crash,
    Pull,
    Leaving,
    Completed,
}

impl Glyph {
    /// The shape of a status.
    pub fn of(status: &Status) -> Glyph {
        let word = status.word.as_str();
        match status.health {
            Health::Ready => Glyph::Ready,
            Health::Done => Glyph::Completed,
            Health::Ending => Glyph::Leaving,
            Health::Waiting => Glyph::Pending,
            Health::Starting if word.starts_with("Running") => Glyph::NotReady,
            Health::Starting if word == "Pending" => Glyph::Pending,
            Health::Starting => Glyph::Creating,
            Health::Failing if word == "Unschedulable" => Glyph::Unschedulable,
            Health::Failing if word.contains("Image") => Glyph::Pull,
            Health::Failing => Glyph::Crash,
        }
    }

    /// What a legend calls it.
    pub fn word(self) -> &'static str {
        match self {
            Glyph::Ready => "ready",
            Glyph::NotReady => "not ready",
            Glyph::Creating => "starting",
            Glyph::Pending => "pending",
            Glyph::Unschedulable => "fits nowhere",
            Glyph::Crash => "failing",
            Glyph::Pull => "no image",
            Glyph::Leaving => "terminating",
            Glyph::Completed => "completed",
        }
    }

    /// The health whose colour it has.
    pub fn health(self) -> Health {
        match self {
            Glyph::Ready => Health::Ready,
            Glyph::NotReady | Glyph::Creating => Health::Starting,
            Glyph::Pending => Health::Waiting,
            Glyph::Unschedulable | Glyph::Crash | Glyph::Pull => Health::Failing,
            Glyph::Leaving => Health::Ending,
            Glyph::Completed => Health::Done,
        }
    }

    /// Strokes and an optional filled part, as SVG path data on a field of 16 by 16.
    pub fn paths(self) -> (&'static str, &'static str) {
        match self {
            Glyph::Ready => ("M3 8.6 6.4 12 13 4.6", ""),
            Glyph::NotReady => ("M8 2.6a5.4 5.4 0 1 0 .01 0z", "M8 2.6a5.4 5.4 0 0 0 0 10.8z"),
            Glyph::Creating => ("M8 2.6a5.4 5.4 0 1 1-5.4 5.4", ""),
            Glyph::Pending => ("M8 2.6a5.4 5.4 0 1 0 .01 0z", ""),
            Glyph::Unschedulable => ("M8 2.6v6.4M8 12.4v.8", ""),
            Glyph::Crash => ("M3.8 3.8l8.4 8.4M12.2 3.8l-8.4 8.4", ""),
            Glyph::Pull => ("M8 2v7.6M4.6 6.4 8 9.8l3.4-3.4M3 13.6h10", ""),
            Glyph::Leaving => ("M3 8h2.6M6.9 8h2.2M10.4 8H13", ""),
            Glyph::Completed => ("M2.6 2.6h10.8v10.8H2.6zM5 8.2l2.2 2.2 3.8-4.4", ""),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const ALL: [Glyph; 9] = [
        Glyph::Ready,
        Glyph::NotReady,
        Glyph::Creating,
        Glyph::Pending,
        Glyph::Unschedulable,
        Glyph::Crash,
        Glyph::Pull,
        Glyph::Leaving,
        Glyph::Completed,
    ];

    fn check(health: Health, word: &str, wanted: Glyph) {
        assert_eq!(Glyph::of(&Status { health, word: word.into() }), wanted, "{word}");
    }

    #[test]
    fn every_state_has_a_shape() {
        check(Health::Ready, "Running", Glyph::Ready);
        check(Health::Starting, "Running, not ready", Glyph::NotReady);
        check(Health::Starting, "ContainerCreating", Glyph::Creating);
        check(Health::Starting, "Init:0/1", Glyph::Creating);
        check(Health::Starting, "Pending", Glyph::Pending);
        check(Health::Waiting, "Pending", Glyph::Pending);
        check(Health::Failing, "Unschedulable", Glyph::Unschedulable);
        check(Health::Failing, "ImagePullBackOff", Glyph::Pull);
        check(Health::Failing, "ErrImagePull", Glyph::Pull);
        check(Health::Failing, "CrashLoopBackOff", Glyph::Crash);
        check(Health::Ending, "Terminating", Glyph::Leaving);
        check(Health::Done, "Completed", Glyph::Completed);
    }

    #[test]
    fn shapes_and_words_differ() {
        for (at, one) in ALL.iter().enumerate() {
            for other in &ALL[at + 1..] {
                assert_ne!(one.paths(), other.paths());
                assert_ne!(one.word(), other.word());
            }
        }
    }
}
