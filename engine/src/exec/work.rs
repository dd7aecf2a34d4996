//! Natives pay for their work, from the same budget as bytecode, so that the interrupt handler is asked at least
//! every millisecond or so, whatever runs.
//!
//! A step is up to a tenth of a microsecond: one property of an object, 64 elements of a plain loop, 256 bytes that
//! are copied. Loops pay in runs of many elements, before each run, so that they stay as fast as they are. What runs
//! while the handler is asked may be anything, scripts included: a native that pays owns all it uses, and what is
//! unfinished is whole. When the handler stops the script, paying fails with `Thrown::Terminated`, which nobody
//! catches.

use core::cmp::Ordering;

use crate::mem::Vec;
use crate::runtime::Context;
use crate::text::{Atom, StringBuilder, Text, Unfinished, search};
use crate::value::{JsResult, JsString, Value};

/// Elements of a plain loop for a step.
const ELEMENTS_PER_STEP: usize = 64;
/// Bytes that are copied, for a step.
const BYTES_PER_STEP: usize = 256;
/// Texts that whoever pays a step for appending them need not pay for.
const SHORT: usize = 512;
/// Units that are copied in one go.
const RUN: usize = 1 << 14;

impl Context {
    /// Pays steps of work.
    #[inline(always)]
    pub(crate) fn pay(&mut self, steps: u32) -> JsResult<()> {
        let budget = &mut self.rt().machine.budget;
        *budget = budget.saturating_sub(i32::try_from(steps).unwrap_or(i32::MAX));
        if *budget > 0 { Ok(()) } else { self.ask() }
    }

    /// Asks the interrupt handler now.
    #[cold]
    #[inline(never)]
    pub(crate) fn ask(&mut self) -> JsResult<()> {
        self.interp().poll()
    }

    /// Pays the step of an element that is reached by the object protocol.
    #[inline(always)]
    pub(crate) fn poll_native(&mut self) -> JsResult<()> {
        self.pay(1)
    }

    /// Pays for elements of a plain loop that is short, or was run already.
    #[inline]
    pub(crate) fn pay_elements(&mut self, count: usize) -> JsResult<()> {
        self.pay(u32::try_from(count / ELEMENTS_PER_STEP).unwrap_or(u32::MAX))
    }

    /// Pays for bytes that are copied.
    #[inline]
    pub(crate) fn pay_bytes(&mut self, count: usize) -> JsResult<()> {
        self.pay(u32::try_from(count / BYTES_PER_STEP).unwrap_or(u32::MAX))
    }

    /// Pays for a run of elements from `at` on, and says where it ends: at `end`, or before.
    #[inline]
    pub(crate) fn next_run(&mut self, at: usize, end: usize) -> JsResult<usize> {
        let stop = end.min(at + self.rt().machine.run);
        self.pay((stop - at).div_ceil(ELEMENTS_PER_STEP) as u32)?;
        Ok(stop)
    }

    /// The same for elements that take `cost` times as long.
    #[inline]
    pub(crate) fn next_costly_run(&mut self, at: usize, end: usize, cost: usize) -> JsResult<usize> {
        let stop = end.min(at + (self.rt().machine.run / cost).max(1));
        self.pay(((stop - at) * cost).div_ceil(ELEMENTS_PER_STEP) as u32)?;
        Ok(stop)
    }

    /// Appends the keys of the indices below `length`.
    pub(crate) fn push_indices(&mut self, keys: &mut Vec<'static, Atom>, length: usize) -> JsResult<()> {
        let mut at = 0;
        while at < length {
            let stop = self.next_costly_run(at, length, 8)?;
            for index in at..stop {
                keys.try_push(Atom::from_index(index as u64)?)?;
            }
            at = stop;
        }
        Ok(())
    }

    /// The code units of a string. What carrying out a concatenation takes is paid by whoever asks next.
    #[inline(always)]
    pub(crate) fn text<'s>(&mut self, string: &'s JsString) -> JsResult<Text<'s>> {
        string.text()
    }

    /// The units from `start` to `end` of a string, as a string of its own.
    #[inline(always)]
    pub(crate) fn substring(&mut self, string: &JsString, start: usize, end: usize) -> JsResult<JsString> {
        string.substring(start, end)
    }

    /// Appends a text to what is being built.
    #[inline]
    pub(crate) fn append_text(&mut self, out: &mut StringBuilder, text: Text<'_>) -> JsResult<()> {
        if text.len() <= SHORT { out.push_text(text) } else { self.append_long_text(out, text) }
    }

    fn append_long_text(&mut self, out: &mut StringBuilder, text: Text<'_>) -> JsResult<()> {
        let mut at = 0;
        while at < text.len() {
            let stop = text.len().min(at + RUN);
            self.pay_bytes(stop - at)?;
            out.push_text(text.slice(at, stop))?;
            at = stop;
        }
        Ok(())
    }

    /// Appends a string to what is being built.
    #[inline]
    pub(crate) fn append(&mut self, out: &mut StringBuilder, string: &JsString) -> JsResult<()> {
        let text = self.text(string)?;
        self.append_text(out, text)
    }

    /// Appends a text, which is not empty, again and again until it is `length` units.
    pub(crate) fn append_cycled(
        &mut self,
        out: &mut StringBuilder,
        text: Text<'_>,
        length: usize,
    ) -> JsResult<()> {
        let mut left = length;
        // Short texts are made longer first, in whole pieces.
        let (whole, mut longer) = (RUN / text.len(), StringBuilder::new());
        let text = if whole > 1 && length > 2 * text.len() {
            let most = whole.min(length / text.len());
            longer.reserve(most * text.len(), matches!(text, Text::Utf16(_)))?;
            for _ in 0..most {
                longer.push_text(text)?;
            }
            longer.text()
        } else {
            text
        };
        while left > 0 {
            let count = left.min(text.len());
            self.append_text(out, text.slice(0, count))?;
            self.pay(1)?;
            left -= count;
        }
        Ok(())
    }

    /// What was built, as a string.
    pub(crate) fn finish_string(&mut self, out: StringBuilder) -> JsResult<JsString> {
        if out.len() <= RUN {
            self.pay_bytes(out.len())?;
            return out.finish();
        }
        self.string_of(out.text())
    }

    /// A text as a string, in the narrowest form.
    pub(crate) fn string_of(&mut self, text: Text<'_>) -> JsResult<JsString> {
        if text.len() <= RUN {
            return JsString::from_text(text);
        }
        let (mut wide, mut at) = (false, 0);
        if let Text::Utf16(units) = text {
            while !wide && at < units.len() {
                let stop = units.len().min(at + RUN);
                self.pay_bytes(stop - at)?;
                wide = units[at..stop].iter().any(|&unit| unit > 0xFF);
                at = stop;
            }
        }
        let (mut string, mut at) = (Unfinished::new(text.len(), wide)?, 0);
        while at < text.len() {
            let stop = text.len().min(at + RUN);
            self.pay_bytes(4 * (stop - at))?;
            string.push(text.slice(at, stop));
            at = stop;
        }
        Ok(string.finish())
    }

    /// What was built, as a value.
    pub(crate) fn finish(&mut self, out: StringBuilder) -> JsResult<Value> {
        Ok(self.finish_string(out)?.into())
    }

    /// Whether two texts have the same units.
    pub(crate) fn texts_equal(&mut self, a: Text<'_>, b: Text<'_>) -> JsResult<bool> {
        if a.len() != b.len() {
            return Ok(false);
        }
        let mut at = 0;
        while at < a.len() {
            let stop = a.len().min(at + (RUN << 2));
            self.pay_bytes(stop - at)?;
            if !a.slice(at, stop).equals(b.slice(at, stop)) {
                return Ok(false);
            }
            at = stop;
        }
        Ok(true)
    }

    /// Code unit order of two texts.
    pub(crate) fn compare_texts(&mut self, a: Text<'_>, b: Text<'_>) -> JsResult<Ordering> {
        let (end, mut at) = (a.len().min(b.len()), 0);
        while at < end {
            let stop = end.min(at + RUN);
            self.pay_elements(stop - at)?;
            let order = a.slice(at, stop).compare(b.slice(at, stop));
            if order != Ordering::Equal {
                return Ok(order);
            }
            at = stop;
        }
        Ok(a.len().cmp(&b.len()))
    }

    /// Code unit order of two strings; as [`JsString::compare`], paid.
    #[inline]
    pub(crate) fn compare_strings(&mut self, a: &JsString, b: &JsString) -> JsResult<Ordering> {
        if a.len().min(b.len()) <= RUN && a.is_flat() && b.is_flat() {
            return a.compare(b);
        }
        let (a, b) = (self.text(a)?, self.text(b)?);
        self.compare_texts(a, b)
    }

    /// Whether two strings have the same units; as [`JsString::equals`], paid.
    #[inline]
    pub(crate) fn strings_equal(&mut self, a: &JsString, b: &JsString) -> JsResult<bool> {
        if a.len() <= RUN || a.len() != b.len() || JsString::same(a, b) {
            return a.equals(b);
        }
        let (a, b) = (self.text(a)?, self.text(b)?);
        self.texts_equal(a, b)
    }

    /// Position of the first occurrence of `needle` at or after `from`.
    pub(crate) fn find_text(
        &mut self,
        text: Text<'_>,
        needle: Text<'_>,
        from: usize,
    ) -> JsResult<Option<usize>> {
        search::find(text, needle, from, &mut |steps| self.pay(steps))
    }

    /// Position of the last occurrence of `needle` that starts at or before `from`.
    pub(crate) fn rfind_text(
        &mut self,
        text: Text<'_>,
        needle: Text<'_>,
        from: usize,
    ) -> JsResult<Option<usize>> {
        search::rfind(text, needle, from, &mut |steps| self.pay(steps))
    }
}
