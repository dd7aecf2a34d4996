//! Listings of compiled functions, from the opcode table.

use core::fmt::{self, Write};

use super::function::{CaptureSource, Constant, Flags, FunctionTemplate, Handler, Unit};
use super::opcodes::{Op, Operand};
use super::positions::{Position, position};

/// Writes the name of an atom.
pub type AtomNames<'n> = &'n dyn Fn(u32, &mut dyn Write) -> fmt::Result;

/// Reads an operand as a number: sign-extended if it is signed.
pub fn read_operand(operand: Operand, bytes: &[u8]) -> Option<i64> {
    Some(match operand {
        Operand::I8 => i64::from(*bytes.first()? as i8),
        Operand::U8 | Operand::Local8 | Operand::Capture8 | Operand::Depth => i64::from(*bytes.first()?),
        Operand::Jump16 => i64::from(i16::from_le_bytes(bytes.get(..2)?.try_into().ok()?)),
        Operand::Local16
        | Operand::Capture16
        | Operand::Ic
        | Operand::Const16
        | Operand::Shape
        | Operand::Scope
        | Operand::Count => i64::from(u16::from_le_bytes(bytes.get(..2)?.try_into().ok()?)),
        Operand::I32 | Operand::Jump32 => i64::from(i32::from_le_bytes(bytes.get(..4)?.try_into().ok()?)),
        Operand::Atom | Operand::Const32 | Operand::Function => {
            i64::from(u32::from_le_bytes(bytes.get(..4)?.try_into().ok()?))
        }
    })
}

/// Writes all functions of a unit.
pub fn unit(unit: &Unit<'_>, names: AtomNames<'_>, out: &mut dyn Write) -> fmt::Result {
    for global in unit.globals.iter() {
        write!(out, "global {:?} ", global.kind)?;
        names(global.name, out)?;
        writeln!(out)?;
    }
    for (i, template) in unit.functions.iter().enumerate() {
        write!(out, "function {i} ")?;
        function(template, names, out)?;
    }
    Ok(())
}

/// Writes one function.
pub fn function(template: &FunctionTemplate<'_>, names: AtomNames<'_>, out: &mut dyn Write) -> fmt::Result {
    names(template.name, out)?;
    write!(
        out,
        " args={} locals={} stack={}",
        template.arg_count, template.local_count, template.stack_size
    )?;
    for &(bit, name) in Flags::NAMES {
        if template.flags.0 & bit != 0 {
            write!(out, " {name}")?;
        }
    }
    if let Some(rest) = template.rest {
        write!(out, " rest={rest}")?;
    }
    if let Some((local, kind)) = template.arguments {
        write!(out, " arguments={local}:{kind:?}")?;
    }
    writeln!(out)?;
    for (i, capture) in template.captures.iter().enumerate() {
        write!(out, "  capture {i} ")?;
        names(capture.name, out)?;
        match capture.source {
            CaptureSource::Local(slot) => writeln!(out, " local {slot}")?,
            CaptureSource::Capture(index) => writeln!(out, " capture {index}")?,
            other => writeln!(out, " {other:?}")?,
        }
    }
    let start = Position { line: template.line, column: template.column };
    let mut pc = 0usize;
    while let Some(op) = template.code.get(pc).copied().and_then(Op::from_byte) {
        let at = position(&template.positions, start, pc as u32);
        write!(out, "  {pc:5} {:3}:{:<3} {}", at.line, at.column, op.info().name)?;
        let mut offset = pc + 1;
        for &operand in op.info().operands {
            let Some(value) = template.code.get(offset..).and_then(|bytes| read_operand(operand, bytes))
            else {
                return writeln!(out, " ?");
            };
            write_operand(template, operand, value, pc, names, out)?;
            offset += operand.size();
        }
        writeln!(out)?;
        pc = offset;
    }
    for handler in template.handlers.iter() {
        if handler.target == Handler::STRICT {
            writeln!(out, "  strict {}..{}", handler.start, handler.end)?;
            continue;
        }
        writeln!(
            out,
            "  handler {}..{} -> {} depth {}",
            handler.start, handler.end, handler.target, handler.depth
        )?;
    }
    for scope in template.eval_scopes.iter() {
        write!(out, "  eval scope")?;
        for var in scope.vars.iter() {
            out.write_char(' ')?;
            names(var.name, out)?;
        }
        writeln!(out)?;
    }
    Ok(())
}

fn write_operand(
    template: &FunctionTemplate<'_>,
    operand: Operand,
    value: i64,
    pc: usize,
    names: AtomNames<'_>,
    out: &mut dyn Write,
) -> fmt::Result {
    out.write_char(' ')?;
    let index = value as usize;
    match operand {
        Operand::Jump16 | Operand::Jump32 => write!(out, "->{}", pc as i64 + value),
        Operand::Atom => names(value as u32, out),
        Operand::Ic => match template.caches.get(index) {
            Some(&atom) => names(atom, out),
            None => write!(out, "cache?{index}"),
        },
        Operand::Local8 | Operand::Local16 => {
            write!(out, "{value}")?;
            match template.locals.get(index) {
                Some(local) if local.name != 0 => {
                    out.write_char(':')?;
                    names(local.name, out)
                }
                _ => Ok(()),
            }
        }
        Operand::Capture8 | Operand::Capture16 => {
            write!(out, "{value}:")?;
            names(template.captures.get(index).map_or(0, |capture| capture.name), out)
        }
        Operand::Const16 | Operand::Const32 => match template.constants.get(index) {
            Some(Constant::Number(number)) => write!(out, "{number:?}"),
            Some(Constant::String(atom)) => {
                out.write_char('"')?;
                names(*atom, out)?;
                out.write_char('"')
            }
            Some(Constant::BigInt(atom)) => {
                names(*atom, out)?;
                out.write_char('n')
            }
            Some(Constant::RegExp { pattern, flags }) => {
                out.write_char('/')?;
                names(*pattern, out)?;
                out.write_char('/')?;
                names(*flags, out)
            }
            Some(Constant::Template { .. }) => write!(out, "template"),
            None => write!(out, "constant?{index}"),
        },
        Operand::Function => write!(out, "function {}", template.functions.get(index).copied().unwrap_or(0)),
        Operand::Shape => {
            write!(out, "{{")?;
            for (i, &atom) in template.shape(index).iter().enumerate() {
                if i > 0 {
                    out.write_char(' ')?;
                }
                names(atom, out)?;
            }
            write!(out, "}}")
        }
        _ => write!(out, "{value}"),
    }
}
