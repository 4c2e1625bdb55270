//! Hooks that tie components to the session: what they look at decides when they are drawn again.

use crate::session::{Pace, Session};
use std::rc::Rc;
use yew::{hook, use_effect_with, use_force_update, use_mut_ref};

/// What `read` sees in the session now. The component is drawn again when that changes.
#[hook]
pub fn use_look<D, T>(session: &Session, pace: Pace, given: D, read: fn(&Session, &D) -> T) -> T
where
    D: Clone + PartialEq + 'static,
    T: Clone + PartialEq + 'static,
{
    let seen = read(session, &given);
    let last = use_mut_ref(|| None);
    *last.borrow_mut() = Some(seen.clone());
    let update = use_force_update();
    use_effect_with((session.clone(), given), move |(session, given)| {
        let (place, given) = (session.clone(), given.clone());
        let look = move || {
            if last.borrow().as_ref() != Some(&read(&place, &given)) {
                update.force_update();
            }
        };
        // What happened between drawing and now.
        look();
        let watch = session.watch(pace, look);
        move || drop(watch)
    });
    seen
}

/// The revision of the cluster's state; drawn again a few times a second while it changes.
#[hook]
pub fn use_revision(session: &Session) -> u64 {
    use_look(session, Pace::Calm, (), |session, ()| session.world(|world| world.snapshot().rev()))
}

/// Keeps a value equal as long as its inputs are: for props that are compared.
#[hook]
pub fn use_kept<D, T>(inputs: D, make: impl FnOnce(&D) -> T) -> Rc<T>
where
    D: PartialEq + 'static,
    T: 'static,
{
    yew::use_memo(inputs, make)
}
