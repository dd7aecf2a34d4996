//! Tokens.

use super::names::Name;

macro_rules! tokens {
    ($($name:ident = $text:literal)*) => {
        /// The kind of a token.
        #[derive(Clone, Copy, PartialEq, Eq, Debug, PartialOrd, Ord)]
        #[repr(u8)]
        #[allow(missing_docs)]
        pub(crate) enum T { $($name,)* }

        impl T {
            const ALL: &'static [T] = &[$(T::$name,)*];
            /// How messages call it.
            pub fn text(self) -> &'static str {
                const TEXTS: &[&str] = &[$($text,)*];
                TEXTS[self as usize]
            }
        }
    };
}

tokens! {
    Eof = "end of input" Ident = "identifier" Escaped = "keyword with escapes" Private = "private name"
    Number = "number" BigInt = "BigInt" String = "string" Template = "template"
    LBrace = "{" RBrace = "}" LParen = "(" RParen = ")" LBracket = "[" RBracket = "]"
    Dot = "." Ellipsis = "..." Semicolon = ";" Comma = "," Colon = ":" Question = "?" OptChain = "?."
    Arrow = "=>" Not = "!" Tilde = "~" Inc = "++" Dec = "--"
    // Binary operators.
    Nullish = "??" OrOr = "||" AndAnd = "&&" Or = "|" Xor = "^" And = "&"
    Eq = "==" Ne = "!=" EqEq = "===" NeEq = "!==" Lt = "<" Gt = ">" Le = "<=" Ge = ">="
    Shl = "<<" Sar = ">>" Shr = ">>>" Plus = "+" Minus = "-" Star = "*" Slash = "/" Percent = "%" Pow = "**"
    // Assignments.
    Assign = "=" PlusEq = "+=" MinusEq = "-=" StarEq = "*=" SlashEq = "/=" PercentEq = "%=" PowEq = "**="
    ShlEq = "<<=" SarEq = ">>=" ShrEq = ">>>=" AndEq = "&=" OrEq = "|=" XorEq = "^="
    AndAndEq = "&&=" OrOrEq = "||=" NullishEq = "??="
    // Reserved words, in the order of the fixed names.
    Break = "break" Case = "case" Catch = "catch" Class = "class" Const = "const" Continue = "continue"
    Debugger = "debugger" Default = "default" Delete = "delete" Do = "do" Else = "else" Enum = "enum"
    Export = "export" Extends = "extends" False = "false" Finally = "finally" For = "for"
    Function = "function" If = "if" Import = "import" In = "in" Instanceof = "instanceof" New = "new"
    Null = "null" Return = "return" Super = "super" Switch = "switch" This = "this" Throw = "throw"
    True = "true" Try = "try" Typeof = "typeof" Var = "var" Void = "void" While = "while" With = "with"
}

impl T {
    /// The token of the reserved word with that fixed name.
    #[inline]
    pub fn reserved(name: Name) -> T {
        T::ALL[T::Break as usize + name.0 as usize]
    }

    /// Whether this is a reserved word.
    #[inline]
    pub fn is_reserved(self) -> bool {
        self >= T::Break
    }

    /// Whether this is an assignment operator.
    #[inline]
    pub fn is_assignment(self) -> bool {
        self >= T::Assign && self <= T::NullishEq
    }
}

/// A token.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Token {
    pub kind: T,
    /// A line terminator precedes it.
    pub newline: bool,
    /// An identifier or string with escapes; a number in a legacy octal or `08` form.
    pub escaped: bool,
    /// A string or template with a legacy octal or \8 \9 escape.
    pub octal: bool,
    pub start: u32,
    pub end: u32,
    /// Identifier, private name (with #), string value, BigInt digits.
    pub name: Name,
    pub number: f64,
}
