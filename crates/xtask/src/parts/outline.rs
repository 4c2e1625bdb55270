//! Takes the pieces that were never executed out of functions that were, as functions of their own.
//!
//! A region is a range of a sequence's instructions at whose ends the operand stack is as high as at the sequence's
//! start. Its function takes the locals that the region may read and answers those that are read after it, and the
//! way by which it left if there are several: falling through, a branch out of it, a return.

use crate::heights::{self, heights};
use crate::liveness::{Liveness, Locals};
use crate::pieces::{Pieces, children, pieces};
use std::collections::{BTreeMap, BTreeSet};
use walrus::ir::{self, BinaryOp, Instr, InstrSeqId, InstrSeqType};
use walrus::{FunctionBuilder, FunctionId, InstrSeqBuilder, LocalFunction, LocalId, Module, ValType};

type Located = (Instr, ir::InstrLocId);

/// A way out of a region.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum Exit {
    Fall,
    To(InstrSeqId),
    Return,
}

/// A range of instructions that was never executed.
struct Region {
    seq: InstrSeqId,
    range: (usize, usize),
    takes: Vec<LocalId>,
    leaves: Vec<LocalId>,
    /// The locals that carry the values that are on the stack when the region falls through, and when it returns.
    at_end: Vec<LocalId>,
    at_return: Vec<LocalId>,
    /// `Fall` is the first, if it is one.
    exits: Vec<Exit>,
}

impl Region {
    /// The locals whose values its function answers.
    fn answers(&self) -> Vec<LocalId> {
        [&self.leaves, &self.at_end, &self.at_return].into_iter().flatten().copied().collect()
    }
}

/// Outlines what was not used from each function that was; answers the functions that were entered, and the new ones.
pub fn outline(module: &mut Module, used: &BTreeSet<usize>) -> (BTreeSet<usize>, BTreeSet<usize>) {
    let all = pieces(module);
    let (mut entered, mut outlined) = (BTreeSet::new(), BTreeSet::new());
    for (id, pieces) in &all {
        if is_whole(module, *id) {
            entered.insert(id.index());
        } else if pieces.entered(module.funcs.get(*id).kind.unwrap_local(), used) {
            entered.insert(id.index());
            let mut regions = find(module, *id, (pieces, used));
            regions.sort_by_key(|region| std::cmp::Reverse(region.range));
            outlined.extend(regions.into_iter().map(|region| take_out(module, *id, region).index()));
        }
    }
    (entered, outlined)
}

/// The allocator's rarer ways depend on sizes and on what was there before: no measurement meets them all.
fn is_whole(module: &Module, id: FunctionId) -> bool {
    module.funcs.get(id).name.as_ref().is_some_and(|name| name.contains("dlmalloc"))
}

/// The regions of a function that are worth it.
fn find(module: &mut Module, id: FunctionId, what: (&Pieces, &BTreeSet<usize>)) -> Vec<Region> {
    let mut ranges = Vec::new();
    let function = module.funcs.get(id).kind.unwrap_local();
    cold_ranges(module, function, function.entry_block(), what, &mut ranges);
    if ranges.is_empty() {
        return Vec::new();
    }
    let liveness = Liveness::of(function);
    let mut loops = BTreeSet::new();
    note_loops(function, function.entry_block(), &mut loops);
    let at = At { module, function, loops: &loops };
    let seen: Vec<Seen> = ranges.iter().filter_map(|(seq, range)| Seen::of(at, *seq, *range)).collect();
    let mut worth: Vec<Region> = seen.into_iter().filter_map(|seen| seen.region(&liveness)).collect();
    worth.iter_mut().for_each(|region| carry(module, id, region));
    worth
}

fn note_loops(function: &LocalFunction, seq: InstrSeqId, loops: &mut BTreeSet<InstrSeqId>) {
    for (instr, _) in &function.block(seq).instrs {
        if let Instr::Loop(inner) = instr {
            loops.insert(inner.seq);
        }
        children(instr).for_each(|child| note_loops(function, child, loops));
    }
}

/// Gives a region locals for what is on the stack when it ends.
fn carry(module: &mut Module, id: FunctionId, region: &mut Region) {
    let function = module.funcs.get(id).kind.unwrap_local();
    let block = function.block(region.seq);
    let ends = region.range.1 == block.instrs.len() && region.exits.contains(&Exit::Fall);
    let at_end = if ends { results(module, block.ty) } else { Vec::new() };
    let returns = region.exits.contains(&Exit::Return);
    let at_return = if returns { module.types.get(function.ty()).results().to_vec() } else { Vec::new() };
    region.at_end = at_end.into_iter().map(|ty| module.locals.add(ty)).collect();
    region.at_return = at_return.into_iter().map(|ty| module.locals.add(ty)).collect();
}

fn results(module: &Module, ty: InstrSeqType) -> Vec<ValType> {
    match ty {
        InstrSeqType::Simple(result) => result.into_iter().collect(),
        InstrSeqType::MultiValue(ty) => module.types.get(ty).results().to_vec(),
    }
}

/// Where a walk is.
#[derive(Clone, Copy)]
struct At<'a> {
    module: &'a Module,
    function: &'a LocalFunction,
    loops: &'a BTreeSet<InstrSeqId>,
}

fn cold_ranges(
    module: &Module,
    function: &LocalFunction,
    seq: InstrSeqId,
    (pieces, used): (&Pieces, &BTreeSet<usize>),
    ranges: &mut Vec<(InstrSeqId, (usize, usize))>,
) {
    let instrs = &function.block(seq).instrs;
    let heights = heights(module, function, seq);
    let mut inside = vec![false; instrs.len()];
    for (start, end) in pieces.cold(seq, instrs.len(), used) {
        let Some(start) = (start..end).find(|at| heights[*at] == Some(0)) else { continue };
        let is_end = |at: &usize| {
            heights[*at] == Some(0) || *at == instrs.len() && (heights[*at].is_some() || heights::diverges(&instrs[at - 1].0))
        };
        let Some(end) = (start + 1..=end).rev().find(is_end) else { continue };
        inside[start..end].fill(true);
        ranges.push((seq, (start, end)));
    }
    for ((instr, _), _) in instrs.iter().zip(inside).filter(|(_, inside)| !inside) {
        children(instr).for_each(|child| cold_ranges(module, function, child, (pieces, used), ranges));
    }
}

/// What a walk through a region sees.
struct Seen {
    seq: InstrSeqId,
    range: (usize, usize),
    size: usize,
    locals: Locals,
    written: Locals,
    exits: BTreeSet<Exit>,
    inner: BTreeSet<InstrSeqId>,
}

impl Seen {
    /// Nothing if it leaves in a way that cannot be told to the outside.
    fn of(at: At, seq: InstrSeqId, range: (usize, usize)) -> Option<Seen> {
        let (locals, written) = (Locals::new(), Locals::new());
        let mut seen = Seen { seq, range, size: 0, locals, written, exits: BTreeSet::new(), inner: BTreeSet::new() };
        let instrs = &at.function.block(seq).instrs[range.0..range.1];
        if !instrs.last().is_some_and(|(last, _)| heights::diverges(last)) {
            seen.exits.insert(Exit::Fall);
        }
        seen.walk(at, instrs).then_some(seen)
    }

    fn walk(&mut self, at: At, instrs: &[Located]) -> bool {
        instrs.iter().all(|(instr, _)| {
            self.size += 1;
            self.instr(at, instr)
        })
    }

    fn instr(&mut self, at: At, instr: &Instr) -> bool {
        match instr {
            Instr::LocalGet(get) => {
                self.locals.insert(get.local);
            }
            Instr::LocalSet(ir::LocalSet { local }) | Instr::LocalTee(ir::LocalTee { local }) => {
                self.locals.insert(*local);
                self.written.insert(*local);
            }
            Instr::Return(_) => {
                self.exits.insert(Exit::Return);
            }
            Instr::Br(branch) => return self.branch(at, branch.block),
            Instr::BrIf(branch) => return self.branch(at, branch.block),
            Instr::BrTable(table) => {
                let blocks = table.blocks.iter().chain([&table.default]);
                return blocks.copied().all(|block| self.branch(at, block));
            }
            Instr::Block(_) | Instr::Loop(_) | Instr::IfElse(_) => {
                return children(instr).all(|child| {
                    self.inner.insert(child);
                    self.walk(at, &at.function.block(child).instrs)
                });
            }
            Instr::Try(_) | Instr::TryTable(_) | Instr::Throw(_) | Instr::Rethrow(_) => return false,
            _ => {}
        }
        true
    }

    /// A branch that carries values out is too much.
    fn branch(&mut self, at: At, to: InstrSeqId) -> bool {
        if self.inner.contains(&to) {
            return true;
        }
        self.exits.insert(Exit::To(to));
        let (takes, leaves) = heights::arity(at.module, at.function.block(to).ty);
        if at.loops.contains(&to) { takes == 0 } else { leaves == 0 }
    }

    fn region(self, liveness: &Liveness) -> Option<Region> {
        let before = liveness.before(self.seq, self.range.0);
        let mut after = Locals::new();
        for exit in &self.exits {
            match exit {
                Exit::Fall => after.extend(liveness.before(self.seq, self.range.1)),
                Exit::To(label) => after.extend(liveness.at_label(*label)),
                Exit::Return => {}
            }
        }
        let takes: Vec<LocalId> = self.locals.intersection(before).copied().collect();
        let leaves: Vec<LocalId> = self.written.intersection(&after).copied().collect();
        let exits: Vec<Exit> = self.exits.into_iter().collect();
        // In bytes, roughly: what the region takes now, and what calling it takes.
        let call = 9 + 2 * takes.len() + 2 * leaves.len() + if exits.len() > 1 { 7 * exits.len() } else { 0 };
        let (at_end, at_return) = (Vec::new(), Vec::new());
        let region = Region { seq: self.seq, range: self.range, takes, leaves, at_end, at_return, exits };
        (2 * self.size > call).then_some(region)
    }
}

/// Makes a function of a region, and calls it instead.
fn take_out(module: &mut Module, id: FunctionId, region: Region) -> FunctionId {
    let types = |locals: &[LocalId]| locals.iter().map(|local| module.locals.get(*local).ty()).collect::<Vec<_>>();
    let several = region.exits.len() > 1;
    let mut results = if several { vec![ValType::I32] } else { Vec::new() };
    results.extend(types(&region.answers()));
    let params = types(&region.takes);
    let exit = module.locals.add(ValType::I32);
    let mut builder = FunctionBuilder::new(&mut module.types, &params, &results);
    let function = module.funcs.get(id).kind.unwrap_local();
    write_body(&mut builder, function, &region, exit);
    let outlined = module.funcs.add_local(builder.local_func(region.takes.clone()));
    let function = module.funcs.get_mut(id).kind.unwrap_local_mut();
    let site = site(function, &region, outlined, exit);
    function.block_mut(region.seq).instrs.splice(region.range.0..region.range.1, site);
    outlined
}

/// Blocks around the region: leaving the outermost is the first exit, after each other one the number of its exit is
/// set.
fn write_body(builder: &mut FunctionBuilder, function: &LocalFunction, region: &Region, exit: LocalId) {
    let blocks: Vec<InstrSeqId> = region.exits.iter().map(|_| builder.dangling_instr_seq(None).id()).collect();
    let entry = builder.func_body_id();
    let mut copy = Copy { function, labels: BTreeMap::new(), at_return: (&region.at_return, None) };
    for (exit, block) in region.exits.iter().zip(&blocks) {
        match exit {
            Exit::Fall => {}
            Exit::To(label) => drop(copy.labels.insert(*label, *block)),
            Exit::Return => copy.at_return.1 = Some(*block),
        }
    }
    let innermost = blocks.last().copied().unwrap_or(entry);
    let instrs = &function.block(region.seq).instrs[region.range.0..region.range.1];
    copy.instrs(instrs, builder, innermost);
    let mut inner = builder.instr_seq(innermost);
    set(&mut inner, &region.at_end);
    if let [outermost, _, ..] = blocks.as_slice()
        && region.exits.contains(&Exit::Fall)
    {
        inner.br(*outermost);
    }
    for (number, pair) in blocks.windows(2).enumerate().rev() {
        let number = i32::try_from(number + 1).unwrap_or(i32::MAX);
        let mut outer = builder.instr_seq(pair[0]);
        outer.instr(ir::Block { seq: pair[1] }).i32_const(number).local_set(exit);
        if number > 1 {
            outer.br(blocks[0]);
        }
    }
    let mut body = builder.func_body();
    if let Some(outermost) = blocks.first() {
        body.instr(ir::Block { seq: *outermost });
        if blocks.len() > 1 {
            body.local_get(exit);
        }
        get(&mut body, &region.answers());
    }
}

/// Puts locals on the stack.
fn get(seq: &mut InstrSeqBuilder, locals: &[LocalId]) {
    for local in locals {
        seq.local_get(*local);
    }
}

/// Takes them from the stack again.
fn set(seq: &mut InstrSeqBuilder, locals: &[LocalId]) {
    for local in locals.iter().rev() {
        seq.local_set(*local);
    }
}

/// Copies instructions from one function to another.
struct Copy<'a> {
    function: &'a LocalFunction,
    labels: BTreeMap<InstrSeqId, InstrSeqId>,
    /// Where the values of a return go, and then where to branch.
    at_return: (&'a [LocalId], Option<InstrSeqId>),
}

impl Copy<'_> {
    fn instrs(&mut self, instrs: &[Located], builder: &mut FunctionBuilder, into: InstrSeqId) {
        for (instr, _) in instrs {
            let copied = match instr {
                Instr::Block(block) => ir::Block { seq: self.child(block.seq, builder) }.into(),
                Instr::Loop(block) => ir::Loop { seq: self.child(block.seq, builder) }.into(),
                Instr::IfElse(arms) => {
                    let consequent = self.child(arms.consequent, builder);
                    ir::IfElse { consequent, alternative: self.child(arms.alternative, builder) }.into()
                }
                Instr::Br(branch) => ir::Br { block: self.labels[&branch.block] }.into(),
                Instr::BrIf(branch) => ir::BrIf { block: self.labels[&branch.block] }.into(),
                Instr::BrTable(table) => {
                    let blocks = table.blocks.iter().map(|block| self.labels[block]).collect();
                    ir::BrTable { blocks, default: self.labels[&table.default] }.into()
                }
                Instr::Return(_) => {
                    let (locals, label) = self.at_return;
                    let mut seq = builder.instr_seq(into);
                    set(&mut seq, locals);
                    label.map_or(Instr::Unreachable(ir::Unreachable {}), |block| ir::Br { block }.into())
                }
                other => other.clone(),
            };
            builder.instr_seq(into).instr(copied);
        }
    }

    fn child(&mut self, seq: InstrSeqId, builder: &mut FunctionBuilder) -> InstrSeqId {
        let block = self.function.block(seq);
        let copied = builder.dangling_instr_seq(block.ty).id();
        self.labels.insert(seq, copied);
        self.instrs(&block.instrs, builder, copied);
        copied
    }
}

/// What stands in the region's place: the call, and then on by the exit that it answers.
fn site(function: &mut LocalFunction, region: &Region, outlined: FunctionId, exit: LocalId) -> Vec<Located> {
    let builder = function.builder_mut();
    let way = |builder: &mut FunctionBuilder, way: Exit| -> InstrSeqId {
        let mut seq = builder.dangling_instr_seq(None);
        match way {
            Exit::Fall => get(&mut seq, &region.at_end),
            Exit::To(label) => {
                seq.br(label);
            }
            Exit::Return => {
                get(&mut seq, &region.at_return);
                seq.return_();
            }
        }
        seq.id()
    };
    let seq = builder.dangling_instr_seq(None).id();
    let mut body = builder.instr_seq(seq);
    get(&mut body, &region.takes);
    body.call(outlined);
    set(&mut body, &region.answers());
    if region.exits.len() > 1 {
        body.local_set(exit);
    }
    for (number, other) in region.exits.iter().enumerate().skip(1) {
        let number = i32::try_from(number).unwrap_or(i32::MAX);
        let consequent = way(builder, *other);
        let alternative = builder.dangling_instr_seq(None).id();
        let mut body = builder.instr_seq(seq);
        body.local_get(exit).i32_const(number).binop(BinaryOp::I32Eq);
        match other {
            Exit::To(label) => body.br_if(*label),
            Exit::Fall | Exit::Return => body.instr(ir::IfElse { consequent, alternative }),
        };
    }
    let last = match region.exits.first() {
        Some(first) => way(builder, *first),
        None => builder.dangling_instr_seq(None).unreachable().id(),
    };
    let mut instrs = builder.instr_seq(seq).instrs().to_vec();
    instrs.extend(builder.instr_seq(last).instrs().iter().cloned());
    instrs
}
