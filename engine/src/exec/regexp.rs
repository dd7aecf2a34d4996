//! RegExps at work (ECMA-262 22.2.7): making them, RegExpExec, results, and the steps of `matchAll`'s
//! iterator.
//!
//! A RegExp is *plain* when nobody gave it properties and its prototype and constructor are as they were
//! made: then what the specification reads from it (`exec`, `flags`, `constructor`, the methods under
//! symbols) is known without looking, and the methods match without an object per result. Only
//! `lastIndex` may still be anything. It was made by `%RegExp%` itself, in the realm that asks.

use tare_regexp::{CompileError, ExecError, Flags, Scratch};

use crate::heap::Ref;
use crate::mem::Use;
use crate::object::ShapeTable;
use crate::object::iteration::{Iteration, IteratorCell};
use crate::object::regexp::{Home, ProgramCell, RegExpCell, array_with_slots};
use crate::runtime::{Context, Intrinsic, PROGRAMS};
use crate::text::{RawAtom, Text, names};
use crate::value::{JsResult, JsString, Object, Thrown, Value, kind};

/// Magic number of the row of `%RegExpStringIteratorPrototype%.next`, by which its callers know it.
pub const REGEXP_NEXT: i32 = 0x5245_4E58;

/// The longest pattern, in units, whose program is remembered.
const MAX_REMEMBERED: usize = 1024;

/// Steps of the budget for what the matcher does between two calls of its callback.
const STEPS_OF_FUEL: u32 = tare_regexp::FUEL / 4;

/// A text in the matcher's terms.
#[inline(always)]
pub(crate) fn pattern_text(text: Text<'_>) -> tare_regexp::Text<'_> {
    match text {
        Text::Latin1(units) => tare_regexp::Text::Latin1(units),
        Text::Utf16(units) => tare_regexp::Text::Utf16(units),
    }
}

/// AdvanceStringIndex (22.2.7.3).
pub(crate) fn advance_index(text: Text<'_>, index: u64, full_unicode: bool) -> u64 {
    let pair = full_unicode && index < text.len() as u64 && text.code_point_at(index as usize).1;
    index + if pair { 2 } else { 1 }
}

/// The value of a group of the last match: a string, or undefined.
#[inline]
pub(crate) fn capture(string: &JsString, scratch: &Scratch<'_>, group: usize) -> JsResult<Value> {
    match scratch.group(group) {
        Some(range) => Ok(string.substring(range.start, range.end)?.into()),
        None => Ok(Value::UNDEFINED),
    }
}

impl Context {
    // ----- Making -----

    /// The second half of RegExpInitialize (22.2.3.3): the pattern compiled, or a SyntaxError.
    pub(crate) fn compile_regexp(
        &mut self,
        source: &JsString,
        flags: &JsString,
    ) -> JsResult<Ref<ProgramCell>> {
        let Some(flags) = Flags::parse(pattern_text(flags.text()?)) else {
            return Err(self.throw_syntax_error(format_args!("invalid regular expression flags")));
        };
        let source = source.flatten()?;
        let slot =
            (source.hash()? as usize ^ usize::from(flags.bits()).wrapping_mul(31)) % (PROGRAMS / 2) * 2;
        for way in [slot, slot + 1] {
            if let Some(known) = self.rt().programs[way].downcast_ref::<ProgramCell>()
                && known.flags() == flags
                && known.source().equals(&source)?
            {
                self.rt().programs.swap(slot, way);
                return Ok(known);
            }
        }
        let memory = self.rt().mem.memory(Use::RegExp);
        let text = pattern_text(source.text()?);
        // A portion of the compiler's work is some microseconds.
        let compiled = tare_regexp::compile_while(text, flags, memory, &mut || self.pay(64).is_ok());
        match compiled {
            Err(CompileError::Interrupted) => Err(Thrown::Terminated),
            Ok(program) => {
                let remembered = source.len() <= MAX_REMEMBERED;
                let program = ProgramCell::create(source, flags, program)?;
                if remembered {
                    self.rt().programs.swap(slot, slot + 1);
                    self.rt().programs[slot] = program.to_value();
                }
                Ok(program)
            }
            Err(CompileError::OutOfMemory) => Err(Thrown::OutOfMemory),
            Err(CompileError::Syntax { message, .. }) => {
                Err(self.throw_syntax_error(format_args!("invalid regular expression: {message}")))
            }
            Err(CompileError::TooLarge) => {
                Err(self.throw_syntax_error(format_args!("regular expression is too large")))
            }
        }
    }

    /// A new RegExp of this realm with a compiled pattern.
    pub(crate) fn regexp_of(&mut self, program: Value) -> JsResult<Object> {
        let shape = ShapeTable::current().get(self.realm().regexp().plain);
        RegExpCell::create(shape, program, Home::new(self.realm_address(), true))
    }

    /// The realm as RegExps remember it.
    #[inline(always)]
    pub(crate) fn realm_address(&self) -> usize {
        core::ptr::from_ref(self.realm()).addr()
    }

    /// A new RegExp with a compiled pattern and any prototype, made by `new_target`.
    pub(crate) fn regexp_with_prototype(
        &mut self,
        program: Value,
        prototype: &Object,
        new_target: &Value,
    ) -> JsResult<Value> {
        let itself = new_target.bits() == self.realm().intrinsic(Intrinsic::RegExp).bits();
        if itself && prototype.bits() == self.realm().intrinsic(Intrinsic::RegExpPrototype).bits() {
            return Ok(self.regexp_of(program)?.into());
        }
        let home = Home::new(self.realm_address(), itself);
        Ok(RegExpCell::create(RegExpCell::shape(prototype)?, program, home)?.into())
    }

    /// What a match leaves for the static properties of `%RegExp%`: nothing where the RegExp is of another
    /// realm, and what makes them throw where it is of a subclass.
    #[inline]
    fn note_match(&mut self, cell: &RegExpCell, string: &JsString, program: &Ref<ProgramCell>, start: usize) {
        let realm = self.realm_address();
        if cell.home().has_legacy_features(realm) {
            self.realm().regexp().note_match(string, program, start);
        } else if cell.home().is_in(realm) {
            self.realm().regexp().forget_match();
        }
    }

    /// RegExpCreate (22.2.3.1) of strings.
    pub(crate) fn new_regexp(&mut self, source: &JsString, flags: &JsString) -> JsResult<Object> {
        let program = self.compile_regexp(source, flags)?;
        self.regexp_of(program.into())
    }

    // ----- Matching -----

    /// The value as a plain RegExp (see the top of this module).
    #[inline]
    pub(crate) fn plain_regexp<'v>(&self, value: &'v Value) -> Option<&'v RegExpCell> {
        let cell = value.downcast::<RegExpCell>()?;
        let realm = self.realm();
        let word = value.as_object()?.as_cell_word();
        let plain = word == realm.regexp().word && cell.home().has_legacy_features(self.realm_address());
        (plain && self.regexps_are_intact()).then_some(cell)
    }

    /// Whether `%RegExp.prototype%` and `%RegExp%` are as they were made.
    #[inline]
    fn regexps_are_intact(&self) -> bool {
        let realm = self.realm();
        realm.regexp().is_intact().unwrap_or_else(|| {
            let prototype = realm.intrinsic(Intrinsic::RegExpPrototype);
            realm.regexp().check(&prototype, &realm.intrinsic(Intrinsic::RegExp))
        })
    }

    /// The matcher's memory; given back with [`Context::put_scratch`].
    #[inline]
    pub(crate) fn take_scratch(&mut self) -> Scratch<'static> {
        match self.rt().regexp.take() {
            Some(scratch) => scratch,
            None => Scratch::new(self.rt().mem.memory(Use::RegExp)),
        }
    }

    /// Keeps the matcher's memory for the next match, unless it has grown beyond what most need.
    #[inline]
    pub(crate) fn put_scratch(&mut self, mut scratch: Scratch<'static>) {
        scratch.release();
        self.rt().regexp = Some(scratch);
    }

    /// Looks for a match at `from` or behind it; only there where `sticky`. The groups are then in `scratch`.
    #[inline]
    pub(crate) fn find_match(
        &mut self,
        program: &ProgramCell,
        text: Text<'_>,
        from: usize,
        sticky: bool,
        scratch: &mut Scratch<'static>,
    ) -> JsResult<bool> {
        let mut ask = || self.pay(STEPS_OF_FUEL).is_err();
        let text = pattern_text(text);
        match tare_regexp::exec_with(program.program(), text, from, sticky, scratch, &mut ask) {
            Ok(found) => Ok(found),
            Err(ExecError::Interrupted) => Err(Thrown::Terminated),
            Err(ExecError::OutOfMemory) => {
                scratch.release();
                Err(Thrown::OutOfMemory)
            }
        }
    }

    /// Sets `lastIndex` (Set with throwing): it is always the RegExp's own data property.
    #[inline]
    pub(crate) fn set_last_index(&mut self, regexp: &Object, index: u64) -> JsResult<()> {
        let cell = regexp.downcast::<RegExpCell>();
        let plain = regexp.as_cell_word() == self.realm().regexp().word;
        let writable = || regexp.find(names::LAST_INDEX).is_some_and(|(_, flags)| flags.is_writable());
        let Some(cell) = cell.filter(|_| plain || writable()) else {
            return Err(self.throw_read_only(names::LAST_INDEX));
        };
        cell.set_last_index(Value::number(index as f64));
        Ok(())
    }

    /// RegExpBuiltinExec (22.2.7.2) without the result: moves `lastIndex`, and if there is a match leaves
    /// its groups in `scratch`, which is taken from the runtime.
    #[inline]
    fn match_and_move(
        &mut self,
        regexp: &Object,
        string: &JsString,
    ) -> JsResult<(Option<Ref<ProgramCell>>, Scratch<'static>)> {
        let Some(cell) = regexp.downcast::<RegExpCell>() else {
            return Err(self.throw_type_error(format_args!("not a RegExp")));
        };
        let last_index = cell.last_index();
        let last_index = match last_index.as_int() {
            Some(index) => u64::from(index.max(0).unsigned_abs()),
            None => self.to_length(&last_index)?,
        };
        let Some(program) = cell.program() else {
            return Err(self.throw_type_error(format_args!("not a RegExp")));
        };
        let sticky = program.flags().has(Flags::STICKY);
        let moves = sticky || program.flags().has(Flags::GLOBAL);
        let from = if moves { last_index } else { 0 };
        let text = self.text(string)?;
        let mut scratch = self.take_scratch();
        let found = if from > text.len() as u64 {
            Ok(false)
        } else {
            self.find_match(&program, text, from as usize, sticky, &mut scratch)
        };
        let done = found.and_then(|found| {
            let end = if found { scratch.group(0).map_or(0, |range| range.end) } else { 0 };
            if moves {
                self.set_last_index(regexp, end as u64)?;
            }
            if let (true, Some(range)) = (found, scratch.group(0)) {
                self.note_match(cell, string, &program, range.start);
            }
            Ok(found)
        });
        match done {
            Ok(found) => Ok((found.then_some(program), scratch)),
            Err(thrown) => {
                self.put_scratch(scratch);
                Err(thrown)
            }
        }
    }

    /// Whether RegExpBuiltinExec finds something. `lastIndex` moves.
    pub(crate) fn builtin_test(&mut self, regexp: &Object, string: &JsString) -> JsResult<bool> {
        let (found, scratch) = self.match_and_move(regexp, string)?;
        self.put_scratch(scratch);
        Ok(found.is_some())
    }

    /// RegExpBuiltinExec (22.2.7.2): an array, or null.
    pub(crate) fn builtin_exec(&mut self, regexp: &Object, string: &JsString) -> JsResult<Value> {
        let (found, scratch) = self.match_and_move(regexp, string)?;
        let result = match found {
            Some(program) => self.match_result(&program, string, &scratch),
            None => Ok(Value::NULL),
        };
        self.put_scratch(scratch);
        result
    }

    /// The array that describes the match in `scratch`.
    pub(crate) fn match_result(
        &mut self,
        program: &ProgramCell,
        string: &JsString,
        scratch: &Scratch<'static>,
    ) -> JsResult<Value> {
        self.collect_if_due();
        let table = ShapeTable::current();
        let root = table.get(self.realm().shapes().array);
        let count = scratch.group_count();
        let at = scratch.group(0).map_or(0, |range| range.start);
        let groups = program.groups_object(|group| capture(string, scratch, group))?;
        let common = [Value::int(at as i32), string.as_value().clone(), groups];
        let shapes = self.realm().regexp().results;
        let element = |group| capture(string, scratch, group);
        let array = if program.flags().has(Flags::HAS_INDICES) {
            let [index, input, groups] = common;
            let indices = self.match_indices(program, scratch)?;
            array_with_slots(root, table.get(shapes[1]), count, element, [index, input, groups, indices])?
        } else {
            array_with_slots(root, table.get(shapes[0]), count, element, common)?
        };
        Ok(array.into())
    }

    /// MakeMatchIndicesIndexPairArray (22.2.7.8).
    fn match_indices(&mut self, program: &ProgramCell, scratch: &Scratch<'static>) -> JsResult<Value> {
        let mut pairs = self.scratch();
        for group in 0..scratch.group_count() {
            pairs.try_push(match scratch.group(group) {
                Some(range) => {
                    self.new_array(&[Value::int(range.start as i32), Value::int(range.end as i32)])?.into()
                }
                None => Value::UNDEFINED,
            })?;
        }
        let groups = program.groups_object(|group| Ok(pairs.get(group).cloned().unwrap_or_default()))?;
        let indices = self.new_array(&pairs)?;
        indices.add_property(names::GROUPS, groups, crate::object::PropertyFlags::DEFAULT)?;
        Ok(indices.into())
    }

    /// RegExpExec (22.2.7.1): an object, or null.
    pub(crate) fn regexp_exec(&mut self, regexp: &Object, string: &JsString) -> JsResult<Value> {
        if self.plain_regexp(regexp).is_some() {
            return self.builtin_exec(regexp, string);
        }
        let exec = self.get(regexp, names::EXEC)?;
        let builtin = exec.bits() == self.realm().intrinsic(Intrinsic::RegExpExec).bits();
        if self.is_callable(&exec) && !(builtin && regexp.kind() == kind::REGEXP) {
            let result = self.call(&exec, regexp, &[string.as_value().clone()])?;
            if !result.is_object() && !result.is_null() {
                return Err(self.throw_type_error(format_args!("exec must return an object or null")));
            }
            return Ok(result);
        }
        self.builtin_exec(regexp, string)
    }

    /// Whether RegExpExec finds something.
    pub(crate) fn regexp_test(&mut self, regexp: &Object, string: &JsString) -> JsResult<bool> {
        if self.plain_regexp(regexp).is_some() {
            return self.builtin_test(regexp, string);
        }
        Ok(!self.regexp_exec(regexp, string)?.is_null())
    }

    /// Moves `lastIndex` past an empty match.
    pub(crate) fn advance_last_index(
        &mut self,
        regexp: &Object,
        string: &JsString,
        full_unicode: bool,
    ) -> JsResult<()> {
        let index = self.get(regexp, names::LAST_INDEX)?;
        let index = self.to_length(&index)?;
        let next = advance_index(string.text()?, index, full_unicode);
        self.set(regexp, names::LAST_INDEX, Value::number(next as f64))
    }

    /// Whether a match result (of RegExpExec) matched the empty string.
    pub(crate) fn is_empty_match(&mut self, result: &Value) -> JsResult<bool> {
        let matched = self.get_value(result, RawAtom::from_integer(0))?;
        Ok(self.to_string(&matched)?.is_empty())
    }

    // ----- matchAll -----

    /// One step of a RegExpStringIterator (22.2.9.2.1): `None` at the end.
    pub(crate) fn regexp_iterator_step(&mut self, state: &IteratorCell) -> JsResult<Option<Value>> {
        let (regexp, string) = (state.source(), state.extra());
        let (Some(regexp), Some(string)) = (regexp.as_object(), string.as_string()) else { return Ok(None) };
        if state.index() != 0 {
            return Err(self.throw_type_error(format_args!("iterator is already running")));
        }
        state.set_index(1);
        let step = self.regexp_iterator_work(state, regexp, string);
        state.set_index(0);
        if !matches!(step, Ok(Some(_))) || state.what() == Iteration::RegExpMatch {
            state.finish();
        }
        step
    }

    fn regexp_iterator_work(
        &mut self,
        state: &IteratorCell,
        regexp: &Object,
        string: &JsString,
    ) -> JsResult<Option<Value>> {
        let global = state.what() == Iteration::RegExpMatches;
        if self.plain_regexp(regexp).is_some() {
            let (found, scratch) = self.match_and_move(regexp, string)?;
            let result = found.map(|program| self.match_result(&program, string, &scratch)).transpose();
            let empty = scratch.group(0).is_some_and(|range| range.is_empty());
            self.put_scratch(scratch);
            if empty && global {
                self.advance_last_index(regexp, string, state.flag())?;
            }
            return result;
        }
        let result = self.regexp_exec(regexp, string)?;
        if result.is_null() {
            return Ok(None);
        }
        if global && self.is_empty_match(&result)? {
            self.advance_last_index(regexp, string, state.flag())?;
        }
        Ok(Some(result))
    }
}
