//! Floor 6: what compiled code is: the opcode table, its encoder, disassembler and verifier, and
//! the plain data of a compiled function.
//!
//! Nothing here runs code or knows cells: atoms are plain numbers and memory comes through
//! [`Memory`](tare_allocators::Memory), so that everything can be tested without a runtime.
//!
//! - [`opcodes`]: the table. A row is the whole definition of an opcode.
//! - [`function`]: [`Unit`](function::Unit) and [`FunctionTemplate`](function::FunctionTemplate).
//! - [`fusions`]: the table of rewritings, each with a switch.
//! - [`positions`]: program counter to line and column.
//! - [`disassemble`] and [`verify`]: derived from the table; [`slots`]: what variables hold where.
#![forbid(unsafe_code)]

pub mod disassemble;
pub mod function;
pub mod fusions;
pub mod opcodes;
pub mod positions;
pub mod slots;
pub mod verify;
