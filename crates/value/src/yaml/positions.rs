//! `Positions`: on which line and column of the text each part of a document is written.

use base::Text;

/// The places of a document's fields and items, by path.
#[derive(Clone, Default, Debug)]
pub struct Positions {
    places: Vec<Place>,
}

#[derive(Clone, Debug)]
pub(super) struct Place {
    parent: u32,
    step: Step,
    /// Line and column from 1; 0 while unknown.
    at: (u32, u32),
}

/// One step of a path.
#[derive(Clone, PartialEq, Eq, Debug)]
pub(super) enum Step {
    Root,
    Field(Text),
    Item(u32),
}

impl Positions {
    /// Where a path such as `spec.containers[0].image` or `metadata.labels[example.com/a]` is written; for what is not
    /// written in the document, the nearest part around it.
    pub fn of(&self, path: &str) -> Option<(u32, u32)> {
        self.known(self.find(path).0)
    }
    /// Where a path is written; `None` if the document does not have it.
    pub fn exact(&self, path: &str) -> Option<(u32, u32)> {
        let (place, rest) = self.find(path);
        if rest.is_empty() { self.known(place) } else { None }
    }
    pub fn is_empty(&self) -> bool {
        self.places.is_empty()
    }

    /// The deepest place on the path, and what is left of the path there.
    fn find<'p>(&self, path: &'p str) -> (u32, &'p str) {
        let (mut place, mut rest) = (0, path);
        while !rest.is_empty() {
            let Some((child, after)) = self.child(place, rest) else { break };
            (place, rest) = (child, after);
        }
        (place, rest)
    }
    /// The child that the path goes on with. Names may hold dots, so the longest that fits is taken; of two fields with one name the last.
    fn child<'p>(&self, parent: u32, path: &'p str) -> Option<(u32, &'p str)> {
        let (inner, after) = match path.strip_prefix('[').and_then(|rest| rest.split_once(']')) {
            Some((inner, after)) => (Some(inner.trim_matches(['"', '\''])), after),
            None => (None, ""),
        };
        let path = path.strip_prefix('.').unwrap_or(path);
        let mut best: Option<(u32, &str, usize)> = None;
        for (number, place) in self.places.iter().enumerate().filter(|(_, p)| p.parent == parent) {
            let fits = match (&place.step, inner) {
                (Step::Item(at), Some(inner)) => (inner.parse() == Ok(*at)).then_some(after),
                (Step::Field(name), Some(inner)) => (name.as_str() == inner).then_some(after),
                (Step::Field(name), None) => {
                    path.strip_prefix(name.as_str()).filter(|rest| rest.is_empty() || rest.starts_with(['.', '[']))
                }
                (Step::Root, _) | (Step::Item(_), None) => None,
            };
            let Some(rest) = fits else { continue };
            let len = path.len() - rest.len();
            if best.is_none_or(|(_, _, longest)| len >= longest) {
                best = Some((number as u32, rest, len));
            }
        }
        best.map(|(number, rest, _)| (number, rest))
    }
    fn known(&self, mut place: u32) -> Option<(u32, u32)> {
        loop {
            let found = self.places.get(place as usize)?;
            if found.at != (0, 0) {
                return Some(found.at);
            }
            if place == 0 {
                return None;
            }
            place = found.parent;
        }
    }

    pub(super) fn add(&mut self, parent: u32, step: Step) -> u32 {
        // The root is nobody's child.
        let parent = if self.places.is_empty() { u32::MAX } else { parent };
        self.places.push(Place { parent, step, at: (0, 0) });
        self.places.len() as u32 - 1
    }
    /// Takes back the place that was added last.
    pub(super) fn forget_last(&mut self) {
        self.places.pop();
    }
    /// Sets where a place is, and the places around it that are not known yet.
    pub(super) fn set(&mut self, mut place: u32, at: (u32, u32)) {
        while let Some(found) = self.places.get_mut(place as usize) {
            if found.at != (0, 0) {
                break;
            }
            found.at = at;
            place = found.parent;
        }
    }
    pub(super) fn path(&self, place: u32) -> String {
        let mut steps = Vec::new();
        let mut at = place;
        while let Some(found) = self.places.get(at as usize) {
            steps.push(&found.step);
            at = found.parent;
        }
        let mut out = String::new();
        for step in steps.iter().rev() {
            match step {
                Step::Root => {}
                Step::Field(name) => {
                    if !out.is_empty() {
                        out.push('.');
                    }
                    out.push_str(name);
                }
                Step::Item(number) => {
                    out.push('[');
                    out.push_str(&number.to_string());
                    out.push(']');
                }
            }
        }
        out
    }
}
