//! RegExp objects and compiled patterns as storage, and what a realm keeps for them.

use core::cell::{Cell as StdCell, UnsafeCell};

use tare_regexp::{Flags, Program, ProgramRef};

use super::{ArrayCell, HEAD_BYTES, ObjectHead, PropertyFlags, Shape, ShapeTable};
use crate::heap::{self, Blocks, Cell, Header, Ref, Tracer};
use crate::mem::{Part, Use, Vec};
use crate::text::{Atom, Text, names};
use crate::value::{JsResult, JsString, Object, RawValue, Value, kind};

/// Most names whose object of groups has a shape made in advance.
const MAX_SHAPED: usize = 32;

/// A named group: the name, the group's number, and the property of the object of groups it is.
struct NamedGroup {
    name: Atom,
    group: u16,
    slot: u16,
}

/// A compiled pattern: shared by all RegExps of one literal, and by copies of a RegExp.
#[repr(C)]
pub struct ProgramCell {
    header: Header,
    flags: Flags,
    program: Program<'static>,
    source: JsString,
    names: Vec<'static, NamedGroup>,
    /// Shape of the object of groups; undefined where there is none.
    groups_shape: Value,
}

// SAFETY: `repr(C)` with the header first; source and shape are reported (names are leaves).
unsafe impl Cell for ProgramCell {
    const KIND: u8 = kind::REGEXP_PROGRAM;
    fn trace(&self, tracer: &mut Tracer<'_>) {
        self.source.trace(tracer);
        self.groups_shape.trace(tracer);
    }

    fn blocks(&self, blocks: &mut Blocks<'_>) {
        blocks.block(Use::RegExp, Part::RegExp, self.program.block_bytes());
        blocks.list(Use::RegExp, Part::RegExp, &self.names);
    }
}

/// A shape as a value that counts it.
fn held(shape: &Shape) -> Value {
    // SAFETY: the shape is live.
    unsafe { RawValue::cell(core::ptr::NonNull::from(shape).cast()).to_owned() }
}

impl ProgramCell {
    /// A program compiled from `source` with `flags`.
    pub fn create(source: JsString, flags: Flags, program: Program<'static>) -> JsResult<Ref<ProgramCell>> {
        let memory = heap::current().mem().memory(Use::RegExp);
        let mut names: Vec<'static, NamedGroup> = Vec::new(memory);
        let mut slots = 0;
        for (name, group) in program.as_ref().group_names() {
            let mut units = Vec::new(memory);
            for unit in name.units() {
                units.try_push(unit)?;
            }
            let name = Atom::from_text(Text::Utf16(&units))?;
            let known = names.iter().find(|known| known.name.raw() == name.raw()).map(|known| known.slot);
            let slot = known.unwrap_or(slots);
            slots += u16::from(known.is_none());
            names.try_push(NamedGroup { name, group: group as u16, slot })?;
        }
        let mut groups_shape = Value::UNDEFINED;
        let count = usize::from(slots);
        if (1..=MAX_SHAPED).contains(&count) {
            let table = ShapeTable::current();
            // Even capacities fill the 16-byte classes.
            let mut shape = table.root(&Value::NULL, (slots + 1) & !1, 0)?;
            let mut next = 0;
            for named in names.iter() {
                if named.slot == next {
                    shape = table.child(shape, named.name.raw(), PropertyFlags::DEFAULT)?;
                    next += 1;
                }
            }
            groups_shape = held(shape);
        }
        let cell = ProgramCell { header: Header::new(0), flags, program, source, names, groups_shape };
        Ok(heap::current().alloc(cell, u32::from(kind::REGEXP_PROGRAM))?)
    }

    /// The flags.
    #[inline(always)]
    pub fn flags(&self) -> Flags {
        self.flags
    }

    /// What the matcher wants.
    #[inline(always)]
    pub fn program(&self) -> ProgramRef<'_> {
        self.program.as_ref()
    }

    /// The pattern as it was given ([[OriginalSource]]).
    pub fn source(&self) -> &JsString {
        &self.source
    }

    /// Whether any group has a name.
    pub fn has_names(&self) -> bool {
        !self.names.is_empty()
    }

    /// The numbers of the groups of a name: several where alternatives share it.
    pub fn groups_named(&self, name: Text<'_>) -> JsResult<impl Iterator<Item = usize>> {
        let name = Atom::from_text(name)?;
        let named = self.names.iter().filter(move |named| named.name.raw() == name.raw());
        Ok(named.map(|named| usize::from(named.group)))
    }

    /// The object of groups of a match, undefined if no group has a name. `value` gives the value of a
    /// group, undefined for one that took no part.
    pub fn groups_object(&self, mut value: impl FnMut(usize) -> JsResult<Value>) -> JsResult<Value> {
        if self.names.is_empty() {
            return Ok(Value::UNDEFINED);
        }
        let table = ShapeTable::current();
        let shape = match self.groups_shape.as_cell() {
            // SAFETY: this cell holds the shape.
            Some(shape) => unsafe { shape.cast::<Shape>().as_ref() },
            None => table.root(&Value::NULL, 0, 0)?,
        };
        let shaped = !self.groups_shape.is_undefined();
        let object = Object::with_shape(shape)?;
        let mut next = 0;
        for named in self.names.iter() {
            let value = value(usize::from(named.group))?;
            if named.slot == next {
                next += 1;
                if !shaped {
                    object.add_property(named.name.raw(), value, PropertyFlags::DEFAULT)?;
                    continue;
                }
            } else if value.is_undefined() {
                continue;
            }
            object.set_slot(u32::from(named.slot), value);
        }
        Ok(object.into())
    }
}

/// A RegExp. Its own property `lastIndex` is always slot 0, and that slot is a field of the cell.
#[repr(C)]
pub struct RegExpCell {
    head: ObjectHead,
    last_index: UnsafeCell<Value>,
    program: UnsafeCell<Value>,
    home: Home,
}

/// Where a RegExp was made, for the static properties of old (`RegExp.$1`): compared, never followed.
#[derive(Clone, Copy, PartialEq, Eq)]
pub struct Home(usize);

impl Home {
    const SUBCLASS: usize = 1;

    /// Made in the realm at this address, by `%RegExp%` itself ([[LegacyFeaturesEnabled]]) or by a subclass.
    pub fn new(realm: usize, by_regexp_itself: bool) -> Home {
        Home(realm | if by_regexp_itself { 0 } else { Home::SUBCLASS })
    }

    /// Whether that is the realm at this address.
    pub fn is_in(self, realm: usize) -> bool {
        self.0 & !Home::SUBCLASS == realm
    }

    /// Whether `%RegExp%` itself made it, and in this realm.
    #[inline(always)]
    pub fn has_legacy_features(self, realm: usize) -> bool {
        self.0 == realm
    }
}

const _: () = assert!(core::mem::offset_of!(RegExpCell, last_index) == HEAD_BYTES);

// SAFETY: `repr(C)` with the header first; head, slot and program are reported.
unsafe impl Cell for RegExpCell {
    const KIND: u8 = kind::REGEXP;
    fn trace(&self, tracer: &mut Tracer<'_>) {
        self.head.trace(tracer);
        // SAFETY: no reference into the cell is alive while the collector runs.
        unsafe {
            (*self.last_index.get()).trace(tracer);
            (*self.program.get()).trace(tracer);
        }
    }
}

impl RegExpCell {
    /// The shape of a new RegExp with a prototype: one inline slot, for `lastIndex`.
    pub fn shape(prototype: &Value) -> JsResult<&'static Shape> {
        let table = ShapeTable::current();
        let root = table.root(prototype, 1, 0)?;
        table.child(root, names::LAST_INDEX, PropertyFlags(PropertyFlags::WRITABLE))
    }

    /// A new RegExp of a shape made by [`RegExpCell::shape`], with `lastIndex` 0.
    #[inline]
    pub fn create(shape: &Shape, program: Value, home: Home) -> JsResult<Object> {
        debug_assert_eq!(shape.inline_capacity(), 1);
        let cell = RegExpCell {
            head: ObjectHead::new(),
            last_index: UnsafeCell::new(Value::int(0)),
            program: UnsafeCell::new(program),
            home,
        };
        Object::alloc(cell, shape)
    }

    /// Where it was made.
    #[inline(always)]
    pub fn home(&self) -> Home {
        self.home
    }

    /// The compiled pattern.
    #[inline]
    pub fn program(&self) -> Option<Ref<ProgramCell>> {
        // SAFETY: the count goes up at once.
        unsafe { (*self.program.get()).downcast_ref::<ProgramCell>() }
    }

    /// Replaces the compiled pattern (`compile`).
    pub fn set_program(&self, program: Value) {
        // SAFETY: the old value is moved out before it is dropped.
        drop(unsafe { core::mem::replace(&mut *self.program.get(), program) });
    }

    /// The value of `lastIndex`.
    #[inline]
    pub fn last_index(&self) -> Value {
        // SAFETY: cloned at once.
        unsafe { (*self.last_index.get()).clone() }
    }

    /// Replaces `lastIndex`, which the caller knows to be writable.
    #[inline]
    pub fn set_last_index(&self, value: Value) {
        // SAFETY: the old value is moved out before it is dropped.
        drop(unsafe { core::mem::replace(&mut *self.last_index.get(), value) });
    }
}

/// What a realm keeps so that RegExps are made, and known to be untouched, quickly.
#[derive(Default)]
pub struct RegExpRealm {
    /// Header word of a RegExp of this realm that nobody gave properties of its own.
    pub word: u32,
    /// Number of the shape of such RegExps.
    pub plain: u32,
    /// Numbers of the shapes of match results: without and with indices.
    pub results: [u32; 2],
    /// Keeps the shapes.
    held: [Value; 3],
    /// What `%RegExp.prototype%` and then `%RegExp%` held in their slots when they were new.
    originals: Option<[Vec<'static, Value>; 2]>,
    /// The epoch when that was last compared, and the outcome.
    checked: StdCell<(u32, bool)>,
    last: UnsafeCell<LastMatch>,
}

/// What the static properties of `%RegExp%` tell of: the last match, not its parts. These are found again when
/// somebody asks, by matching once more at the same place.
#[derive(Default, Clone)]
pub struct LastMatch {
    /// The string and the program, undefined before the first match.
    pub string: Value,
    /// See `string`.
    pub program: Value,
    /// Where the match begins.
    pub start: usize,
    /// What was assigned to `RegExp.input` since.
    pub assigned: Option<Value>,
    /// A RegExp of a subclass matched last: there is nothing to tell (the properties throw).
    pub invalid: bool,
}

impl RegExpRealm {
    /// The last match.
    pub fn last_match(&self) -> LastMatch {
        // SAFETY: cloned at once.
        unsafe { (*self.last.get()).clone() }
    }

    /// Notes a match.
    #[inline]
    pub fn note_match(&self, string: &JsString, program: &Ref<ProgramCell>, start: usize) {
        // SAFETY: no reference outlives this block, and what is replaced is moved out before it is dropped.
        unsafe {
            let last = self.last.get();
            let known = (*last).program.as_cell().map_or(0, |cell| cell.as_ptr().addr());
            (*last).start = start;
            (*last).invalid = false;
            if (*last).assigned.is_some() {
                drop((*last).assigned.take());
            }
            if (*last).string.bits() != string.bits() {
                drop(core::mem::replace(&mut (*last).string, string.as_value().clone()));
            }
            if known != core::ptr::from_ref::<ProgramCell>(program).addr() {
                drop(core::mem::replace(&mut (*last).program, program.clone().into()));
            }
        }
    }

    /// Notes that there is nothing to tell.
    pub fn forget_match(&self) {
        let none = LastMatch { invalid: true, ..LastMatch::default() };
        // SAFETY: what is replaced is moved out before it is dropped.
        drop(unsafe { core::mem::replace(&mut *self.last.get(), none) });
    }

    /// Assigns `RegExp.input`.
    pub fn assign_input(&self, input: Value) {
        // SAFETY: what is replaced is moved out before it is dropped.
        drop(unsafe { (*self.last.get()).assigned.replace(input) });
    }
}

impl RegExpRealm {
    /// Notes prototype and constructor as they are now, as the untouched ones. Both must be prototypes
    /// in the sense of shapes: their changes then move the epoch.
    pub fn new(
        array_shape: &'static Shape,
        prototype: &Object,
        constructor: &Object,
    ) -> JsResult<RegExpRealm> {
        let table = ShapeTable::current();
        super::mark_as_prototype(constructor)?;
        let plain = RegExpCell::shape(prototype)?;
        let mut result = array_shape;
        for name in [names::INDEX, names::INPUT, names::GROUPS] {
            result = table.child(result, name, PropertyFlags::DEFAULT)?;
        }
        let indices = table.child(result, names::INDICES, PropertyFlags::DEFAULT)?;
        let slots = |object: &Object| -> JsResult<Vec<'static, Value>> {
            let mut slots = Vec::new(heap::current().mem().memory(Use::Runtime));
            for i in 0..object.shape().count() {
                slots.try_push(object.slot(i))?;
            }
            Ok(slots)
        };
        Ok(RegExpRealm {
            word: plain.id() << 8 | u32::from(kind::REGEXP),
            plain: plain.id(),
            results: [result.id(), indices.id()],
            held: [held(plain), held(result), held(indices)],
            originals: Some([slots(prototype)?, slots(constructor)?]),
            checked: StdCell::new((0, false)),
            last: UnsafeCell::default(),
        })
    }

    /// Reports what it holds.
    pub fn trace(&self, tracer: &mut Tracer<'_>) {
        for value in &self.held {
            value.trace(tracer);
        }
        for value in self.originals.iter().flatten().flat_map(|slots| slots.iter()) {
            value.trace(tracer);
        }
        // SAFETY: no reference into the cell is alive while the collector runs.
        let last = unsafe { &*self.last.get() };
        last.string.trace(tracer);
        last.program.trace(tracer);
        last.assigned.iter().for_each(|value| value.trace(tracer));
    }

    /// Reports its blocks.
    pub fn blocks(&self, blocks: &mut Blocks<'_>) {
        for list in self.originals.iter().flatten() {
            blocks.list(Use::Runtime, Part::Runtime, list);
        }
    }

    /// Whether prototype and constructor were found to have all that they had when they were new; `None` if
    /// that must be looked at ([`RegExpRealm::check`]).
    #[inline]
    pub fn is_intact(&self) -> Option<bool> {
        let (epoch, intact) = self.checked.get();
        (epoch == ShapeTable::current().epoch()).then_some(intact)
    }

    /// Looks whether prototype and constructor still have all that they had when they were new.
    #[cold]
    pub fn check(&self, prototype: &Value, constructor: &Value) -> bool {
        let same = |object: &Value, slots: &Vec<'static, Value>| {
            object.as_object().is_some_and(|object| {
                let shape = object.shape();
                shape.count() as usize >= slots.len()
                    && slots.iter().zip(0..).all(|(value, i)| {
                        let kept = shape.property(i).is_some_and(|property| !property.atom.is_none());
                        kept && object.slot(i).bits() == value.bits()
                    })
            })
        };
        let intact = self.originals.as_ref().is_some_and(|[of_prototype, of_constructor]| {
            same(prototype, of_prototype) && same(constructor, of_constructor)
        });
        self.checked.set((ShapeTable::current().epoch(), intact));
        intact
    }
}

/// A new array of the root shape `root` that becomes one of the shape `shape`, which adds as many
/// properties as there are `slots`; with `count` elements that `element` gives.
pub fn array_with_slots<const N: usize>(
    root: &Shape,
    shape: &Shape,
    count: usize,
    mut element: impl FnMut(usize) -> JsResult<Value>,
    slots: [Value; N],
) -> JsResult<Object> {
    let array = ArrayCell::create(root, count)?;
    if let Some(cell) = array.as_array() {
        for i in 0..count {
            let value = element(i)?;
            // SAFETY: the array was made with this many slots, which hold the hole marker still: it needs no drop.
            unsafe { cell.slot_pointer(i as u32).write(value) };
        }
        cell.set_length(count as u32);
    }
    array.adopt(shape, slots)?;
    Ok(array)
}
