//! What a running command asks of its host, what the host answers, and whose turn it is.

use api::{Reply, Request, Status, WatchEvent};
use base::{Text, Time};
use value::Value;

/// What the host has to do next.
#[derive(Clone, Debug)]
#[allow(clippy::large_enum_variant, reason = "one value at a time, handed over by move")]
pub enum Turn {
    /// Carry this out and hand the answer (or, for streams, each answer) to [`crate::Kubectl::reply`] under the same id.
    Call { id: u64, call: Call },
    /// Nothing to do before an answer comes or this moment is reached ([`Time::NEVER`]: only answers count).
    Wait(Time),
    /// The command has ended with this exit code. The host drops every stream that is still open.
    Done(i32),
}

/// One thing only the host can do.
#[derive(Clone, Debug)]
pub enum Call {
    /// One request; answered once by [`Answer::Reply`].
    Request(Request),
    /// A watch: a stream of [`Answer::Event`], until [`Answer::Closed`] or [`Answer::Failed`].
    Watch(Request),
    /// A connection to a container (`verb` is Connect, `subresource` is log, exec, attach or portforward, options are in
    /// `query.other`): a stream of [`Answer::Data`] until [`Answer::Exit`], [`Answer::Closed`] or [`Answer::Failed`].
    Connect(Request),
    /// What was typed, for the connection with this id; `None` is the end of input. Not answered.
    Send { stream: u64, data: Option<Text> },
    /// The stream with this id is no longer wanted. Not answered.
    Close { stream: u64 },
    /// Answered by [`Answer::File`].
    ReadFile(Text),
    /// Names in a folder, answered by [`Answer::Folder`].
    ListDir(Text),
    /// Answered by [`Answer::Written`].
    WriteFile { path: Text, text: Text },
    /// Let a person (or the program in `KUBE_EDITOR` or `EDITOR`, see [`crate::Env::variable`]) change this text; answered by
    /// [`Answer::Edited`], or [`Answer::Failed`] if the editor failed.
    Editor(Text),
    /// The kubeconfig is to be this value from now on. Not answered.
    Config(Value),
}

/// What the host answers to a [`Call`].
#[derive(Clone, Debug)]
pub enum Answer {
    Reply(Reply),
    Event(WatchEvent),
    /// Output of a container: 1 is stdout, 2 is stderr.
    Data {
        fd: u8,
        bytes: Vec<u8>,
    },
    /// The command in the container has ended.
    Exit(i32),
    /// The stream ended by itself.
    Closed,
    /// The stream was refused or broke.
    Failed(Status),
    File(Result<Vec<u8>, FileError>),
    Folder(Result<Vec<FolderEntry>, FileError>),
    Written(Result<(), FileError>),
    /// The text as the person left it; `None` if there is no editor.
    Edited(Option<Text>),
}

/// Why a file cannot be had.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum FileError {
    Missing,
    IsFolder,
    Denied,
}

/// One name in a folder.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct FolderEntry {
    pub name: Text,
    pub is_folder: bool,
}

impl FileError {
    /// The words of the operating system.
    pub fn words(self) -> &'static str {
        match self {
            FileError::Missing => "no such file or directory",
            FileError::IsFolder => "is a directory",
            FileError::Denied => "permission denied",
        }
    }
}
