//! Makes two modules of one.

use crate::constants::{self, Constants};
use crate::outline::outline;
use crate::pieces::children;
use crate::{Result, parse, write};
use std::collections::{BTreeMap, BTreeSet};
use walrus::ir::{self, Instr, InstrSeqId, Value};
use walrus::{
    ConstExpr, ElementItems, ElementKind, ExportItem, FunctionBuilder, FunctionId, FunctionKind, GlobalKind, ImportId,
    ImportKind, ImportedFunction, LocalFunction, Module, RefType, TableId,
};

/// What the rest imports everything from: the first part's exports.
const FIRST: &str = "f";
/// A function of so few instructions is copied instead of called from afar, unless it needs a constant.
const TINY: u64 = 12;

/// Which functions are where.
struct Plan {
    /// Those that were entered: in the first part.
    entered: BTreeSet<usize>,
    /// Those made of regions that were not executed: in the rest, and called from one place.
    outlined: BTreeSet<usize>,
}

impl Plan {
    /// True if a function is in the first part, if anything needs it there.
    fn stays(&self, function: &LocalFunction, id: FunctionId) -> bool {
        let tiny = || function.size() <= TINY && !self.outlined.contains(&id.index()) && !constants::any(function);
        self.entered.contains(&id.index()) || tiny()
    }
}

/// Where each function that stays behind has its place in the table, by its number.
type Slots = BTreeMap<usize, i32>;

/// The files of a cut.
pub struct Files<'a> {
    /// As the linker wrote it, with its relocations.
    pub linked: &'a str,
    /// As wasm-bindgen made it of that.
    pub whole: &'a str,
    /// Where the parts go.
    pub first: &'a str,
    pub rest: &'a str,
}

/// Reads a module, and writes its two parts.
pub fn cut(files: &Files, used: &BTreeSet<usize>) -> Result {
    let constants = Constants::read(files.linked)?;
    let slots = slots(read(files.whole, used)?)?;
    let (mut rest, plan) = read(files.whole, used)?;
    let wanted = make_rest(&mut rest, &plan, &slots)?;
    let (mut first, plan) = read(files.whole, used)?;
    make_first(&mut first, &plan, &slots, &wanted);
    walrus::passes::gc::run(&mut first);
    constants.share(&mut first, &mut rest)?;
    write(&mut first, files.first)?;
    write(&mut rest, files.rest)
}

/// The same each time.
fn read(wasm: &str, used: &BTreeSet<usize>) -> Result<(Module, Plan)> {
    let mut module = parse(wasm)?;
    let (entered, outlined) = outline(&mut module, used);
    Ok((module, Plan { entered, outlined }))
}

fn local_where(module: &Module, choose: impl Fn(FunctionId, &LocalFunction) -> bool) -> Vec<FunctionId> {
    module.funcs.iter_local().filter(|(id, function)| choose(*id, function)).map(|(id, _)| id).collect()
}

/// The functions that leave and that something in the first part can call.
fn slots((mut module, plan): (Module, Plan)) -> Result<Slots> {
    let leaving = local_where(&module, |id, function| !plan.stays(function, id));
    for id in local_where(&module, |id, _| plan.entered.contains(&id.index())) {
        module.exports.add(&id.index().to_string(), id);
    }
    for id in &leaving {
        replace(&mut module, *id, &[ir::Unreachable {}.into()]);
    }
    walrus::passes::gc::run(&mut module);
    let left: BTreeSet<usize> = module.funcs.iter_local().map(|(id, _)| id.index()).collect();
    let called = leaving.iter().map(|id| id.index()).filter(|index| left.contains(index));
    called.enumerate().map(|(slot, index)| Ok((index, i32::try_from(slot).map_err(|error| error.to_string())?))).collect()
}

/// Gives a function another body: its arguments on the stack, and then some instructions.
fn replace(module: &mut Module, id: FunctionId, instrs: &[Instr]) {
    let ty = module.types.get(module.funcs.get(id).ty());
    let (params, results) = (ty.params().to_vec(), ty.results().to_vec());
    let mut builder = FunctionBuilder::new(&mut module.types, &params, &results);
    let args: Vec<_> = params.iter().map(|ty| module.locals.add(*ty)).collect();
    let mut body = builder.func_body();
    for arg in &args {
        body.local_get(*arg);
    }
    for instr in instrs {
        body.instr(instr.clone());
    }
    module.funcs.get_mut(id).kind = FunctionKind::Local(builder.local_func(args));
}

/// The first part: what it lacks is called through the table, and the rest finds what it wants among the exports.
fn make_first(module: &mut Module, plan: &Plan, slots: &Slots, wanted: &BTreeSet<String>) {
    let size = slots.len() as u64;
    let table = module.tables.add_local(false, size, Some(size), RefType::FUNCREF);
    export_items(module, wanted);
    module.exports.add(TABLE, table);
    let come = come(module, table);
    let far: BTreeMap<FunctionId, Vec<Instr>> = (module.funcs.iter())
        .filter_map(|function| {
            let value = Value::I32(*slots.get(&function.id().index())?);
            let call = ir::CallIndirect { ty: function.ty(), table };
            Some((function.id(), vec![ir::Call { func: come }.into(), ir::Const { value }.into(), call.into()]))
        })
        .collect();
    let (once, often): (BTreeMap<_, _>, BTreeMap<_, _>) =
        far.into_iter().partition(|(id, _)| plan.outlined.contains(&id.index()));
    for id in local_where(module, |id, _| plan.entered.contains(&id.index())) {
        let function = module.funcs.get_mut(id).kind.unwrap_local_mut();
        call_from_afar(function, function.entry_block(), &once);
    }
    often.into_iter().for_each(|(id, call)| replace(module, id, &call));
}

/// The calls of functions that are called from one place only do not go through one more function.
fn call_from_afar(function: &mut LocalFunction, seq: InstrSeqId, far: &BTreeMap<FunctionId, Vec<Instr>>) {
    let instrs = std::mem::take(&mut function.block_mut(seq).instrs);
    let mut replaced = Vec::with_capacity(instrs.len());
    for (instr, at) in instrs {
        children(&instr).for_each(|child| call_from_afar(function, child, far));
        match &instr {
            Instr::Call(call) if far.contains_key(&call.func) => {
                replaced.extend(far[&call.func].iter().map(|one| (one.clone(), at)))
            }
            _ => replaced.push((instr, at)),
        }
    }
    function.block_mut(seq).instrs = replaced;
}

/// The name of the table among the first part's exports.
const TABLE: &str = "t";

/// A function that makes sure that the rest is there.
fn come(module: &mut Module, table: TableId) -> FunctionId {
    let ty = module.types.add(&[], &[]);
    let (demand, _) = module.add_import_func("./rest.js", "demand", ty);
    let mut builder = FunctionBuilder::new(&mut module.types, &[], &[]);
    builder.func_body().i32_const(0).table_get(table).ref_is_null().if_else(
        None,
        |missing| {
            missing.call(demand);
        },
        |_| {},
    );
    builder.finish(Vec::new(), &mut module.funcs)
}

/// What a thing of the module is called between the parts.
fn label(kind: char, index: usize) -> String {
    format!("{kind}{index}")
}

fn export_items(module: &mut Module, wanted: &BTreeSet<String>) {
    let functions = module.funcs.iter().map(|item| (label('f', item.id().index()), ExportItem::Function(item.id())));
    let globals = module.globals.iter().map(|item| (label('g', item.id().index()), ExportItem::Global(item.id())));
    let tables = module.tables.iter().map(|item| (label('t', item.id().index()), ExportItem::Table(item.id())));
    let memories = module.memories.iter().map(|item| (label('m', item.id().index()), ExportItem::Memory(item.id())));
    let items: Vec<_> = functions.chain(globals).chain(tables).chain(memories).collect();
    for (name, item) in items {
        if wanted.contains(&name) {
            module.exports.add(&name, item);
        }
    }
}

/// The rest: everything but its own functions is the first part's. Answers the labels of what it takes from there.
fn make_rest(module: &mut Module, plan: &Plan, slots: &Slots) -> Result<BTreeSet<String>> {
    take_away_contents(module);
    import_functions(module, plan);
    import_items(module)?;
    fill_table(module, slots);
    walrus::passes::gc::run(module);
    Ok(module.imports.iter().map(|import| import.name.clone()).filter(|name| name != TABLE).collect())
}

fn take_away_contents(module: &mut Module) {
    module.start = None;
    let exports: Vec<_> = module.exports.iter().map(walrus::Export::id).collect();
    exports.into_iter().for_each(|id| module.exports.delete(id));
    let data: Vec<_> = module.data.iter().map(walrus::Data::id).collect();
    data.into_iter().for_each(|id| module.data.delete(id));
    module.memories.iter_mut().for_each(|memory| memory.data_segments.clear());
    let elements: Vec<_> = module.elements.iter().map(walrus::Element::id).collect();
    elements.into_iter().for_each(|id| module.elements.delete(id));
    module.tables.iter_mut().for_each(|table| table.elem_segments.clear());
}

fn import_functions(module: &mut Module, plan: &Plan) {
    for import in module.imports.iter_mut() {
        if let ImportKind::Function(id) = import.kind {
            (import.module, import.name) = (FIRST.to_owned(), label('f', id.index()));
        }
    }
    for id in local_where(module, |id, function| plan.entered.contains(&id.index()) && function.size() > TINY) {
        let ty = module.funcs.get(id).ty();
        let import = module.imports.add(FIRST, &label('f', id.index()), id);
        module.funcs.get_mut(id).kind = FunctionKind::Import(ImportedFunction { import, ty });
    }
}

fn import_items(module: &mut Module) -> Result {
    if module.imports.iter().any(|import| !matches!(import.kind, ImportKind::Function(_))) {
        return Err("the module imports something other than functions".to_owned());
    }
    for table in module.tables.iter_mut() {
        table.import = Some(import(&mut module.imports, 't', table.id().index(), table.id()));
    }
    for memory in module.memories.iter_mut() {
        memory.import = Some(import(&mut module.imports, 'm', memory.id().index(), memory.id()));
    }
    let globals: Vec<_> = module.globals.iter().map(walrus::Global::id).collect();
    for id in globals {
        let from = import(&mut module.imports, 'g', id.index(), id);
        module.globals.get_mut(id).kind = GlobalKind::Import(from);
    }
    Ok(())
}

fn import(imports: &mut walrus::ModuleImports, kind: char, index: usize, item: impl Into<ImportKind>) -> ImportId {
    imports.add(FIRST, &label(kind, index), item)
}

fn fill_table(module: &mut Module, slots: &Slots) {
    let size = slots.len() as u64;
    let (table, _) = module.add_import_table(FIRST, TABLE, false, size, Some(size), RefType::FUNCREF);
    let by_index: BTreeMap<usize, FunctionId> = module.funcs.iter_local().map(|(id, _)| (id.index(), id)).collect();
    let mut functions: Vec<(i32, FunctionId)> = slots.iter().map(|(index, slot)| (*slot, by_index[index])).collect();
    functions.sort_unstable_by_key(|(slot, _)| *slot);
    let functions = functions.into_iter().map(|(_, id)| id).collect();
    let kind = ElementKind::Active { table, offset: ConstExpr::Value(Value::I32(0)) };
    let element = module.elements.add(kind, ElementItems::Functions(functions));
    module.tables.get_mut(table).elem_segments.insert(element);
}
