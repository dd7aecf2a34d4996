//! Stack depths, layout, bytes and tables: the last pass.

use tare_allocators::Vec;

use super::error::Res;
use super::fuse::{effect, has_jump};
use super::ir::*;
use super::names::Name;
use super::parser::Compiler;
use crate::code::function::{
    BindingKind, CaptureSource, Constant, EvalScope, EvalVar, Export, Flags, FunctionTemplate, Global,
    Handler, ImportName, LocalInfo, Unit,
};
use crate::code::opcodes::{ENDS, Op, Operand, THROWS};
use crate::code::positions::{Position, Writer};

const UNSEEN: u16 = u16::MAX;
/// Deeper operand stacks are an error.
const MAX_STACK: usize = 60_000;

/// Values that a property access without a cache has on the stack beyond one with a cache: the object, the key.
const UNCACHED_STACK: u16 = 2;

/// A handler range with what it is sorted by.
struct Range {
    nesting: u32,
    handler: Handler,
}

impl<'a> Compiler<'a, '_, '_> {
    /// Makes the unit of all functions.
    pub fn unit(&mut self) -> Res<Unit<'a>> {
        let count = self.funcs.len() as u32;
        // The initializer of a module's functions comes second, before those it makes.
        let init = (0..count).find(|&f| self.funcs[f as usize].kind == FnKind::ModuleInit);
        let mut next = u32::from(init.is_some());
        for f in 0..count {
            if self.funcs[f as usize].dead {
                continue;
            }
            self.funcs[f as usize].unit_index = if Some(f) == init {
                1
            } else if f == 0 {
                0
            } else {
                next += 1;
                next
            };
        }
        // Room for all: a template that was made owns atoms and must not get lost.
        let mut templates: Vec<'a, (u32, FunctionTemplate<'a>)> =
            Vec::try_with_capacity(count as usize, self.memory)?;
        for f in (0..count).rev() {
            if !self.funcs[f as usize].dead {
                // What is still to be done with the function: some passes over its instructions.
                let instructions = self.funcs[f as usize].ir.len() as u32;
                if let Err(fail) = self.spend(instructions.saturating_mul(4)) {
                    self.abandon(&templates);
                    return Err(fail);
                }
                match self.function(f) {
                    Ok(template) => templates.try_push((self.funcs[f as usize].unit_index, template))?,
                    Err(fail) => {
                        self.abandon(&templates);
                        return Err(fail);
                    }
                }
            }
        }
        match self.assemble(&mut templates, init) {
            Ok(unit) => Ok(unit),
            Err(fail) => {
                self.abandon(&templates);
                Err(fail)
            }
        }
    }

    /// Gives back the atoms of templates that will not be used.
    fn abandon(&mut self, templates: &[(u32, FunctionTemplate<'a>)]) {
        for (_, template) in templates {
            template.atoms.iter().for_each(|&atom| self.interner.release(atom));
        }
    }

    fn assemble(
        &mut self,
        templates: &mut Vec<'a, (u32, FunctionTemplate<'a>)>,
        init: Option<u32>,
    ) -> Res<Unit<'a>> {
        templates.sort_unstable_by_key(|entry| entry.0);
        // Slots of captured variables are known now.
        for (index, template) in templates.iter_mut() {
            for capture in template.captures.iter_mut() {
                // The `name` is the variable still.
                let var = self.vars[capture.name as usize];
                if capture.source == CaptureSource::Local(NO_SLOT) {
                    // A parameter that shares its box with the arguments object needs no
                    // instruction of its function, so nothing has asked for its slot.
                    let slot = if var.local == NO_SLOT { var.arg } else { var.local };
                    capture.source = CaptureSource::Local(slot);
                }
                capture.name = self.lexer.names.atom(self.lexer.source, var.name, self.interner)?;
                add_atom(&mut template.atoms, self.interner, capture.name)?;
            }
            let _ = index;
        }
        if init.is_some() && templates.len() > 1 {
            let mut captures = Vec::new(self.memory);
            for (i, capture) in templates[0].1.captures.iter().enumerate() {
                let mut capture = *capture;
                capture.source = CaptureSource::Capture(i as u16);
                captures.try_push(capture)?;
            }
            for capture in captures.iter() {
                add_atom(&mut templates[1].1.atoms, self.interner, capture.name)?;
            }
            templates[1].1.captures = captures;
        }
        let mut globals: Vec<'a, Global> = Vec::new(self.memory);
        for i in 0..self.globals.len() {
            let (name, kind) = self.globals[i];
            globals.try_push(Global { name: self.atom(name)?, kind })?;
        }
        let module = self.module_exports(init.is_some())?;
        let mut functions = Vec::try_with_capacity(templates.len(), self.memory)?;
        let mut atoms: Vec<'a, u32> = Vec::new(self.memory);
        let mut all: Vec<'a, u32> = Vec::new(self.memory);
        for global in globals.iter() {
            all.try_push(global.name)?;
        }
        if let Some(info) = &module {
            for request in info.requests.iter() {
                all.try_push(request.specifier)?;
                for attribute in request.attributes.iter() {
                    all.try_extend_from_slice(&[attribute.key, attribute.value])?;
                }
            }
            let of = |name: ImportName| match name {
                ImportName::Name(atom) => atom,
                ImportName::Namespace => 0,
            };
            for import in info.imports.iter() {
                all.try_extend_from_slice(&[import.local, of(import.name)])?;
            }
            for export in info.exports.iter() {
                match *export {
                    Export::Local { name, .. } => all.try_push(name)?,
                    Export::Indirect { name, import, .. } => {
                        all.try_extend_from_slice(&[name, of(import)])?
                    }
                    Export::Star { .. } => {}
                }
            }
        }
        all.sort_unstable();
        atoms.try_reserve(all.len())?;
        let mut last = 0;
        for &atom in all.iter() {
            if atom != last && atom != 0 {
                self.interner.retain(atom);
                atoms.try_push(atom)?;
            }
            last = atom;
        }
        while let Some((_, template)) = templates.pop() {
            functions.try_push(template)?;
        }
        functions.reverse();
        Ok(Unit { functions, globals, module, atoms })
    }

    /// The exports of a module, now that captures are known.
    fn module_exports(&mut self, has_init: bool) -> Res<Option<crate::code::function::ModuleInfo<'a>>> {
        let Some(mut info) = self.module_info.take() else { return Ok(None) };
        if has_init {
            info.init = Some(1);
        }
        let scope = self.funcs[0].scope;
        for i in 0..self.exports.len() {
            let export = self.exports[i];
            let name = self.atom(export.name)?;
            let Some(var) = self.live(scope, export.local) else { continue };
            let import = self.vars[var as usize].import;
            if import != NONE && info.imports[import as usize].name != ImportName::Namespace {
                let import = info.imports[import as usize];
                info.exports.try_push(Export::Indirect {
                    name,
                    request: import.request,
                    import: import.name,
                })?;
                continue;
            }
            let capture = self.capture_index.get(pair(0, var)).unwrap_or(0) as u16;
            info.exports.try_push(Export::Local { name, capture })?;
        }
        Ok(Some(info))
    }

    /// Resolves, optimizes and encodes one function.
    fn function(&mut self, f: u32) -> Res<FunctionTemplate<'a>> {
        let resolved = self.resolve(f)?;
        if f == 0 {
            // What is exported has a capture, also if the module does not mention it again.
            for i in 0..self.exports.len() {
                let local = self.exports[i].local;
                if let Some(var) = self.live(self.funcs[0].scope, local) {
                    self.capture_module_var(var)?;
                }
            }
        }
        let mut ir = self.assign_slots(f, &resolved)?;
        drop(resolved);
        let labels = self.funcs[f as usize].labels;
        let (mut ir, labels) = super::fuse::fuse(&mut ir, labels, &self.regions, self.options.fusions)?;
        let mut encoder = Encoder::new(self, f, labels)?;
        let stack_size = encoder.depths(&mut ir)?;
        encoder.shapes(&ir)?;
        match encoder.encode(&ir) {
            Ok(()) => encoder.finish(stack_size),
            Err(fail) => Err(fail),
        }
    }

    fn capture_module_var(&mut self, var: u32) -> Res {
        let v = self.vars[var as usize];
        if self.capture_index.get(pair(0, var)).is_none() {
            let source = if v.import != NONE {
                CaptureSource::Import(v.import)
            } else {
                CaptureSource::Module { uninitialized: v.init_at != 0 }
            };
            self.add_capture(0, var, source)?;
        }
        Ok(())
    }
}

/// A function's literals are compared with its first few shapes.
const COMPARED_SHAPES: usize = 64;

/// Adds an atom to a template's list, once.
fn add_atom(atoms: &mut Vec<'_, u32>, interner: &mut dyn crate::code::function::Interner, atom: u32) -> Res {
    if atom != 0 && !atoms.contains(&atom) {
        atoms.try_push(atom)?;
        interner.retain(atom);
    }
    Ok(())
}

struct Encoder<'c, 'a, 's, 'i> {
    c: &'c mut Compiler<'a, 's, 'i>,
    f: u32,
    /// Depth before each instruction; `UNSEEN` if it is never reached.
    depth: Vec<'a, u16>,
    /// Index of each label's instruction, later its code offset.
    labels: Vec<'a, u32>,
    region_depth: Map<'a>,
    code: Vec<'a, u8>,
    /// Where a jump operand is, the start of its instruction, its label, its size.
    fixups: Vec<'a, (u32, u32, u32, u8)>,
    handlers: Vec<'a, Range>,
    constants: Vec<'a, Constant<'a>>,
    constant_index: Map<'a>,
    caches: Vec<'a, u32>,
    /// Caches that all accesses to one name share, by family and name.
    shared_caches: Map<'a>,
    functions: Vec<'a, u32>,
    shapes: Vec<'a, (u32, u32)>,
    shape_atoms: Vec<'a, u32>,
    shape_index: Map<'a>,
    atoms: Vec<'a, u32>,
    atom_seen: Map<'a>,
    positions: Option<Writer<'a>>,
    start: Position,
    /// Where strict code in a sloppy function began, and whether it has an instruction for which that matters.
    strict_part: Option<u32>,
    strict_matters: bool,
    /// What instructions written in other ways need beyond their depths.
    extra_stack: u16,
}

impl<'c, 'a, 's, 'i> Encoder<'c, 'a, 's, 'i> {
    fn new(c: &'c mut Compiler<'a, 's, 'i>, f: u32, labels: u32) -> Res<Self> {
        let memory = c.memory;
        let (line, column) = c.position(c.funcs[f as usize].source.0)?;
        let start = Position { line, column };
        let constants = core::mem::replace(&mut c.funcs[f as usize].constants, Vec::new(memory));
        let mut places = Vec::new(memory);
        places.try_resize(labels as usize, NONE)?;
        let mut encoder = Encoder {
            c,
            f,
            depth: Vec::new(memory),
            labels: places,
            region_depth: Map::new(memory),
            code: Vec::new(memory),
            fixups: Vec::new(memory),
            handlers: Vec::new(memory),
            constants: Vec::new(memory),
            constant_index: Map::new(memory),
            caches: Vec::new(memory),
            shared_caches: Map::new(memory),
            functions: Vec::new(memory),
            shapes: Vec::new(memory),
            shape_atoms: Vec::new(memory),
            shape_index: Map::new(memory),
            atoms: Vec::new(memory),
            atom_seen: Map::new(memory),
            positions: Some(Writer::new(Vec::new(memory), start)),
            start,
            strict_part: None,
            strict_matters: false,
            extra_stack: 0,
        };
        for constant in constants.iter() {
            match constant {
                Constant::BigInt(atom) | Constant::String(atom) => encoder.own(*atom)?,
                Constant::RegExp { pattern, flags } => {
                    encoder.own(*pattern)?;
                    encoder.own(*flags)?;
                }
                Constant::Template { cooked, raw } => {
                    for &atom in cooked.iter().chain(raw.iter()) {
                        encoder.own(atom)?;
                    }
                }
                Constant::Number(_) => {}
            }
        }
        encoder.constants = constants;
        Ok(encoder)
    }

    /// Notes that the template owns an atom.
    fn own(&mut self, atom: u32) -> Res {
        if atom != 0 && self.atom_seen.get(u64::from(atom)).is_none() {
            self.atom_seen.set(u64::from(atom), 1)?;
            self.atoms.try_push(atom)?;
        }
        Ok(())
    }

    fn atom(&mut self, name: u32) -> Res<u32> {
        let atom = self.c.atom(Name(name))?;
        self.own(atom)?;
        Ok(atom)
    }

    // Depths.

    fn depths(&mut self, ir: &mut [Inst]) -> Res<u16> {
        self.depth.try_resize(ir.len(), UNSEEN)?;
        for (i, inst) in ir.iter().enumerate() {
            if inst.op == p::LABEL {
                self.labels[inst.b as usize] = i as u32;
            }
        }
        let mut work: Vec<'_, (u32, u32)> = Vec::new(self.c.memory);
        work.try_push((0, 0))?;
        let mut deepest = 0usize;
        while let Some((start, depth)) = work.pop() {
            let (mut i, mut depth) = (start as usize, depth as usize);
            while i < ir.len() && self.depth[i] == UNSEEN {
                if depth > MAX_STACK {
                    return self.c.err_at(ir[i].at, format_args!("expression is too large"));
                }
                self.depth[i] = depth as u16;
                let inst = ir[i];
                let Some(op) = inst.opcode() else {
                    match inst.op {
                        p::TRY_BEGIN => {
                            let region = u64::from(inst.a);
                            if self.region_depth.get(region).is_none() {
                                let base = depth - usize::from(inst.x);
                                self.region_depth.set(region, base as u32)?;
                                let handler = self.c.regions[inst.a as usize];
                                work.try_push((self.labels[handler as usize], base as u32 + 1))?;
                                deepest = deepest.max(base + 1);
                            }
                        }
                        p::CUT => {
                            let base = self.region_depth.get(u64::from(inst.a)).unwrap_or(0) as usize;
                            ir[i].b = depth.saturating_sub(base) as u32;
                            depth = base;
                        }
                        p::STRING | p::NUMBER => depth += 1,
                        _ => {}
                    }
                    deepest = deepest.max(depth);
                    i += 1;
                    continue;
                };
                let info = op.info();
                let pops = match effect(op, &inst) {
                    Some((pops, _)) => pops,
                    None => self.c.shape_list[inst.a as usize].0 as usize,
                };
                debug_assert!(pops <= depth, "{} at depth {depth}", info.name);
                let base = depth.saturating_sub(pops);
                if has_jump(op) {
                    let target = self.labels[inst.b as usize];
                    work.try_push((target, base as u32 + u32::from(info.jump_pushes)))?;
                    deepest = deepest.max(base + usize::from(info.jump_pushes));
                }
                if info.flags & ENDS != 0 {
                    break;
                }
                depth = base + usize::from(info.pushes);
                deepest = deepest.max(depth);
                i += 1;
            }
        }
        Ok(deepest as u16)
    }

    /// The literal shapes used, in order.
    fn shapes(&mut self, ir: &[Inst]) -> Res {
        for (i, inst) in ir.iter().enumerate() {
            if !inst.is(Op::ObjectLiteral)
                || self.depth[i] == UNSEEN
                || self.shape_index.get(u64::from(inst.a)).is_some()
            {
                continue;
            }
            let start = inst.a as usize;
            let count = self.c.shape_list[start].0 as usize;
            let first = self.shape_atoms.len() as u32;
            for k in 0..count {
                let name = self.c.shape_list[start + 1 + k];
                let atom = self.atom(name.0)?;
                self.shape_atoms.try_push(atom)?;
            }
            // Literals with equal keys share a shape.
            let same = self.shapes.iter().take(COMPARED_SHAPES).position(|&(at, n)| {
                n as usize == count
                    && self.shape_atoms[at as usize..][..count] == self.shape_atoms[first as usize..][..count]
            });
            let index = match same {
                Some(index) => {
                    self.shape_atoms.truncate(first as usize);
                    index
                }
                None => {
                    self.shapes.try_push((first, count as u32))?;
                    self.shapes.len() - 1
                }
            };
            if index > usize::from(u16::MAX) {
                return self.c.err_at(inst.at, format_args!("too many object literals in one function"));
            }
            self.shape_index.set(u64::from(inst.a), index as u32)?;
        }
        Ok(())
    }

    // Code.

    fn encode(&mut self, ir: &[Inst]) -> Res {
        self.code.try_reserve(ir.len() * 3)?;
        let all_near = ir.len() * 9 < 32_000;
        let mut index_of_label: Vec<'_, u32> = Vec::new(self.c.memory);
        index_of_label.try_extend_from_slice(&self.labels)?;
        let mut active: Vec<'_, (u32, u32)> = Vec::new(self.c.memory);
        for (i, inst) in ir.iter().enumerate() {
            let pc = self.code.len() as u32;
            match inst.op {
                p::LABEL => {
                    self.labels[inst.b as usize] = pc;
                    continue;
                }
                p::TRY_BEGIN => {
                    active.try_push((inst.a, pc))?;
                    continue;
                }
                p::TRY_END => {
                    if let Some(at) = active.iter().rposition(|entry| entry.0 == inst.a) {
                        let (region, start) = active.remove(at);
                        self.range(region, start, pc, at as u32)?;
                    }
                    continue;
                }
                p::STRICT => {
                    self.strict_part(inst.x == 1, pc)?;
                    continue;
                }
                _ => {}
            }
            if self.depth[i] == UNSEEN {
                continue;
            }
            match inst.op {
                p::CUT => {
                    for _ in 0..inst.b {
                        self.code.try_push(Op::Drop as u8)?;
                    }
                }
                p::STRING => {
                    let index = self.string_constant(inst.a)?;
                    self.push_constant(index)?;
                }
                p::NUMBER => {
                    let bits = u64::from(inst.b) << 32 | u64::from(inst.a);
                    let index = self.number_constant(bits)?;
                    self.push_constant(index)?;
                }
                _ => {
                    let Some(op) = inst.opcode() else { continue };
                    let near = has_jump(op)
                        && (all_near || (index_of_label[inst.b as usize] as usize).abs_diff(i) * 9 < 32_000);
                    self.instruction(op, inst, near)?;
                }
            }
        }
        for &(at, start, label, size) in self.fixups.iter() {
            let target = self.labels[label as usize];
            let distance = target.wrapping_sub(start) as i32;
            let at = at as usize;
            if size == 2 {
                self.code[at..at + 2].copy_from_slice(&(distance as i16).to_le_bytes());
            } else {
                self.code[at..at + 4].copy_from_slice(&distance.to_le_bytes());
            }
        }
        Ok(())
    }

    fn range(&mut self, region: u32, start: u32, end: u32, nesting: u32) -> Res {
        let Some(depth) = self.region_depth.get(u64::from(region)) else { return Ok(()) };
        if start < end {
            let handler = Handler { start, end, target: region, depth: depth as u16 };
            self.handlers.try_push(Range { nesting, handler })?;
        }
        Ok(())
    }

    /// Strict code in a sloppy function begins or ends.
    fn strict_part(&mut self, begins: bool, pc: u32) -> Res {
        let start = core::mem::replace(&mut self.strict_part, if begins { Some(pc) } else { None });
        let matters = core::mem::replace(&mut self.strict_matters, false);
        if let Some(start) = start
            && matters
        {
            let handler = Handler { start, end: pc, target: Handler::STRICT, depth: 0 };
            self.handlers.try_push(Range { nesting: 0, handler })?;
            self.c.funcs[self.f as usize].flags |= Flags::STRICT_PARTS;
        }
        Ok(())
    }

    fn string_constant(&mut self, name: u32) -> Res<u32> {
        let key = pair(1 << 20, name) | 1 << 63;
        if let Some(index) = self.constant_index.get(key) {
            return Ok(index);
        }
        let atom = self.atom(name)?;
        self.constants.try_push(Constant::String(atom))?;
        let index = self.constants.len() as u32 - 1;
        self.constant_index.set(key, index)?;
        Ok(index)
    }

    fn number_constant(&mut self, bits: u64) -> Res<u32> {
        let key = crate::base::hash_word(bits, 7) & !(1 << 63);
        if let Some(index) = self.constant_index.get(key)
            && matches!(self.constants[index as usize], Constant::Number(n) if n.to_bits() == bits)
        {
            return Ok(index);
        }
        self.constants.try_push(Constant::Number(f64::from_bits(bits)))?;
        let index = self.constants.len() as u32 - 1;
        self.constant_index.set(key, index)?;
        Ok(index)
    }

    fn push_constant(&mut self, index: u32) -> Res {
        match u16::try_from(index) {
            Ok(index) => {
                self.code.try_push(Op::PushConst as u8)?;
                Ok(self.code.try_extend_from_slice(&index.to_le_bytes())?)
            }
            Err(_) => {
                self.code.try_push(Op::PushConst32 as u8)?;
                Ok(self.code.try_extend_from_slice(&index.to_le_bytes())?)
            }
        }
    }

    /// The position of an instruction about to be written.
    fn note_position(&mut self, at: u32) -> Res {
        let (line, column) = self.c.position(at)?;
        let pc = self.code.len() as u32;
        if let Some(positions) = &mut self.positions {
            positions.add(pc, Position { line, column })?;
        }
        Ok(())
    }

    fn instruction(&mut self, op: Op, inst: &Inst, near: bool) -> Res {
        let a = inst.a;
        // Short forms.
        let op = match op {
            Op::GetLocal if a < 256 => Op::GetLocal8,
            Op::PutLocal if a < 256 => Op::PutLocal8,
            Op::SetLocal if a < 256 => Op::SetLocal8,
            Op::GetCapture if a < 256 => Op::GetCapture8,
            Op::PushI32 if i8::try_from(a as i32).is_ok() => Op::PushI8,
            Op::PushConst32 if a <= u32::from(u16::MAX) => Op::PushConst,
            Op::Jump if near => Op::Jump16,
            Op::IfTrue if near => Op::IfTrue16,
            Op::IfFalse if near => Op::IfFalse16,
            Op::Loop if near => Op::Loop16,
            Op::LoopIfTrue if near => Op::LoopIfTrue16,
            other => other,
        };
        let info = op.info();
        self.strict_matters |= self.strict_part.is_some() && op.asks_for_strict();
        if info.flags & THROWS != 0 {
            self.note_position(inst.at)?;
        }
        let mut cache = 0;
        if info.operands.contains(&Operand::Ic) {
            match self.cache(op, a)? {
                Some(index) => cache = index,
                None => return self.uncached(op, inst),
            }
        }
        let start = self.code.len() as u32;
        self.code.try_push(op as u8)?;
        let values = info.operands.iter().filter(|o| !matches!(o, Operand::Jump16 | Operand::Jump32)).count();
        let mut first = values == 2;
        for &operand in info.operands {
            let value = if first { u32::from(inst.x) } else { a };
            match operand {
                Operand::Jump16 | Operand::Jump32 => {
                    let size = operand.size() as u8;
                    self.fixups.try_push((self.code.len() as u32, start, inst.b, size))?;
                    self.code.try_extend_from_slice(&[0; 4][..usize::from(size)])?;
                    continue;
                }
                Operand::I8 | Operand::U8 | Operand::Local8 | Operand::Capture8 | Operand::Depth => {
                    self.code.try_push(value as u8)?;
                }
                Operand::Local16
                | Operand::Capture16
                | Operand::Const16
                | Operand::Count
                | Operand::Scope => {
                    self.code.try_extend_from_slice(&(value as u16).to_le_bytes())?;
                }
                Operand::I32 | Operand::Const32 => self.code.try_extend_from_slice(&value.to_le_bytes())?,
                Operand::Ic => self.code.try_extend_from_slice(&cache.to_le_bytes())?,
                Operand::Atom => {
                    let atom = self.atom(value)?;
                    self.code.try_extend_from_slice(&atom.to_le_bytes())?;
                }
                Operand::Function => {
                    let index = self.functions.len() as u32;
                    let unit = self.c.funcs[value as usize].unit_index;
                    self.functions.try_push(unit)?;
                    self.code.try_extend_from_slice(&index.to_le_bytes())?;
                }
                Operand::Shape => {
                    let index = self.shape_index.get(u64::from(value)).unwrap_or(0) as u16;
                    self.code.try_extend_from_slice(&index.to_le_bytes())?;
                }
            }
            first = false;
        }
        Ok(())
    }

    /// The cache of an access, or none if the function has used up its caches. All accesses to one global
    /// variable share one: they find the same place. So do those to a private name, whose caches hold nothing
    /// but the name.
    fn cache(&mut self, op: Op, name: u32) -> Res<Option<u16>> {
        let family = match op {
            Op::GetGlobal | Op::GetGlobalOrUndefined => 1,
            Op::PutGlobal => 2,
            Op::GetPrivate | Op::PutPrivate => 3,
            _ => 0,
        };
        let shared = pair(family, name);
        if family != 0
            && let Some(index) = self.shared_caches.get(shared)
        {
            return Ok(Some(index as u16));
        }
        let Ok(index) = u16::try_from(self.caches.len()) else { return Ok(None) };
        let atom = self.atom(name)?;
        self.caches.try_push(atom)?;
        if family != 0 {
            self.shared_caches.set(shared, u32::from(index))?;
        }
        Ok(Some(index))
    }

    /// An access in a function that has used up its caches: slower instructions, which need up to two more
    /// places on the stack.
    fn uncached(&mut self, op: Op, inst: &Inst) -> Res {
        self.extra_stack = UNCACHED_STACK;
        let global = match op {
            Op::GetGlobal => Some(0),
            Op::GetGlobalOrUndefined => Some(1),
            _ => None,
        };
        if op == Op::PutGlobal {
            self.code.try_extend_from_slice(&[Op::PushTrue as u8, Op::Swap as u8])?;
            self.note_position(inst.at)?;
            self.code.try_push(Op::PutGlobalRef as u8)?;
            let atom = self.atom(inst.a)?;
            return Ok(self.code.try_extend_from_slice(&atom.to_le_bytes())?);
        }
        if let Some(or_undefined) = global {
            self.code.try_extend_from_slice(&[Op::GetGlobalNamed as u8, or_undefined])?;
            let atom = self.atom(inst.a)?;
            return Ok(self.code.try_extend_from_slice(&atom.to_le_bytes())?);
        }
        let base: &[Op] = match op {
            Op::ThisGetField => &[Op::PushThis],
            Op::ThisPutField => &[Op::PushThis, Op::Swap],
            _ => &[],
        };
        for &op in base {
            self.code.try_push(op as u8)?;
        }
        match op {
            Op::LocalGetField | Op::LocalGetField2 | Op::LocalGetLength => {
                self.code.try_extend_from_slice(&[Op::GetLocal8 as u8, inst.x as u8])?;
            }
            Op::CaptureGetField => {
                self.code.try_extend_from_slice(&[Op::GetCapture8 as u8, inst.x as u8])?;
            }
            _ => {}
        }
        let key = self.string_constant(inst.a)?;
        let (after, elem): (&[Op], Op) = match op {
            Op::GetField
            | Op::GetLength
            | Op::ThisGetField
            | Op::LocalGetField
            | Op::LocalGetLength
            | Op::CaptureGetField => (&[], Op::GetElem),
            Op::GetField2 | Op::LocalGetField2 => (&[], Op::GetElem2),
            Op::PutField | Op::ThisPutField => (&[Op::Swap], Op::PutElem),
            Op::DefineField => (&[Op::Swap], Op::DefineElem),
            _ => return self.c.err_at(inst.at, format_args!("function is too large")),
        };
        self.push_constant(key)?;
        for &op in after {
            self.code.try_push(op as u8)?;
        }
        self.note_position(inst.at)?;
        Ok(self.code.try_push(elem as u8)?)
    }

    // The template.

    fn eval_scopes(&mut self) -> Res<Vec<'a, EvalScope<'a>>> {
        let f = self.f;
        let memory = self.c.memory;
        let mut scopes = Vec::new(memory);
        for i in 0..self.c.funcs[f as usize].evals.len() {
            let site = self.c.funcs[f as usize].evals[i];
            let mut vars: Vec<'a, EvalVar> = Vec::new(memory);
            let mut scope = site.scope;
            let mut inside = true;
            while scope != NONE {
                let info = self.c.scopes[scope as usize];
                let mut own: Vec<'_, u32> = Vec::new(memory);
                let mut var = info.first;
                while var != NONE {
                    let v = self.c.vars[var as usize];
                    if self.c.eval_sees(scope, var) {
                        own.try_push(var)?;
                    }
                    var = v.next;
                }
                // A var object is asked after the names of its scope; what an eval sees of its caller are the
                // object and the names further out.
                own.sort_unstable_by_key(|&var| {
                    let kind = self.c.vars[var as usize].kind;
                    let object = matches!(kind, BindingKind::VarObject | BindingKind::With);
                    object != (info.kind == ScopeKind::Outer)
                });
                for &var in own.iter() {
                    let v = self.c.vars[var as usize];
                    let source = match self.c.capture_index.get(pair(f, var)) {
                        Some(index) => CaptureSource::Capture(index as u16),
                        None => CaptureSource::Local(self.c.slot(f, var)?),
                    };
                    let inside_var_scope = match (v.func, self.c.outer) {
                        (NONE, Some(outer)) => inside && outer.vars[v.import as usize].inside_var_scope,
                        _ => inside,
                    };
                    let name = self.atom(v.name.0)?;
                    // A var of an eval in the parameters would cross them: as over a lexical binding.
                    let crossed = site.params
                        && scope == self.c.funcs[f as usize].scope
                        && matches!(v.kind, BindingKind::Param | BindingKind::Var);
                    let kind = match v.kind {
                        _ if crossed => BindingKind::Let,
                        // A var of an eval may cross those of a catch clause, a pattern's too (B.3.4).
                        BindingKind::Let if info.kind == ScopeKind::CatchPattern => BindingKind::Catch,
                        kind => kind,
                    };
                    let imported = v.import != NONE && v.func != NONE;
                    let checked = v.init_at != 0 || imported;
                    vars.try_push(EvalVar { name, kind, source, inside_var_scope, checked })?;
                }
                let function_like = matches!(
                    info.kind,
                    ScopeKind::Function | ScopeKind::Body | ScopeKind::Module | ScopeKind::Global
                ) || (info.kind == ScopeKind::Eval && site.strict);
                let has_body =
                    self.c.funcs.get(info.func as usize).is_some_and(|func| func.body_scope != NONE);
                if function_like && !(info.kind == ScopeKind::Body && has_body && info.func != f) {
                    inside = false;
                }
                scope = info.parent;
            }
            let saved = core::mem::replace(&mut self.c.f, f);
            let owner = self.c.this_function() as usize;
            self.c.f = saved;
            let func = &self.c.funcs[f as usize];
            let owner = &self.c.funcs[owner];
            let global_vars = match func.kind {
                FnKind::Script => true,
                FnKind::Eval => !func.flags.strict() && self.c.eval_vars_are_global(),
                _ => false,
            };
            scopes.try_push(EvalScope {
                vars,
                strict: site.strict,
                new_target: owner.new_target,
                super_property: owner.super_property,
                super_call: owner.super_call,
                no_arguments: owner.no_arguments,
                global_vars,
            })?;
        }
        Ok(scopes)
    }

    fn finish(mut self, stack_size: u16) -> Res<FunctionTemplate<'a>> {
        let f = self.f as usize;
        let memory = self.c.memory;
        let eval_scopes = self.eval_scopes()?;
        self.handlers
            .sort_unstable_by(|a, b| b.nesting.cmp(&a.nesting).then(a.handler.start.cmp(&b.handler.start)));
        let mut handlers = Vec::try_with_capacity(self.handlers.len(), memory)?;
        for range in self.handlers.iter() {
            let mut handler = range.handler;
            if handler.target == Handler::STRICT {
                handlers.try_push(handler)?;
                continue;
            }
            let label = self.c.regions[handler.target as usize];
            handler.target = self.labels[label as usize];
            handlers.try_push(handler)?;
        }
        let name = self.c.funcs[f].name;
        let name = self.atom(name.0)?;
        let slots = core::mem::replace(&mut self.c.funcs[f].slots, Vec::new(memory));
        let mut locals = Vec::try_with_capacity(slots.len(), memory)?;
        for &var in slots.iter() {
            let mut info = LocalInfo { name: 0, kind: BindingKind::Hidden, boxed: false };
            if var != NONE {
                let v = self.c.vars[var as usize];
                info = LocalInfo { name: self.atom(v.name.0)?, kind: v.kind, boxed: v.captured };
            }
            locals.try_push(info)?;
        }
        let captures = core::mem::replace(&mut self.c.funcs[f].captures, Vec::new(memory));
        let slot = |var: u32, c: &Compiler<'_, '_, '_>| {
            if var == NONE { None } else { Some(c.vars[var as usize].local) }
        };
        let func = &self.c.funcs[f];
        let rest = slot(func.rest, self.c);
        let arguments = slot(func.arguments_var, self.c).map(|local| (local, func.arguments_kind));
        let mut flags = func.flags;
        if func.uses_this {
            flags |= Flags::USES_THIS;
        }
        let (length, arg_count, source) = (func.length, func.arg_count, func.source);
        self.code.try_shrink_to_fit()?;
        self.constants.try_shrink_to_fit()?;
        let positions = match self.positions.take() {
            Some(writer) => writer.finish(),
            None => Vec::new(memory),
        };
        // The list is complete: from here on nothing fails, so that the counts are not lost.
        self.atoms.iter().for_each(|&atom| self.c.interner.retain(atom));
        Ok(FunctionTemplate {
            flags,
            name,
            length,
            arg_count,
            local_count: locals.len() as u16,
            stack_size: stack_size + self.extra_stack,
            rest,
            arguments,
            code: self.code,
            locals,
            captures,
            constants: self.constants,
            functions: self.functions,
            caches: self.caches,
            shapes: self.shapes,
            shape_atoms: self.shape_atoms,
            handlers,
            eval_scopes,
            positions,
            line: self.start.line,
            column: self.start.column,
            source,
            atoms: self.atoms,
        })
    }
}
