//! The POSIX shell and the text and network tools that containers, probes, lessons and the terminal run, as a machine
//! without IO: a [`Process`] is a value that takes turns, reads and writes the [`Files`] it is lent, and asks the host
//! for the rest with [`Call`]s. Models busybox (its messages too), and bash with GNU tools where `Machine::bash` says so.
//! Bounded on every input: steps per turn, output, memory, nesting and the number of tasks all have limits.

mod arith;
mod ast;
mod brace;
mod builtins;
mod call;
mod command;
mod escape;
mod expand;
mod files;
mod filter;
mod input;
mod kernel;
mod net;
mod parse;
mod parse_test;
mod pattern;
mod process;
mod read;
mod regex;
mod shell;
mod table;
mod tool;
mod tools;
mod tree;
mod word;
mod words;

pub use call::*;
pub use files::{Files, Kind, Mount, Owner, Stat, Truncate};
pub use process::{Machine, Process, Start, StartError, Turn};
pub use table::Table;
pub use tool::check;
pub use tree::{CAPACITY, Data, Dir, Errno, File, Meta, Node, Tree};
pub use words::{Cursor, Token, commands, cursor, paths, quote, split, tokenize};
