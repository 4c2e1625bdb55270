//! The pieces of a function: runs of instructions that are executed all or not at all (but for traps), numbered through
//! a module, and the module that remembers which of its pieces were executed.

use std::collections::{BTreeMap, BTreeSet};
use walrus::ir::{self, Instr, InstrSeqId, StoreKind, Value};
use walrus::{FunctionId, LocalFunction, MemoryId, Module};

/// A page of wasm's memory, bytes.
const PAGE: u64 = 65536;

/// Where the pieces of one function begin: for each sequence, indexes of instructions with the piece's number.
#[derive(Default)]
pub struct Pieces {
    starts: BTreeMap<InstrSeqId, Vec<(usize, usize)>>,
}

/// The pieces of every function of a module as it was read, in the same order each time.
pub fn pieces(module: &Module) -> BTreeMap<FunctionId, Pieces> {
    let mut next = 0;
    let mut all = BTreeMap::new();
    for (id, function) in module.funcs.iter_local() {
        let mut found = Pieces::default();
        found.walk(function, function.entry_block(), &mut next);
        all.insert(id, found);
    }
    all
}

impl Pieces {
    fn walk(&mut self, function: &LocalFunction, seq: InstrSeqId, next: &mut usize) {
        let instrs = &function.block(seq).instrs;
        let mut starts = vec![0];
        starts.extend((1..instrs.len()).filter(|at| may_leave(&instrs[at - 1].0)));
        let numbered = starts.into_iter().map(|at| {
            *next += 1;
            (at, *next)
        });
        self.starts.insert(seq, numbered.collect());
        for (instr, _) in instrs {
            children(instr).for_each(|child| self.walk(function, child, next));
        }
    }
    /// True if the function was called.
    pub fn entered(&self, function: &LocalFunction, used: &BTreeSet<usize>) -> bool {
        self.starts[&function.entry_block()].first().is_some_and(|(_, number)| used.contains(number))
    }
    /// The ranges of a sequence that were never executed, as indexes of instructions.
    pub fn cold(&self, seq: InstrSeqId, length: usize, used: &BTreeSet<usize>) -> Vec<(usize, usize)> {
        let mut ranges: Vec<(usize, usize)> = Vec::new();
        let starts = &self.starts[&seq];
        for (index, (start, number)) in starts.iter().enumerate() {
            let end = starts.get(index + 1).map_or(length, |(end, _)| *end);
            match ranges.last_mut() {
                _ if used.contains(number) => {}
                Some(last) if last.1 == *start => last.1 = end,
                _ => ranges.push((*start, end)),
            }
        }
        ranges
    }
}

/// True for what may be left other than at its end.
fn may_leave(instr: &Instr) -> bool {
    matches!(instr, Instr::Block(_) | Instr::Loop(_) | Instr::IfElse(_) | Instr::BrIf(_))
}

/// The sequences inside an instruction.
pub fn children(instr: &Instr) -> impl Iterator<Item = InstrSeqId> {
    let (one, two) = match instr {
        Instr::Block(block) => (Some(block.seq), None),
        Instr::Loop(block) => (Some(block.seq), None),
        Instr::IfElse(block) => (Some(block.consequent), Some(block.alternative)),
        _ => (None, None),
    };
    one.into_iter().chain(two)
}

/// Each piece sets its byte before anything else.
pub fn probe(module: &mut Module) {
    let all = pieces(module);
    let highest = all.values().flat_map(|pieces| pieces.starts.values().flatten()).map(|(_, number)| *number).max();
    let pages = highest.unwrap_or(0) as u64 / PAGE + 1;
    let memory = module.memories.add_local(false, false, pages, Some(pages), None);
    module.exports.add("probe", memory);
    for (id, pieces) in all {
        let function = module.funcs.get_mut(id).kind.unwrap_local_mut();
        for (seq, starts) in pieces.starts {
            for (at, number) in starts.into_iter().rev() {
                set_byte(function, seq, at, (memory, number));
            }
        }
    }
}

fn set_byte(function: &mut LocalFunction, seq: InstrSeqId, at: usize, (memory, number): (MemoryId, usize)) {
    let arg = ir::MemArg { align: 1, offset: 0 };
    let number = Value::I32(i32::try_from(number).unwrap_or(0));
    let mut builder = function.builder_mut().instr_seq(seq);
    builder.instr_at(at, ir::Store { memory, kind: StoreKind::I32_8 { atomic: false }, arg });
    builder.instr_at(at, ir::Const { value: Value::I32(1) });
    builder.instr_at(at, ir::Const { value: number });
}
