//! `Ui`: everything about the page that is not the cluster, as one value with one reducer.

use crate::bridge::{dom, storage};
use crate::editor::examples;
use model::Key;
use sim::{Applied, Place, Problem};
use std::rc::Rc;
use yew::{AttrValue, Reducible, UseReducerDispatcher};

/// How components change it.
pub type Dispatch = UseReducerDispatcher<Ui>;

/// A part of the page. On a narrow screen one is shown at a time.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Pane {
    Editor,
    Picture,
    Terminal,
    Details,
}

impl Pane {
    /// In the order of the keys Alt-1 to Alt-4.
    pub const ALL: [Pane; 4] = [Pane::Editor, Pane::Picture, Pane::Terminal, Pane::Details];

    /// What the tab says.
    pub fn title(self) -> &'static str {
        match self {
            Pane::Editor => "Editor",
            Pane::Picture => "Cluster",
            Pane::Terminal => "Terminal",
            Pane::Details => "Details",
        }
    }

    /// The id of the pane's element.
    pub fn id(self) -> &'static str {
        match self {
            Pane::Editor => "editor",
            Pane::Picture => "picture",
            Pane::Terminal => "terminal",
            Pane::Details => "details",
        }
    }

    /// The id of the element that takes the focus.
    pub fn focus_id(self) -> &'static str {
        match self {
            Pane::Editor => "editor-text",
            Pane::Picture => "picture",
            Pane::Terminal => "terminal-input",
            Pane::Details => "details",
        }
    }
}

/// Colours.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Theme {
    /// As the system says.
    System,
    Light,
    Dark,
}

impl Theme {
    /// The word in the document and in storage.
    pub fn word(self) -> &'static str {
        match self {
            Theme::System => "system",
            Theme::Light => "light",
            Theme::Dark => "dark",
        }
    }
    fn of_word(word: &str) -> Theme {
        match word {
            "light" => Theme::Light,
            "dark" => Theme::Dark,
            _ => Theme::System,
        }
    }
    fn next(self) -> Theme {
        match self {
            Theme::System => Theme::Light,
            Theme::Light => Theme::Dark,
            Theme::Dark => Theme::System,
        }
    }
    /// Tells the document.
    pub fn show(self) {
        dom::set_theme(match self {
            Theme::System => None,
            Theme::Light | Theme::Dark => Some(self.word()),
        });
    }
}

/// What the details show of the selected object.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Tab {
    /// The object's own page: for a service, trying it.
    Overview,
    Describe,
    Yaml,
    Events,
    Why,
    /// Requests over the network; not about the object.
    Requests,
}

/// The state of the page.
#[derive(Clone, PartialEq)]
pub struct Ui {
    pub theme: Theme,
    /// The pane of a narrow screen.
    pub pane: Pane,
    pub text: Rc<str>,
    /// What the last Apply said, until the text changes.
    pub applied: Rc<Vec<Applied>>,
    /// Something was applied in this visit.
    pub has_applied: bool,
    pub problems: Rc<Vec<Problem>>,
    pub selection: Option<Key>,
    /// Whether the details are open on a wide screen.
    pub details: bool,
    pub tab: Tab,
    /// The request that is shown.
    pub exchange: Option<u64>,
    pub filter: AttrValue,
    /// Whether the cluster's own pods and services are shown.
    pub system: bool,
    /// Whose terminal is shown.
    pub place: Place,
    pub help: bool,
}

/// What changes it.
pub enum Action {
    NextTheme,
    Pane(Pane),
    Text(Rc<str>),
    Applied(Vec<Applied>),
    Problems(Vec<Problem>),
    Select(Option<Key>),
    Tab(Tab),
    /// Shows a request.
    Exchange(u64),
    /// A command made a request: the picture shows it, the details stay as they are.
    Follow(u64),
    CloseDetails,
    Filter(AttrValue),
    System(bool),
    Place(Place),
    Help(bool),
}

impl Ui {
    /// As it was left, or as a first visit.
    pub fn restored() -> Ui {
        let theme = storage::get("theme").map_or(Theme::System, |word| Theme::of_word(&word));
        theme.show();
        let text = storage::get("text").filter(|text| !text.trim().is_empty());
        Ui {
            theme,
            pane: Pane::Editor,
            text: text.map_or_else(|| examples::first().into(), Rc::from),
            applied: Rc::default(),
            has_applied: false,
            problems: Rc::default(),
            selection: None,
            details: false,
            tab: Tab::Overview,
            exchange: None,
            filter: AttrValue::default(),
            system: false,
            place: Place::Outside,
            help: false,
        }
    }
    fn select(&mut self, selection: Option<Key>) {
        if self.selection != selection && self.tab == Tab::Requests {
            self.tab = Tab::Overview;
        }
        self.details = selection.is_some() || self.details && self.tab == Tab::Requests;
        if selection.is_some() && self.pane == Pane::Picture {
            self.pane = Pane::Details;
        }
        self.selection = selection;
    }
}

impl Reducible for Ui {
    type Action = Action;

    fn reduce(self: Rc<Self>, action: Action) -> Rc<Ui> {
        let mut ui = (*self).clone();
        match action {
            Action::NextTheme => ui.theme = ui.theme.next(),
            Action::Pane(pane) => ui.pane = pane,
            Action::Text(text) => {
                ui.applied = Rc::default();
                ui.text = text;
            }
            Action::Applied(applied) => {
                ui.has_applied |= applied.iter().any(|a| a.ok);
                ui.applied = Rc::new(applied);
            }
            Action::Problems(problems) => {
                if *ui.problems == problems {
                    return self;
                }
                ui.problems = Rc::new(problems);
            }
            Action::Select(selection) => ui.select(selection),
            Action::Tab(tab) => ui.tab = tab,
            Action::Exchange(id) => {
                ui.exchange = Some(id);
                ui.details = true;
            }
            Action::Follow(id) => {
                if ui.exchange == Some(id) || id == 0 {
                    return self;
                }
                ui.exchange = Some(id);
            }
            Action::CloseDetails => {
                ui.details = false;
                ui.selection = None;
                ui.exchange = None;
            }
            Action::Filter(filter) => ui.filter = filter,
            Action::System(system) => ui.system = system,
            Action::Place(place) => ui.place = place,
            Action::Help(help) => ui.help = help,
        }
        Rc::new(ui)
    }
}
