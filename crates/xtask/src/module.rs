//! Reading a wasm module: what it imports, and how many bytes each function takes.

use crate::process::Result;
use std::collections::BTreeMap;

const CUSTOM: u8 = 0;
const IMPORT: u8 = 2;
const CODE: u8 = 10;
const DATA: u8 = 11;

/// One import of a module.
#[derive(Debug, PartialEq, Eq)]
pub struct Import {
    /// `module.name`
    pub name: String,
    /// Functions are numbered together with the module's own.
    pub is_function: bool,
}

/// What a module's bytes are spent on.
#[derive(Debug, Default)]
pub struct Weights {
    /// Every function by its linker name, with the size of its body.
    pub functions: Vec<(String, usize)>,
    /// Constants.
    pub data: usize,
}

/// Every import, in order.
pub fn imports(module: &[u8]) -> Result<Vec<Import>> {
    let sections = sections(module)?;
    sections.iter().find(|(id, _)| *id == IMPORT).map_or(Ok(Vec::new()), |(_, bytes)| import_section(Reader(bytes)))
}

/// Sizes by function; a module without a name section has no names.
pub fn weights(module: &[u8]) -> Result<Weights> {
    let imported = imports(module)?.iter().filter(|import| import.is_function).count();
    let mut weights = Weights::default();
    let mut names = BTreeMap::new();
    let mut sizes = Vec::new();
    for (id, bytes) in sections(module)? {
        match id {
            CUSTOM => names.append(&mut name_section(Reader(bytes))?),
            CODE => sizes = code_section(Reader(bytes))?,
            DATA => weights.data = bytes.len(),
            _ => {}
        }
    }
    let name = |index: usize| names.remove(&(imported + index)).unwrap_or_default();
    weights.functions = (0..sizes.len()).map(name).zip(sizes).collect();
    Ok(weights)
}

/// The crate that a function belongs to, and its path without the hash.
pub fn demangled(symbol: &str) -> (String, String) {
    let path = format!("{:#}", rustc_demangle::demangle(symbol));
    // `<&mut alloc::vec::Vec<T> as core::fmt::Debug>::fmt` is code of alloc's: the first path tells.
    let words = path.split(|c: char| !c.is_alphanumeric() && !matches!(c, '_' | ':'));
    let first =
        words.filter_map(|word| word.split_once("::")).find(|(name, _)| !name.is_empty()).map_or("other", |(name, _)| name);
    (first.to_owned(), path)
}

/// A path without what stands in angle brackets, unless it begins with them.
pub fn without_types(path: &str) -> String {
    let mut depth = 0_u32;
    let mut short = String::new();
    for (index, c) in path.char_indices() {
        match c {
            '<' if index > 0 => depth += 1,
            '>' if depth > 0 => depth -= 1,
            _ if depth == 0 => short.push(c),
            _ => {}
        }
    }
    short
}

fn sections(module: &[u8]) -> Result<Vec<(u8, &[u8])>> {
    let mut bytes = Reader(module.get(8..).ok_or("not a wasm module")?);
    let mut sections = Vec::new();
    while !bytes.0.is_empty() {
        let id = bytes.byte()?;
        let size = bytes.number()?;
        sections.push((id, bytes.take(size)?));
    }
    Ok(sections)
}

fn import_section(mut bytes: Reader<'_>) -> Result<Vec<Import>> {
    let mut imports = Vec::new();
    for _ in 0..bytes.number()? {
        let name = format!("{}.{}", bytes.name()?, bytes.name()?);
        let kind = bytes.byte()?;
        match kind {
            0 => bytes.skip_numbers(1)?,
            1 => bytes.byte().and_then(|_| bytes.skip_limits())?,
            2 => bytes.skip_limits()?,
            3 => bytes.skip_numbers(2)?,
            other => return Err(format!("{name}: an import of unknown kind {other}")),
        }
        imports.push(Import { name, is_function: kind == 0 });
    }
    Ok(imports)
}

fn code_section(mut bytes: Reader<'_>) -> Result<Vec<usize>> {
    (0..bytes.number()?).map(|_| bytes.number().and_then(|size| bytes.take(size)).map(<[u8]>::len)).collect()
}

fn name_section(mut bytes: Reader<'_>) -> Result<BTreeMap<usize, String>> {
    let mut names = BTreeMap::new();
    if bytes.name()? != "name" {
        return Ok(names);
    }
    while !bytes.0.is_empty() {
        let of_functions = bytes.byte()? == 1;
        let size = bytes.number()?;
        let mut list = Reader(bytes.take(size)?);
        if of_functions {
            for _ in 0..list.number()? {
                names.insert(list.number()?, list.name()?);
            }
        }
    }
    Ok(names)
}

/// The few parts of the binary format that are needed here.
struct Reader<'a>(&'a [u8]);

impl<'a> Reader<'a> {
    fn take(&mut self, size: usize) -> Result<&'a [u8]> {
        let (head, rest) = self.0.split_at_checked(size).ok_or("a wasm module that ends too soon")?;
        self.0 = rest;
        Ok(head)
    }

    fn byte(&mut self) -> Result<u8> {
        self.take(1).map(|bytes| bytes[0])
    }

    fn number(&mut self) -> Result<usize> {
        let mut value = 0;
        for shift in (0..35).step_by(7) {
            let byte = self.byte()?;
            value |= usize::from(byte & 0x7f) << shift;
            if byte < 0x80 {
                return Ok(value);
            }
        }
        Err("a number that is too long".to_owned())
    }

    fn name(&mut self) -> Result<String> {
        let size = self.number()?;
        self.take(size).map(|bytes| String::from_utf8_lossy(bytes).into_owned())
    }

    fn skip_numbers(&mut self, count: usize) -> Result {
        (0..count).try_for_each(|_| self.number().map(drop))
    }

    fn skip_limits(&mut self) -> Result {
        let bounded = self.byte()? & 1;
        self.skip_numbers(1 + usize::from(bounded))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn imports_are_named() {
        let mut module = b"\0asm\x01\0\0\0".to_vec();
        assert_eq!(imports(&module).unwrap(), []);
        module.extend(b"\x02\x11\x02\x03env\x01f\x00\x00\x01m\x01n\x02\x01\x01\x02");
        let names: Vec<_> = imports(&module).unwrap().into_iter().map(|import| import.name).collect();
        assert_eq!(names, ["env.f", "m.n"]);
        assert!(imports(b"").is_err());
    }

    #[test]
    fn functions_are_weighed_with_their_names() {
        let mut module = b"\0asm\x01\0\0\0".to_vec();
        module.extend(b"\x02\x09\x01\x03env\x01f\x00\x00");
        module.extend(b"\x0a\x06\x01\x04\x00\x0b\x0b\x0b");
        module.extend(b"\x00\x0b\x04name\x01\x04\x01\x01\x01g");
        let weights = weights(&module).unwrap();
        assert_eq!(weights.functions, [("g".to_owned(), 4)]);
    }

    fn check(symbol: &str, wanted_crate: &str, wanted_path: &str) {
        assert_eq!(demangled(symbol), (wanted_crate.to_owned(), wanted_path.to_owned()));
    }

    #[test]
    fn functions_belong_to_crates() {
        check("_ZN4core3fmt5write17h0123456789abcdefE", "core", "core::fmt::write");
        check(
            "_ZN44_$LT$value..Value$u20$as$u20$core..Clone$GT$5clone17h0123456789abcdefE",
            "value",
            "<value::Value as core::Clone>::clone",
        );
        check("memcpy", "other", "memcpy");
    }

    #[test]
    fn copies_of_one_function_have_one_name() {
        assert_eq!(without_types("core::ptr::drop_in_place<alloc::vec::Vec<u8>>"), "core::ptr::drop_in_place");
        assert_eq!(without_types("<a::B<C> as D>::e"), "<a::B as D>::e");
    }
}
