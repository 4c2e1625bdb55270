//! Shares the constants out between the parts: the first keeps those that its code refers to, and what these refer to.
//!
//! The linker's relocations (`--emit-relocs`) tell what refers to what. A constant here is a symbol's bytes; an address
//! in code is recognised by its value, which is the same before and after wasm-bindgen. A number that happens to equal
//! an address keeps a constant in the first part for nothing, which is harmless.

use crate::Result;
use crate::pieces::children;
use std::collections::{BTreeMap, BTreeSet};
use std::ops::Range;
use walrus::ir::{Instr, InstrSeqId, Value};
use walrus::{ConstExpr, DataKind, LocalFunction, MemoryId, Module};
use wasmparser::{KnownCustom, Linking, Parser, Payload, RelocAddendKind, RelocationEntry, SymbolInfo};

/// The constants of a module that was linked, and who refers to them.
#[derive(Default)]
pub struct Constants {
    /// Address ranges, in order, apart from each other.
    ranges: Vec<Range<u32>>,
    /// The range that code means by an address.
    in_code: BTreeMap<u32, BTreeSet<usize>>,
    /// The ranges that a range refers to.
    refers: BTreeMap<usize, BTreeSet<usize>>,
}

/// What is read of a module before it is put together.
#[derive(Default)]
struct Linked {
    /// Where each data segment's bytes are in the file, and its address.
    segments: Vec<(Range<usize>, u32)>,
    /// The file's offset of each section's contents.
    sections: Vec<usize>,
    /// The symbols of the symbol table; none where one is no constant.
    symbols: Vec<Option<Range<u32>>>,
    relocations: Vec<(u32, Vec<RelocationEntry>)>,
    code: Option<u32>,
}

impl Constants {
    /// Reads the module as the linker wrote it.
    pub fn read(path: &str) -> Result<Constants> {
        let bytes = std::fs::read(path).map_err(|error| format!("{path}: {error}"))?;
        let linked = Linked::read(&bytes).map_err(|error| format!("{path}: {error}"))?;
        if linked.relocations.is_empty() {
            return Err(format!("{path} has no relocations"));
        }
        linked.constants()
    }

    /// The ranges that the code of a module needs, all that they refer to included.
    fn needed(&self, module: &Module) -> BTreeSet<usize> {
        let mut todo: Vec<usize> = Vec::new();
        for (_, function) in module.funcs.iter_local() {
            addresses(function, function.entry_block(), &mut |address| {
                todo.extend(self.in_code.get(&address).into_iter().flatten());
            });
        }
        let mut needed = BTreeSet::new();
        while let Some(range) = todo.pop() {
            if needed.insert(range) {
                todo.extend(self.refers.get(&range).into_iter().flatten());
            }
        }
        needed
    }

    /// Takes what the first part does not need out of its memory's contents, and puts it into the rest.
    pub fn share(&self, first: &mut Module, rest: &mut Module) -> Result {
        let needed = self.needed(first);
        let memory = rest.memories.iter().next().map(walrus::Memory::id).ok_or("the rest has no memory")?;
        let moved: Vec<Range<u32>> = (self.ranges.iter().enumerate())
            .filter(|(index, range)| !needed.contains(index) && !range.is_empty())
            .map(|(_, range)| range.clone())
            .collect();
        let segments: Vec<_> = first.data.iter().map(walrus::Data::id).collect();
        for id in segments {
            let data = first.data.get_mut(id);
            let DataKind::Active { offset: ConstExpr::Value(Value::I32(start)), .. } = data.kind else {
                return Err("a data segment has no address".to_owned());
            };
            let start = start.cast_unsigned();
            let end = start + u32::try_from(data.value.len()).map_err(|error| error.to_string())?;
            for run in runs(moved.iter().filter(|range| range.start >= start && range.end <= end)) {
                let inside = (run.start - start) as usize..(run.end - start) as usize;
                add(rest, memory, run.start, data.value[inside.clone()].to_vec());
                data.value[inside].fill(0);
            }
        }
        Ok(())
    }
}

/// Ranges that touch become one.
fn runs<'a>(ranges: impl Iterator<Item = &'a Range<u32>>) -> Vec<Range<u32>> {
    let mut runs: Vec<Range<u32>> = Vec::new();
    for range in ranges {
        match runs.last_mut() {
            Some(last) if last.end == range.start => last.end = range.end,
            _ => runs.push(range.clone()),
        }
    }
    runs
}

fn add(module: &mut Module, memory: MemoryId, address: u32, bytes: Vec<u8>) {
    let offset = ConstExpr::Value(Value::I32(address.cast_signed()));
    let data = module.data.add(DataKind::Active { memory, offset }, bytes);
    module.memories.get_mut(memory).data_segments.insert(data);
}

/// Below this address is the stack, which the linker puts first.
const LOWEST: u32 = 1 << 20;

/// True if a function may refer to a constant.
pub fn any(function: &LocalFunction) -> bool {
    let mut found = false;
    addresses(function, function.entry_block(), &mut |address| found |= address >= LOWEST);
    found
}

/// Every number in a function that can be an address.
fn addresses(function: &LocalFunction, seq: InstrSeqId, note: &mut impl FnMut(u32)) {
    for (instr, _) in &function.block(seq).instrs {
        match instr {
            Instr::Const(number) => {
                if let Value::I32(value) = number.value {
                    note(value.cast_unsigned());
                }
            }
            Instr::Load(load) => note(u32::try_from(load.arg.offset).unwrap_or(0)),
            Instr::Store(store) => note(u32::try_from(store.arg.offset).unwrap_or(0)),
            _ => {}
        }
        for child in children(instr) {
            addresses(function, child, note);
        }
    }
}

impl Linked {
    fn read(bytes: &[u8]) -> std::result::Result<Linked, wasmparser::BinaryReaderError> {
        let mut linked = Linked::default();
        for payload in Parser::new(0).parse_all(bytes) {
            let payload = payload?;
            if let Some((_, range)) = payload.as_section() {
                linked.sections.push(range.start);
            }
            match payload {
                Payload::CodeSectionStart { .. } => linked.code = u32::try_from(linked.sections.len() - 1).ok(),
                Payload::DataSection(section) => {
                    for data in section {
                        let data = data?;
                        let wasmparser::DataKind::Active { offset_expr, .. } = data.kind else { continue };
                        if let wasmparser::Operator::I32Const { value } = offset_expr.get_operators_reader().read()? {
                            let start = data.range.end - data.data.len();
                            linked.segments.push((start..data.range.end, value.cast_unsigned()));
                        }
                    }
                }
                Payload::CustomSection(custom) => match custom.as_known() {
                    KnownCustom::Linking(reader) => linked.symbols(reader)?,
                    KnownCustom::Reloc(reader) => {
                        let entries = reader.entries().into_iter().collect::<std::result::Result<_, _>>()?;
                        linked.relocations.push((reader.section_index(), entries));
                    }
                    _ => {}
                },
                _ => {}
            }
        }
        Ok(linked)
    }

    fn symbols(&mut self, reader: wasmparser::LinkingSectionReader) -> std::result::Result<(), wasmparser::BinaryReaderError> {
        for subsection in reader.subsections() {
            let Linking::SymbolTable(table) = subsection? else { continue };
            for symbol in table {
                let range = match symbol? {
                    SymbolInfo::Data { symbol: Some(data), .. } => self.segments.get(data.index as usize).map(|(_, address)| {
                        let start = address + data.offset;
                        start..start + data.size
                    }),
                    _ => None,
                };
                self.symbols.push(range);
            }
        }
        Ok(())
    }

    fn constants(&self) -> Result<Constants> {
        let mut constants = Constants { ranges: apart(self.symbols.iter().flatten().cloned().collect()), ..Constants::default() };
        let ranges = constants.ranges.clone();
        let of = |address: u32| ranges.partition_point(|range| range.start <= address).checked_sub(1);
        for (section, entries) in &self.relocations {
            for entry in entries {
                if entry.ty.addend_kind() == RelocAddendKind::None {
                    continue;
                }
                let Some(Some(symbol)) = self.symbols.get(entry.index as usize) else { continue };
                let target = of(symbol.start).ok_or("a symbol is in no range")?;
                if Some(*section) == self.code {
                    let address =
                        symbol.start.wrapping_add_signed(i32::try_from(entry.addend).map_err(|error| error.to_string())?);
                    constants.in_code.entry(address).or_default().insert(target);
                } else if let Some(from) = self.address_of(*section, entry.offset).and_then(of) {
                    constants.refers.entry(from).or_default().insert(target);
                }
            }
        }
        Ok(constants)
    }

    /// The address of a place in the data section.
    fn address_of(&self, section: u32, offset: u32) -> Option<u32> {
        let place = self.sections.get(section as usize)? + offset as usize;
        let (range, address) = self.segments.iter().find(|(range, _)| range.contains(&place))?;
        Some(address + u32::try_from(place - range.start).ok()?)
    }
}

/// Ranges in order; those that overlap become one.
fn apart(mut ranges: Vec<Range<u32>>) -> Vec<Range<u32>> {
    ranges.sort_unstable_by_key(|range| (range.start, range.end));
    let mut apart: Vec<Range<u32>> = Vec::new();
    for range in ranges {
        match apart.last_mut() {
            Some(last) if range.start < last.end || range.start == last.start => last.end = last.end.max(range.end),
            _ => apart.push(range),
        }
    }
    apart
}
