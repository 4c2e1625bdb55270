//! What terminals have shown so far. A terminal's own text ends where its program waits for a line; what a person types is
//! written behind it here, because the simulated terminals do not echo.

use sim::{Place, Timeline, World};
use std::collections::VecDeque;

/// Older text is forgotten in pieces of a quarter.
const MOST_BYTES: usize = 200_000;

/// A stretch of text is not made longer than this: the browser lays each out as a whole.
const LONG_SEGMENT: usize = 4_000;

/// A stretch of text, printed or typed.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Segment {
    /// Grows from one to the next.
    pub number: u64,
    pub typed: bool,
    pub text: String,
}

/// One terminal as it looks.
#[derive(Clone, Debug)]
pub struct Screen {
    pub place: Place,
    /// The number of the terminal in the present history; `None` if it was lost by going back before it was opened.
    id: Option<u32>,
    segments: VecDeque<Segment>,
    /// Lines that wait for the ones before them.
    queue: VecDeque<String>,
    /// Printed so far, to tell whether anything is new.
    version: u64,
    busy: bool,
}

impl Screen {
    fn new(place: Place) -> Screen {
        Screen { place, id: None, segments: VecDeque::new(), queue: VecDeque::new(), version: 0, busy: false }
    }
    /// Everything but the last, unfinished line.
    pub fn segments(&self) -> impl Iterator<Item = Segment> + '_ {
        let last = self.segments.len().saturating_sub(1);
        let tail = self.prompt().len();
        let cut = move |(at, segment): (usize, &Segment)| {
            let end = if at == last { segment.text.len() - tail } else { segment.text.len() };
            Segment { number: segment.number, typed: segment.typed, text: segment.text[..end].to_owned() }
        };
        self.segments.iter().enumerate().map(cut).filter(|segment| !segment.text.is_empty())
    }
    /// The unfinished last line: a prompt, or what a program asks.
    pub fn prompt(&self) -> &str {
        match self.segments.back() {
            Some(segment) if !segment.typed => segment.text.rsplit('\n').next().unwrap_or_default(),
            _ => "",
        }
    }
    /// Grows whenever something is shown.
    pub fn version(&self) -> u64 {
        self.version
    }
    /// A command is running.
    pub fn is_busy(&self) -> bool {
        self.busy
    }
    /// Lines wait, or a command is running.
    pub fn is_at_work(&self) -> bool {
        self.busy || !self.queue.is_empty()
    }
    /// What was printed since the last typed line, for those who listen.
    pub fn last_output(&self) -> String {
        let printed: Vec<&str> = self.segments.iter().rev().take_while(|s| !s.typed).map(|s| s.text.as_str()).collect();
        let all: String = printed.into_iter().rev().collect();
        all.strip_suffix(self.prompt()).unwrap_or(&all).to_owned()
    }
    fn show(&mut self, typed: bool, text: &str) {
        if text.is_empty() {
            return;
        }
        self.version += 1;
        match self.segments.back_mut() {
            Some(last) if last.typed == typed && last.text.len() < LONG_SEGMENT => last.text.push_str(text),
            _ => self.segments.push_back(Segment { number: self.version, typed, text: text.to_owned() }),
        }
        self.trim();
    }
    fn trim(&mut self) {
        let mut size: usize = self.segments.iter().map(|segment| segment.text.len()).sum();
        if size <= MOST_BYTES {
            return;
        }
        while size > MOST_BYTES * 3 / 4
            && let Some(first) = self.segments.front_mut()
        {
            let cut = first.text.char_indices().map(|(at, _)| at).find(|at| size - at <= MOST_BYTES * 3 / 4);
            let cut = cut.unwrap_or(first.text.len());
            size -= cut;
            if cut == first.text.len() {
                self.segments.pop_front();
            } else {
                first.text.drain(..cut);
            }
        }
    }
}

/// All terminals.
#[derive(Default)]
pub struct Screens(Vec<Screen>);

impl Screens {
    /// The terminal of a place.
    pub fn at(&self, place: &Place) -> Option<&Screen> {
        self.0.iter().find(|screen| screen.place == *place)
    }
    /// Whether a person's command is running anywhere.
    pub fn any_at_work(&self) -> bool {
        self.0.iter().any(Screen::is_at_work)
    }
    fn at_mut(&mut self, place: &Place) -> &mut Screen {
        let at = self.0.iter().position(|screen| screen.place == *place).unwrap_or_else(|| {
            self.0.push(Screen::new(place.clone()));
            self.0.len() - 1
        });
        &mut self.0[at]
    }
    /// Opens a terminal; in a pod, by kubectl from outside.
    pub fn open(&mut self, place: &Place, timeline: &mut Timeline) {
        let screen = self.at_mut(place);
        if screen.id.is_some() {
            return;
        }
        if screen.version > 0 {
            screen.show(false, "\n[a new terminal]\n");
        }
        let start = if let Place::Pod { .. } = place { Place::Outside } else { place.clone() };
        screen.id = timeline.open(start);
        if let Place::Pod { namespace, name } = place {
            let flag = crate::session::namespace_flag(namespace);
            screen.queue.push_back(["kubectl exec -it ", name, &flag, " -- sh"].concat());
        }
        screen.busy = true;
    }
    /// Queues lines and types what can be typed now.
    pub fn submit(&mut self, place: &Place, lines: &str, timeline: &mut Timeline) {
        let is_new = self.at_mut(place).id.is_none();
        self.open(place, timeline);
        let screen = self.at_mut(place);
        screen.queue.extend(lines.split('\n').map(str::to_owned));
        // Whoever types while a program runs, types into that program.
        if screen.queue.len() == 1 && screen.busy && !is_new {
            screen.type_next(timeline);
        }
        screen.pump(timeline, false);
    }
    /// Ctrl-C: also gives up the lines that wait.
    pub fn interrupt(&mut self, place: &Place, timeline: &mut Timeline) {
        let screen = self.at_mut(place);
        screen.queue.clear();
        if let Some(id) = screen.id {
            timeline.interrupt(id);
        }
    }
    /// Ctrl-D.
    pub fn end_input(&mut self, place: &Place, timeline: &mut Timeline) {
        if let Some(id) = self.at_mut(place).id {
            timeline.end_input(id);
        }
    }
    /// Empties a screen but for its last line.
    pub fn clear(&mut self, place: &Place) {
        let screen = self.at_mut(place);
        let prompt = screen.prompt().to_owned();
        screen.segments.clear();
        screen.show(false, &prompt);
        screen.version += 1;
    }
    /// Shows what was printed; or drops it, when it is a past that was shown before.
    pub fn pump(&mut self, timeline: &mut Timeline, drop: bool) {
        for screen in &mut self.0 {
            screen.pump(timeline, drop);
        }
    }
    /// Gives up the lines that wait: the person has gone to another time.
    pub fn forget_queues(&mut self) {
        for screen in &mut self.0 {
            screen.queue.clear();
        }
    }
    /// Terminals that do not exist in this world will be opened anew: their numbers may be given to others.
    pub fn forget_missing(&mut self, world: &World) {
        for screen in &mut self.0 {
            if screen.id.is_some_and(|id| world.terminal(id).is_none_or(|t| t.exited().is_some())) {
                screen.id = None;
                screen.busy = false;
            }
        }
    }
}

impl Screen {
    fn pump(&mut self, timeline: &mut Timeline, drop: bool) {
        let Some(id) = self.id else { return };
        self.take(id, timeline, drop);
        while !drop && !self.busy && !self.queue.is_empty() {
            self.type_next(timeline);
            self.take(id, timeline, drop);
        }
    }
    fn take(&mut self, id: u32, timeline: &mut Timeline, drop: bool) {
        for chunk in timeline.take_output(id) {
            if !drop {
                let text = String::from_utf8_lossy(&chunk.bytes).replace('\r', "");
                // An answer without a last newline would hide the prompt behind it.
                let hidden = chunk.fd == 2 && text.starts_with("root@") && !self.prompt().is_empty();
                self.show(false, if hidden { "\n" } else { "" });
                self.show(false, &text);
            }
        }
        let busy = timeline.is_busy(id) && !timeline.world().terminal(id).is_some_and(|t| t.is_remote() && self.asks());
        if busy != self.busy {
            self.busy = busy;
            self.version += 1;
        }
        if timeline.world().terminal(id).is_some_and(|t| t.exited().is_some()) && !drop {
            self.id = None;
            self.show(false, "\n[the shell has ended; a new one starts with the next line]\n");
        }
    }
    /// A program far away has printed a prompt and waits.
    fn asks(&self) -> bool {
        let prompt = self.prompt();
        prompt.ends_with("# ") || prompt.ends_with("$ ") || prompt.ends_with("> ")
    }
    fn type_next(&mut self, timeline: &mut Timeline) {
        let (Some(id), Some(line)) = (self.id, self.queue.pop_front()) else { return };
        self.show(true, &[&line, "\n"].concat());
        self.busy = true;
        timeline.type_text(id, &[&line, "\n"].concat());
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_last_line_is_the_prompt() {
        let mut screen = Screen::new(Place::Outside);
        screen.show(false, "$ ");
        screen.show(true, "ls\n");
        screen.show(false, "a\nb\n$ ");
        assert_eq!(screen.prompt(), "$ ");
        assert_eq!(screen.last_output(), "a\nb\n");
        let shown: Vec<String> = screen.segments().map(|segment| segment.text).collect();
        assert_eq!(shown, ["$ ", "ls\n", "a\nb\n"]);
    }

    #[test]
    fn old_text_is_forgotten() {
        let mut screen = Screen::new(Place::Outside);
        for _ in 0..30 {
            screen.show(false, &"é\n".repeat(5000));
            screen.show(true, "x\n");
        }
        let size: usize = screen.segments().map(|segment| segment.text.len()).sum();
        assert!(size <= MOST_BYTES && size > MOST_BYTES / 2, "{size}");
    }
}
