//! Which locals of a function may still be read, before each of its instructions.

use std::collections::BTreeMap;
use walrus::ir::{Instr, InstrSeqId};
use walrus::{LocalFunction, LocalId};

/// A set of locals.
pub type Locals = std::collections::BTreeSet<LocalId>;

/// The answer.
pub struct Liveness<'a> {
    function: &'a LocalFunction,
    /// What is live where a branch to a sequence goes.
    labels: BTreeMap<InstrSeqId, Locals>,
    /// For each sequence: before each of its instructions, and after the last.
    before: BTreeMap<InstrSeqId, Vec<Locals>>,
}

impl<'a> Liveness<'a> {
    /// Works it out, backwards; loops until nothing is added.
    pub fn of(function: &'a LocalFunction) -> Liveness<'a> {
        let mut liveness = Liveness { function, labels: BTreeMap::new(), before: BTreeMap::new() };
        let entry = function.entry_block();
        liveness.labels.insert(entry, Locals::new());
        liveness.seq(entry, Locals::new());
        liveness
    }
    /// What is live before an instruction.
    pub fn before(&self, seq: InstrSeqId, at: usize) -> &Locals {
        &self.before[&seq][at]
    }
    /// What is live after a branch to a sequence's label.
    pub fn at_label(&self, seq: InstrSeqId) -> &Locals {
        &self.labels[&seq]
    }

    fn seq(&mut self, seq: InstrSeqId, after: Locals) -> Locals {
        let instrs = &self.function.block(seq).instrs;
        let mut before = vec![Locals::new(); instrs.len() + 1];
        let mut live = after;
        for (at, (instr, _)) in instrs.iter().enumerate().rev() {
            before[at + 1].clone_from(&live);
            live = self.instr(instr, live);
        }
        before[0].clone_from(&live);
        self.before.insert(seq, before);
        live
    }

    fn instr(&mut self, instr: &Instr, mut live: Locals) -> Locals {
        match instr {
            Instr::LocalGet(get) => {
                live.insert(get.local);
            }
            Instr::LocalSet(set) => {
                live.remove(&set.local);
            }
            Instr::LocalTee(tee) => {
                live.remove(&tee.local);
            }
            Instr::Block(block) => {
                self.labels.insert(block.seq, live.clone());
                return self.seq(block.seq, live);
            }
            Instr::Loop(block) => return self.around(block.seq, &live),
            Instr::IfElse(arms) => {
                self.labels.insert(arms.consequent, live.clone());
                self.labels.insert(arms.alternative, live.clone());
                let mut either = self.seq(arms.consequent, live.clone());
                either.extend(self.seq(arms.alternative, live));
                return either;
            }
            Instr::Br(branch) => return self.labels[&branch.block].clone(),
            Instr::BrIf(branch) => live.extend(&self.labels[&branch.block]),
            Instr::BrTable(table) => {
                live = self.labels[&table.default].clone();
                table.blocks.iter().for_each(|block| live.extend(&self.labels[block]));
            }
            Instr::Return(_) | Instr::Unreachable(_) => live.clear(),
            _ => {}
        }
        live
    }

    fn around(&mut self, seq: InstrSeqId, after: &Locals) -> Locals {
        self.labels.entry(seq).or_default();
        loop {
            let live = self.seq(seq, after.clone());
            if self.labels[&seq].is_superset(&live) {
                return live;
            }
            self.labels.entry(seq).or_default().extend(live);
        }
    }
}
