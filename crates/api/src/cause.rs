//! Why a commit happened: who asked, and what made them ask. Walking causes answers every "why".

use base::Text;

/// The cause of a commit.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Cause {
    /// The component or user: `deployment-controller`, `default-scheduler`, `kubelet/node-1`, `kubernetes-admin`.
    pub by: Text,
    /// What they reacted to.
    pub from: Origin,
}

/// What triggered a component.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Origin {
    /// The n-th input of the journal (a command, a fault).
    Input(u32),
    /// A commit, by its revision.
    Revision(u64),
    /// A deadline of the component's own; the revision that armed it, 0 if none did.
    Timer(u64),
    /// The cluster's birth.
    Start,
}

impl Cause {
    pub fn new(by: impl Into<Text>, from: Origin) -> Cause {
        Cause { by: by.into(), from }
    }
}
