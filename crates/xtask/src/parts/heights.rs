//! How many values are on the operand stack before each instruction of a sequence.

use walrus::ir::{Instr, InstrSeqId, InstrSeqType};
use walrus::{LocalFunction, Module, TypeId};

/// Heights before each instruction of a sequence and after the last; none where nothing arrives, or nobody can tell.
pub fn heights(module: &Module, function: &LocalFunction, seq: InstrSeqId) -> Vec<Option<usize>> {
    let block = function.block(seq);
    let mut height: Option<usize> = if arity(module, block.ty).0 == 0 { Some(0) } else { None };
    let mut all = vec![height];
    for (instr, _) in &block.instrs {
        height = height.and_then(|height| {
            let (pops, pushes) = effect(module, function, instr)?;
            Some(height.checked_sub(pops)? + pushes)
        });
        all.push(height);
    }
    all
}

/// How many values a sequence takes and leaves.
pub fn arity(module: &Module, ty: InstrSeqType) -> (usize, usize) {
    match ty {
        InstrSeqType::Simple(result) => (0, usize::from(result.is_some())),
        InstrSeqType::MultiValue(ty) => signature(module, ty),
    }
}

fn signature(module: &Module, ty: TypeId) -> (usize, usize) {
    let ty = module.types.get(ty);
    (ty.params().len(), ty.results().len())
}

/// True if what follows an instruction is never reached from it.
pub fn diverges(instr: &Instr) -> bool {
    matches!(instr, Instr::Br(_) | Instr::BrTable(_) | Instr::Return(_) | Instr::Unreachable(_))
}

/// How many values an instruction takes and leaves; none after it nothing is reached, or if it is a rare one.
fn effect(module: &Module, function: &LocalFunction, instr: &Instr) -> Option<(usize, usize)> {
    let inside = |seq: InstrSeqId, more: usize| {
        let (pops, pushes) = arity(module, function.block(seq).ty);
        (pops + more, pushes)
    };
    Some(match instr {
        Instr::Block(block) => inside(block.seq, 0),
        Instr::Loop(block) => inside(block.seq, 0),
        Instr::IfElse(arms) => inside(arms.consequent, 1),
        Instr::Call(call) => signature(module, module.funcs.get(call.func).ty()),
        Instr::CallIndirect(call) => {
            let (pops, pushes) = signature(module, call.ty);
            (pops + 1, pushes)
        }
        Instr::LocalGet(_) | Instr::GlobalGet(_) | Instr::Const(_) | Instr::MemorySize(_) | Instr::RefNull(_) => (0, 1),
        Instr::LocalSet(_) | Instr::GlobalSet(_) | Instr::Drop(_) | Instr::BrIf(_) => (1, 0),
        Instr::LocalTee(_) | Instr::Unop(_) | Instr::MemoryGrow(_) | Instr::Load(_) | Instr::TableGet(_) => (1, 1),
        Instr::RefIsNull(_) => (1, 1),
        Instr::Binop(_) => (2, 1),
        Instr::Select(_) => (3, 1),
        Instr::Store(_) | Instr::TableSet(_) => (2, 0),
        Instr::MemoryCopy(_) | Instr::MemoryFill(_) => (3, 0),
        _ => return None,
    })
}
