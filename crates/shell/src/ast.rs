//! The syntax tree of a script. Commands are shared (`Arc`), so a running loop or a subshell costs a pointer.

use base::Text;
use std::sync::Arc;

pub type Node = Arc<Command>;

#[derive(Debug)]
pub enum Command {
    Simple(Simple),
    Pipe {
        negate: bool,
        stages: Vec<Node>,
    },
    And(Node, Node),
    Or(Node, Node),
    Seq(Vec<Node>),
    Background(Node),
    If {
        arms: Vec<(Node, Node)>,
        otherwise: Option<Node>,
    },
    Loop {
        until: bool,
        condition: Node,
        body: Node,
    },
    For {
        name: Text,
        words: Option<Vec<Word>>,
        body: Node,
    },
    Case {
        word: Word,
        arms: Vec<(Vec<Word>, Node)>,
    },
    Function {
        name: Text,
        body: Node,
    },
    Subshell(Node),
    /// `[[ … ]]`
    Test(Test),
    /// `(( … ))`
    Arith(Word),
    Redirected(Node, Vec<Redirect>),
}

#[derive(Debug, Default)]
pub struct Simple {
    pub assigns: Vec<(Text, Word)>,
    pub words: Vec<Word>,
    pub redirects: Vec<Redirect>,
}

#[derive(Debug)]
pub struct Redirect {
    pub fd: u8,
    pub kind: RedirectKind,
    pub word: Word,
}

#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum RedirectKind {
    Read,
    Write,
    Append,
    ReadWrite,
    /// `2>&1`, `<&3`, `>&-`
    Copy,
    /// `&>file`
    Both,
    /// A here-document or here-string; the word is its text.
    Text,
}

#[derive(Debug)]
pub enum Test {
    And(Box<Test>, Box<Test>),
    Or(Box<Test>, Box<Test>),
    Not(Box<Test>),
    Unary(Text, Word),
    Binary(Word, Text, Word),
    Nonempty(Word),
}

/// A word before expansion.
#[derive(Clone, Debug, Default)]
pub struct Word(pub Vec<Part>);

impl Word {
    /// The word's text if it holds nothing to expand and no quotes.
    pub fn plain(&self) -> Option<&Text> {
        match self.0.as_slice() {
            [Part::Plain(text)] => Some(text),
            _ => None,
        }
    }
}

#[derive(Clone, Debug)]
pub enum Part {
    /// Unquoted text: patterns and `~` count.
    Plain(Text),
    Quoted(Text),
    Double(Vec<Part>),
    Param(Arc<Param>),
    Command(Node),
    Arith(Arc<Word>),
}

#[derive(Debug)]
pub struct Param {
    pub name: Text,
    /// `${PIPESTATUS[0]}`
    pub index: Option<Text>,
    pub op: ParamOp,
}

#[derive(Debug)]
pub enum ParamOp {
    Get,
    Length,
    /// `${!name}`
    Indirect,
    Default {
        empty_too: bool,
        word: Word,
    },
    Assign {
        empty_too: bool,
        word: Word,
    },
    Error {
        empty_too: bool,
        word: Word,
    },
    Alternative {
        empty_too: bool,
        word: Word,
    },
    TrimStart {
        longest: bool,
        pattern: Word,
    },
    TrimEnd {
        longest: bool,
        pattern: Word,
    },
    Replace {
        how: Replace,
        pattern: Word,
        with: Word,
    },
    Slice {
        from: Word,
        length: Option<Word>,
    },
    Case {
        upper: bool,
        all: bool,
    },
}

#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Replace {
    First,
    All,
    AtStart,
    AtEnd,
}
