//! RegExp objects (ECMA-262 22.2): the constructor, `exec`, `test`, flags and source. The methods under
//! symbols are in `regexp_symbol`.

use tare_regexp::Flags;

use super::regexp_symbol as symbol;
use super::string_pattern::is_regexp;
use super::{
    Class, Row, accessor, constructor, getter, getter_magic, method, method_magic, symbol_getter,
    symbol_method, tag,
};
use crate::exec::regexp::{REGEXP_NEXT, pattern_text};
use crate::object::ShapeTable;
use crate::object::iteration::{Iteration, IteratorCell};
use crate::object::regexp::{ProgramCell, RegExpCell, RegExpRealm};
use crate::runtime::{Arguments, Context, Intrinsic, NativeKind};
use crate::text::{RawAtom, StringBuilder, Text, names};
use crate::value::{JsResult, JsString, Object, Value};

/// The flags in the order in which `flags` lists them: letter, property, bit.
const FLAGS: [(u8, RawAtom, Flags); 8] = [
    (b'd', names::HAS_INDICES, Flags::HAS_INDICES),
    (b'g', names::GLOBAL, Flags::GLOBAL),
    (b'i', names::IGNORE_CASE, Flags::IGNORE_CASE),
    (b'm', names::MULTILINE, Flags::MULTILINE),
    (b's', names::DOT_ALL, Flags::DOT_ALL),
    (b'u', names::UNICODE, Flags::UNICODE),
    (b'v', names::UNICODE_SETS, Flags::UNICODE_SETS),
    (b'y', names::STICKY, Flags::STICKY),
];

/// A string argument, undefined standing for the empty string.
fn string_or_empty(cx: &mut Context, value: &Value) -> JsResult<JsString> {
    if value.is_undefined() { Ok(JsString::empty()) } else { cx.to_string(value) }
}

/// A string of flags.
fn letters(flags: Flags) -> JsResult<JsString> {
    let mut text = [0; FLAGS.len()];
    let mut len = 0;
    for letter in flags.letters() {
        text[len] = letter as u8;
        len += 1;
    }
    JsString::from_latin1(&text[..len])
}

fn construct(cx: &mut Context, call: &Arguments<'_>) -> JsResult<Value> {
    let (pattern, flags) = (call.get(0), call.get(1));
    let like_regexp = is_regexp(cx, pattern)?;
    let mut new_target = call.new_target;
    if !call.is_construct() {
        new_target = call.callee.as_value();
        if let (Some(object), true) = (pattern.as_object(), like_regexp && flags.is_undefined()) {
            let made_by = cx.get(object, names::CONSTRUCTOR)?;
            if made_by.bits() == new_target.bits() {
                return Ok(pattern.clone());
            }
        }
    }
    if let Some(cell) = pattern.downcast::<RegExpCell>()
        && let Some(program) = cell.program()
    {
        let prototype = cx.prototype_from_constructor(new_target, Intrinsic::RegExpPrototype)?;
        let mut program = program;
        if !flags.is_undefined() {
            let wanted = cx.to_string(flags)?;
            if Flags::parse(pattern_text(wanted.text()?)) != Some(program.flags()) {
                program = cx.compile_regexp(&program.source().clone(), &wanted)?;
            }
        }
        return cx.regexp_with_prototype(program.into(), &prototype, new_target);
    }
    let (mut source, mut wanted) = (pattern.clone(), flags.clone());
    if let (Some(object), true) = (pattern.as_object(), like_regexp) {
        source = cx.get(object, names::SOURCE)?;
        if flags.is_undefined() {
            wanted = cx.get(object, names::FLAGS)?;
        }
    }
    let prototype = cx.prototype_from_constructor(new_target, Intrinsic::RegExpPrototype)?;
    let source = string_or_empty(cx, &source)?;
    let wanted = string_or_empty(cx, &wanted)?;
    let program = cx.compile_regexp(&source, &wanted)?;
    cx.regexp_with_prototype(program.into(), &prototype, new_target)
}

/// `compile` (Annex B.2.4.1).
fn compile(cx: &mut Context, call: &Arguments<'_>) -> JsResult<Value> {
    let this = this_regexp(cx, call, "compile")?;
    let realm = cx.realm_address();
    if this.downcast::<RegExpCell>().is_some_and(|cell| !cell.home().has_legacy_features(realm)) {
        return Err(cx.throw_type_error(format_args!(
            "RegExp.prototype.compile called on a RegExp of a subclass or another realm"
        )));
    }
    let (pattern, flags) = (call.get(0), call.get(1));
    let given = pattern.downcast::<RegExpCell>().and_then(RegExpCell::program);
    let program = match given {
        Some(_) if !flags.is_undefined() => {
            return Err(cx.throw_type_error(format_args!("flags must be undefined with a RegExp")));
        }
        Some(program) => program,
        None => {
            let source = string_or_empty(cx, pattern)?;
            let flags = string_or_empty(cx, flags)?;
            cx.compile_regexp(&source, &flags)?
        }
    };
    if let Some(cell) = this.downcast::<RegExpCell>() {
        cell.set_program(program.into());
    }
    cx.set_last_index(this, 0)?;
    Ok(call.this.clone())
}

/// `this` as a RegExp.
fn this_regexp<'a>(cx: &mut Context, call: &Arguments<'a>, name: &str) -> JsResult<&'a Object> {
    match call.this.as_object() {
        Some(object) if object.downcast::<RegExpCell>().is_some() => Ok(object),
        _ => Err(cx.throw_type_error(format_args!("RegExp.prototype.{name} called on what is no RegExp"))),
    }
}

/// `this` as an object.
pub(super) fn this_object<'a>(cx: &mut Context, call: &Arguments<'a>, name: &str) -> JsResult<&'a Object> {
    match call.this.as_object() {
        Some(object) => Ok(object),
        None => Err(cx.throw_type_error(format_args!("RegExp.prototype{name} called on what is no object"))),
    }
}

fn exec(cx: &mut Context, call: &Arguments<'_>) -> JsResult<Value> {
    let this = this_regexp(cx, call, "exec")?;
    match call.get(0).as_string() {
        Some(string) => cx.builtin_exec(this, string),
        None => {
            let string = cx.to_string(call.get(0))?;
            cx.builtin_exec(this, &string)
        }
    }
}

fn test(cx: &mut Context, call: &Arguments<'_>) -> JsResult<Value> {
    let this = this_object(cx, call, ".test")?;
    let found = match call.get(0).as_string() {
        Some(string) => cx.regexp_test(this, string)?,
        None => {
            let string = cx.to_string(call.get(0))?;
            cx.regexp_test(this, &string)?
        }
    };
    Ok(Value::boolean(found))
}

fn to_string(cx: &mut Context, call: &Arguments<'_>) -> JsResult<Value> {
    let this = this_object(cx, call, ".toString")?;
    let mut text = StringBuilder::new();
    text.push_str("/")?;
    let source = cx.get(this, names::SOURCE)?;
    text.push(&cx.to_string(&source)?)?;
    text.push_str("/")?;
    let flags = cx.get(this, names::FLAGS)?;
    text.push(&cx.to_string(&flags)?)?;
    Ok(text.finish()?.into())
}

/// The getters of single flags; the row's number is the flag's place in [`FLAGS`].
fn flag(cx: &mut Context, call: &Arguments<'_>) -> JsResult<Value> {
    let (_, name, bit) = FLAGS[call.magic as usize];
    if let Some(program) = call.this.downcast::<RegExpCell>().and_then(RegExpCell::program) {
        return Ok(Value::boolean(program.flags().has(bit)));
    }
    if call.this.bits() == cx.realm().intrinsic(Intrinsic::RegExpPrototype).bits() {
        return Ok(Value::UNDEFINED);
    }
    let name = cx.describe_key(name);
    Err(cx.throw_type_error(format_args!("RegExp.prototype.{name} called on what is no RegExp")))
}

fn flags(cx: &mut Context, call: &Arguments<'_>) -> JsResult<Value> {
    let this = this_object(cx, call, ".flags")?;
    if let Some(program) = cx.plain_regexp(this).and_then(RegExpCell::program) {
        return Ok(letters(program.flags())?.into());
    }
    let mut text = [0; FLAGS.len()];
    let mut len = 0;
    for (letter, name, _) in FLAGS {
        if cx.get(this, name)?.to_boolean() {
            text[len] = letter;
            len += 1;
        }
    }
    Ok(JsString::from_latin1(&text[..len])?.into())
}

/// `source`: EscapeRegExpPattern (22.2.6.13.1), so that the text between slashes is the same pattern.
fn source(cx: &mut Context, call: &Arguments<'_>) -> JsResult<Value> {
    let Some(program) = call.this.downcast::<RegExpCell>().and_then(RegExpCell::program) else {
        if call.this.bits() == cx.realm().intrinsic(Intrinsic::RegExpPrototype).bits() {
            return Ok(JsString::from_str("(?:)")?.into());
        }
        return Err(cx.throw_type_error(format_args!("RegExp.prototype.source called on what is no RegExp")));
    };
    let source = program.source();
    if source.is_empty() {
        return Ok(JsString::from_str("(?:)")?.into());
    }
    let text = cx.text(source)?;
    cx.pay_elements(text.len() * 4)?;
    let special = match text {
        Text::Latin1(units) => units.iter().any(|unit| matches!(unit, b'/' | b'\n' | b'\r')),
        Text::Utf16(units) => units.iter().any(|unit| matches!(unit, 0x2F | 0x0A | 0x0D | 0x2028 | 0x2029)),
    };
    if !special {
        return Ok(source.clone().into());
    }
    let mut out = StringBuilder::new();
    let (mut escaped, mut in_class) = (false, false);
    for unit in text.units() {
        let replacement = match unit {
            0x2F if !escaped && !in_class => "\\/",
            // A line end with a backslash before it matches itself, as its escape does.
            0x0A if escaped => "n",
            0x0D if escaped => "r",
            0x2028 if escaped => "u2028",
            0x2029 if escaped => "u2029",
            0x0A => "\\n",
            0x0D => "\\r",
            0x2028 => "\\u2028",
            0x2029 => "\\u2029",
            _ => "",
        };
        if replacement.is_empty() {
            out.push_unit(unit)?
        } else {
            out.push_str(replacement)?
        }
        match unit {
            0x5B if !escaped => in_class = true,
            0x5D if !escaped => in_class = false,
            _ => (),
        }
        escaped = unit == 0x5C && !escaped;
    }
    Ok(out.finish()?.into())
}

/// `RegExp.escape` (22.2.5.1).
fn escape(cx: &mut Context, call: &Arguments<'_>) -> JsResult<Value> {
    let Some(string) = call.get(0).as_string() else {
        return Err(cx.throw_type_error(format_args!("RegExp.escape needs a string")));
    };
    let text = cx.text(string)?;
    let mut out = StringBuilder::new();
    let (mut at, mut paid) = (0, 0);
    while at < text.len() {
        if at >= paid {
            paid = cx.next_costly_run(at, text.len(), 8)?;
        }
        let (c, pair) = text.code_point_at(at);
        let first = at == 0 && char::from_u32(c).is_some_and(|c| c.is_ascii_alphanumeric());
        if first {
            push_hex(&mut out, c)?
        } else {
            escape_point(&mut out, c)?
        }
        at += if pair { 2 } else { 1 };
    }
    Ok(out.finish()?.into())
}

fn push_hex(out: &mut StringBuilder, c: u32) -> JsResult<()> {
    use core::fmt::Write;
    let written = if c < 0x100 { write!(out, "\\x{c:02x}") } else { write!(out, "\\u{c:04x}") };
    // A builder fails only for memory (eight more units do not pass the length limit unnoticed).
    written.map_err(|_| crate::value::Thrown::OutOfMemory)
}

/// EncodeForRegExpEscape (22.2.5.1.1).
fn escape_point(out: &mut StringBuilder, c: u32) -> JsResult<()> {
    let control = match c {
        0x09 => b't',
        0x0A => b'n',
        0x0B => b'v',
        0x0C => b'f',
        0x0D => b'r',
        _ => 0,
    };
    if control != 0 {
        out.push_unit(0x5C)?;
        return out.push_unit(u16::from(control));
    }
    let ascii = u8::try_from(c).unwrap_or(0);
    if b"^$\\.*+?()[]{}|/".contains(&ascii) && ascii != 0 {
        out.push_unit(0x5C)?;
        return out.push_unit(u16::from(ascii));
    }
    let other = ascii != 0 && b",-=<>#&!%:;@~'`\"".contains(&ascii);
    let lone = (0xD800..0xE000).contains(&c);
    if other || lone || tare_unicode::is_white_space(c) || tare_unicode::is_line_terminator(c) {
        return push_hex(out, c);
    }
    out.push_code_point(c)
}

fn iterator_next(cx: &mut Context, call: &Arguments<'_>) -> JsResult<Value> {
    let state = call.this.downcast::<IteratorCell>();
    let state = state.filter(|s| matches!(s.what(), Iteration::RegExpMatches | Iteration::RegExpMatch));
    let Some(state) = state else {
        return Err(cx.throw_type_error(format_args!("not a RegExp string iterator")));
    };
    match cx.regexp_iterator_step(state)? {
        Some(value) => cx.iter_result(value, false),
        None => cx.iter_result(Value::UNDEFINED, true),
    }
}

/// A new RegExpStringIterator (22.2.9.1).
pub(super) fn new_iterator(
    cx: &mut Context,
    matcher: Value,
    string: JsString,
    global: bool,
    full_unicode: bool,
) -> JsResult<Value> {
    let prototype = cx.intrinsic(Intrinsic::RegExpStringIteratorPrototype);
    let shape = ShapeTable::current().root(&prototype, 0, 0)?;
    let what = if global { Iteration::RegExpMatches } else { Iteration::RegExpMatch };
    let iterator = IteratorCell::create(shape, what, matcher, string.into())?;
    if let Some(cell) = iterator.downcast::<IteratorCell>() {
        cell.set_flag(full_unicode);
    }
    Ok(iterator.into())
}

// ----- The static properties of old (proposal "Legacy RegExp features") -----

const INPUT: i32 = 0;
// From 1 to 9: the groups.
const LAST_MATCH: i32 = 10;
const LAST_PAREN: i32 = 11;
const LEFT_CONTEXT: i32 = 12;
const RIGHT_CONTEXT: i32 = 13;

/// Refuses any receiver but the constructor of this realm.
fn check_receiver(cx: &mut Context, call: &Arguments<'_>) -> JsResult<()> {
    if call.this.bits() == cx.realm().intrinsic(Intrinsic::RegExp).bits() {
        return Ok(());
    }
    Err(cx.throw_type_error(format_args!("static property of RegExp asked of another receiver")))
}

/// GetLegacyRegExpStaticProperty. The groups are found again: the match begins where it began.
fn last_match(cx: &mut Context, call: &Arguments<'_>) -> JsResult<Value> {
    check_receiver(cx, call)?;
    let last = cx.realm().regexp().last_match();
    if let (INPUT, Some(input)) = (call.magic, last.assigned) {
        return Ok(input);
    }
    if last.invalid {
        return Err(cx.throw_type_error(format_args!("the last match was of a subclass of RegExp")));
    }
    let (Some(string), Some(program)) = (last.string.as_string(), last.program.downcast_ref::<ProgramCell>())
    else {
        return Ok(JsString::empty().into());
    };
    if call.magic == INPUT {
        return Ok(last.string.clone());
    }
    let text = cx.text(string)?;
    let mut scratch = cx.take_scratch();
    let found = cx.find_match(&program, text, last.start, true, &mut scratch);
    let whole = scratch.group(0).unwrap_or_default();
    let part = match call.magic {
        LAST_MATCH => Some(whole),
        LEFT_CONTEXT => Some(0..whole.start),
        RIGHT_CONTEXT => Some(whole.end..text.len()),
        LAST_PAREN if scratch.group_count() < 2 => None,
        LAST_PAREN => scratch.group(scratch.group_count() - 1),
        group => scratch.group(group as usize),
    };
    cx.put_scratch(scratch);
    found?;
    let part = part.unwrap_or_default();
    Ok(cx.substring(string, part.start, part.end)?.into())
}

/// SetLegacyRegExpStaticProperty, for `input` only.
fn set_input(cx: &mut Context, call: &Arguments<'_>) -> JsResult<Value> {
    check_receiver(cx, call)?;
    let input = cx.to_string(call.get(0))?;
    cx.realm().regexp().assign_input(input.into());
    Ok(Value::UNDEFINED)
}

static STATICS: &[Row] = &[
    method("escape", 1, escape),
    symbol_getter(names::SYM_SPECIES, "[Symbol.species]", super::array::return_this),
    accessor("input", last_match, set_input),
    accessor("$_", last_match, set_input),
    getter_magic("lastMatch", last_match, LAST_MATCH),
    getter_magic("$&", last_match, LAST_MATCH),
    getter_magic("lastParen", last_match, LAST_PAREN),
    getter_magic("$+", last_match, LAST_PAREN),
    getter_magic("leftContext", last_match, LEFT_CONTEXT),
    getter_magic("$`", last_match, LEFT_CONTEXT),
    getter_magic("rightContext", last_match, RIGHT_CONTEXT),
    getter_magic("$'", last_match, RIGHT_CONTEXT),
    getter_magic("$1", last_match, 1),
    getter_magic("$2", last_match, 2),
    getter_magic("$3", last_match, 3),
    getter_magic("$4", last_match, 4),
    getter_magic("$5", last_match, 5),
    getter_magic("$6", last_match, 6),
    getter_magic("$7", last_match, 7),
    getter_magic("$8", last_match, 8),
    getter_magic("$9", last_match, 9),
];

static ROWS: &[Row] = &[
    method("compile", 2, compile),
    method("exec", 1, exec),
    getter_magic("dotAll", flag, 4),
    getter("flags", flags),
    getter_magic("global", flag, 1),
    getter_magic("hasIndices", flag, 0),
    getter_magic("ignoreCase", flag, 2),
    getter_magic("multiline", flag, 3),
    symbol_method(names::SYM_MATCH, "[Symbol.match]", 1, symbol::match_),
    symbol_method(names::SYM_MATCH_ALL, "[Symbol.matchAll]", 1, symbol::match_all),
    symbol_method(names::SYM_REPLACE, "[Symbol.replace]", 2, symbol::replace),
    symbol_method(names::SYM_SEARCH, "[Symbol.search]", 1, symbol::search),
    getter("source", source),
    symbol_method(names::SYM_SPLIT, "[Symbol.split]", 2, symbol::split),
    getter_magic("sticky", flag, 7),
    method("test", 1, test),
    method("toString", 0, to_string),
    getter_magic("unicode", flag, 5),
    getter_magic("unicodeSets", flag, 6),
];

static REGEXP: Class = Class {
    constructor: constructor("RegExp", 2, NativeKind::ConstructorOrFunction, construct),
    intrinsic: Intrinsic::RegExp,
    prototype_intrinsic: Intrinsic::RegExpPrototype,
    parent: Intrinsic::ObjectPrototype,
    constructor_parent: Intrinsic::FunctionPrototype,
    prototype: ROWS,
    statics: STATICS,
    global: true,
};

static ITERATOR_ROWS: &[Row] =
    &[method_magic("next", 0, iterator_next, REGEXP_NEXT), tag("RegExp String Iterator")];

pub(super) fn install(cx: &mut Context) -> JsResult<()> {
    let constructor = cx.define_class(&REGEXP)?;
    let prototype = cx.intrinsic(Intrinsic::RegExpPrototype);
    let exec = cx.get(&prototype, names::EXEC)?;
    cx.realm().set_intrinsic(Intrinsic::RegExpExec, exec);
    let arrays = ShapeTable::current().get(cx.realm().shapes().array);
    let kept = RegExpRealm::new(arrays, &prototype, &constructor)?;
    cx.realm().set_regexp(kept);
    let parent = cx.realm().intrinsic(Intrinsic::IteratorPrototype);
    let iterator = cx.new_builtin_object(&parent)?;
    cx.define_rows(&iterator, ITERATOR_ROWS)?;
    cx.realm().set_intrinsic(Intrinsic::RegExpStringIteratorPrototype, iterator.into());
    Ok(())
}

/// The flags of a text, for methods that look for letters in it.
pub(super) fn has_letter(flags: Text<'_>, letter: u8) -> bool {
    flags.units().any(|unit| unit == u16::from(letter))
}
