//! Import and export declarations.

use tare_allocators::Vec;

use super::error::Res;
use super::ir::*;
use super::names::{Name, n};
use super::parser::{Compiler, LocalExport};
use super::token::T;
use crate::code::function::{
    Attribute, BindingKind, Export, Flags, Import, ImportName, ModuleInfo, ModuleRequest,
};

impl<'a> Compiler<'a, '_, '_> {
    /// An item of a module's top level.
    pub fn module_item(&mut self) -> Res {
        let declares = self.is(T::Import) && !matches!(self.peek()?.kind, T::LParen | T::Dot);
        match self.tok.kind {
            T::Import if declares => self.import_declaration(),
            T::Export => self.export_declaration(),
            _ => self.statement_item(),
        }
    }

    fn info(&mut self) -> &mut ModuleInfo<'a> {
        let memory = self.memory;
        self.module_info.get_or_insert_with(|| ModuleInfo {
            requests: Vec::new(memory),
            imports: Vec::new(memory),
            exports: Vec::new(memory),
            init: None,
        })
    }

    /// `"specifier"` with attributes: the index of the request.
    fn request(&mut self) -> Res<u32> {
        let tok = self.tok;
        if tok.kind != T::String {
            return self.unexpected();
        }
        self.next()?;
        let mut attributes: Vec<'a, Attribute> = Vec::new(self.memory);
        if self.is(T::With) {
            self.next()?;
            self.expect(T::LBrace)?;
            while !self.is(T::RBrace) {
                let key = self.tok;
                if key.kind != T::String && !Self::is_name_token(key.kind) {
                    return self.unexpected();
                }
                self.next()?;
                self.expect(T::Colon)?;
                let value = self.tok;
                if value.kind != T::String {
                    return self.unexpected();
                }
                self.next()?;
                let (atom, value) = (self.atom(key.name)?, self.atom(value.name)?);
                if attributes.iter().any(|attribute| attribute.key == atom) {
                    return self.err_at(key.start, format_args!("duplicate import attribute"));
                }
                attributes.try_push(Attribute { key: atom, value })?;
                if !self.is(T::RBrace) {
                    self.expect(T::Comma)?;
                }
            }
            self.next()?;
        }
        let specifier = self.atom(tok.name)?;
        let (line, column) = self.position(tok.start)?;
        let info = self.info();
        let same = |request: &ModuleRequest<'_>| {
            request.specifier == specifier
                && request.attributes.len() == attributes.len()
                && request
                    .attributes
                    .iter()
                    .all(|a| attributes.iter().any(|b| a.key == b.key && a.value == b.value))
        };
        if let Some(index) = info.requests.iter().position(same) {
            return Ok(index as u32);
        }
        info.requests.try_push(ModuleRequest { specifier, attributes, line, column })?;
        Ok(info.requests.len() as u32 - 1)
    }

    /// A name that may be a string.
    fn export_name(&mut self) -> Res<(Name, bool)> {
        let tok = self.tok;
        let string = tok.kind == T::String;
        if string {
            let text = self.lexer.names.text(self.lexer.source, tok.name);
            // A lone surrogate in WTF-8 is three bytes that UTF-8 does not allow.
            if core::str::from_utf8(text).is_err() {
                return self.err("an export name must be well-formed Unicode");
            }
        } else if !Self::is_name_token(tok.kind) {
            return self.unexpected();
        }
        self.next()?;
        Ok((tok.name, string))
    }

    fn import_binding(&mut self, import: ImportName) -> Res<usize> {
        let (name, at) = self.binding_identifier()?;
        self.add_import(name, at, import)
    }

    fn add_import(&mut self, name: Name, at: u32, import: ImportName) -> Res<usize> {
        let var = self.declare_lexical(name, BindingKind::Const, at)?;
        self.vars[var as usize].init_at = 0;
        self.vars[var as usize].exported = true;
        let local = self.atom(name)?;
        let (line, column) = self.position(at)?;
        let info = self.info();
        info.imports.try_push(Import { request: 0, name: import, local, line, column })?;
        let index = info.imports.len() - 1;
        // The import's index, for its capture.
        self.vars[var as usize].import = index as u32;
        Ok(index)
    }

    fn import_declaration(&mut self) -> Res {
        self.next()?;
        let first = self.info().imports.len();
        if !self.is(T::String) {
            let mut more = true;
            if self.at_identifier() {
                let default = self.atom(n::DEFAULT)?;
                self.import_binding(ImportName::Name(default))?;
                more = self.eat(T::Comma)?;
            }
            if more {
                if self.eat(T::Star)? {
                    if !self.is_word(n::AS) {
                        return self.unexpected();
                    }
                    self.next()?;
                    self.import_binding(ImportName::Namespace)?;
                } else {
                    self.expect(T::LBrace)?;
                    while !self.is(T::RBrace) {
                        self.import_specifier()?;
                        if !self.is(T::RBrace) {
                            self.expect(T::Comma)?;
                        }
                    }
                    self.next()?;
                }
            }
            if !self.is_word(n::FROM) {
                return self.unexpected();
            }
            self.next()?;
        }
        let request = self.request()?;
        self.info().imports[first..].iter_mut().for_each(|import| import.request = request);
        self.semicolon()
    }

    fn import_specifier(&mut self) -> Res {
        let tok = self.tok;
        let (name, string) = self.export_name()?;
        let atom = self.atom(name)?;
        if self.is_word(n::AS) {
            self.next()?;
            self.import_binding(ImportName::Name(atom))?;
            return Ok(());
        }
        if string {
            return self.unexpected();
        }
        self.check_identifier(&tok)?;
        if super::lexer::is_eval_or_arguments(name) {
            return self.err_name(tok.start, "'", name, "' cannot be bound in strict code");
        }
        self.add_import(name, tok.start, ImportName::Name(atom))?;
        Ok(())
    }

    /// Notes an exported name; names are exported once.
    fn exported(&mut self, name: Name, at: u32) -> Res {
        if self.exported_names.get(u64::from(name.0)).is_some() {
            return self.err_name(at, "duplicate export '", name, "'");
        }
        Ok(self.exported_names.set(u64::from(name.0), 0)?)
    }

    /// A name declared at the top level of a module, perhaps by an export declaration.
    pub fn export_declared(&mut self, name: Name, at: u32) -> Res {
        if self.exporting && self.f == 0 && self.scope == self.funcs[0].scope {
            self.exported(name, at)?;
            self.exports.try_push(LocalExport { name, local: name, at })?;
        }
        Ok(())
    }

    fn export_declaration(&mut self) -> Res {
        self.next()?;
        let at = self.tok.start;
        match self.tok.kind {
            T::Star => {
                self.next()?;
                let mut name = Name::NONE;
                let mut name_at = at;
                if self.is_word(n::AS) {
                    self.next()?;
                    name_at = self.tok.start;
                    name = self.export_name()?.0;
                }
                if !self.is_word(n::FROM) {
                    return self.unexpected();
                }
                self.next()?;
                let request = self.request()?;
                if name.is_none() {
                    self.info().exports.try_push(Export::Star { request })?;
                } else {
                    self.exported(name, name_at)?;
                    let name = self.atom(name)?;
                    let import = ImportName::Namespace;
                    self.info().exports.try_push(Export::Indirect { name, request, import })?;
                }
                self.semicolon()
            }
            T::LBrace => self.export_list(),
            T::Default => self.export_default(),
            T::Var => {
                self.exporting = true;
                self.statement()?;
                self.exporting = false;
                Ok(())
            }
            T::Const | T::Class | T::Function => self.exported_item(),
            T::Ident if self.is_word(n::LET) => self.exported_item(),
            T::Ident if self.is_word(n::ASYNC) => {
                let next = self.peek()?;
                if next.kind != T::Function || next.newline {
                    return self.unexpected();
                }
                self.exported_item()
            }
            _ => self.unexpected(),
        }
    }

    fn exported_item(&mut self) -> Res {
        self.exporting = true;
        self.statement_item()?;
        self.exporting = false;
        Ok(())
    }

    fn export_list(&mut self) -> Res {
        self.next()?;
        let first = self.exports.len();
        let mut string = NONE;
        while !self.is(T::RBrace) {
            let at = self.tok.start;
            let local_tok = self.tok;
            let (local, is_string) = self.export_name()?;
            let reserved = local_tok.kind != T::Ident;
            if (is_string || reserved) && string == NONE {
                string = at;
            }
            let (mut name, mut name_at) = (local, at);
            if self.is_word(n::AS) {
                self.next()?;
                name_at = self.tok.start;
                name = self.export_name()?.0;
            }
            self.exported(name, name_at)?;
            self.exports.try_push(LocalExport { name, local, at })?;
            if !self.is(T::RBrace) {
                self.expect(T::Comma)?;
            }
        }
        self.next()?;
        if self.is_word(n::FROM) {
            self.next()?;
            let request = self.request()?;
            for i in first..self.exports.len() {
                let export = self.exports[i];
                let (name, import) = (self.atom(export.name)?, self.atom(export.local)?);
                let import = ImportName::Name(import);
                self.info().exports.try_push(Export::Indirect { name, request, import })?;
            }
            self.exports.truncate(first);
        } else {
            if string != NONE {
                return self.err_at(string, format_args!("a local name is expected"));
            }
            for i in first..self.exports.len() {
                let export = self.exports[i];
                if super::lexer::is_strict_reserved(export.local) || export.local == n::AWAIT {
                    return self.err_name(export.at, "'", export.local, "' is reserved here");
                }
            }
        }
        self.semicolon()
    }

    fn export_default(&mut self) -> Res {
        let at = self.tok.start;
        self.next()?;
        self.exported(n::DEFAULT, at)?;
        let mut local = n::STAR_DEFAULT;
        let is_async = self.is_word(n::ASYNC) && {
            let next = self.peek()?;
            next.kind == T::Function && !next.newline
        };
        if self.is(T::Function) || is_async {
            let start = self.tok.start;
            let flags: Flags = self.function_head()?;
            let mut name_at = self.tok.start;
            if !self.is(T::LParen) {
                (local, name_at) = self.binding_identifier()?;
            }
            let first = self.funcs.len();
            self.declare_function(local, name_at, start, flags)?;
            if local == n::STAR_DEFAULT {
                self.funcs[first].name = n::DEFAULT;
            }
        } else if self.is(T::Class) {
            let start = self.tok.start;
            self.next()?;
            let name = if self.at_identifier() { Some(self.binding_identifier()?.0) } else { None };
            local = name.unwrap_or(n::STAR_DEFAULT);
            let var = self.declare_lexical(local, BindingKind::Class, start)?;
            let constructor = self.class(name, start, true)?;
            if name.is_none() {
                self.funcs[constructor as usize].name = n::DEFAULT;
            }
            self.init_var(var)?;
        } else {
            self.assign_in()?;
            self.name_anonymous(n::DEFAULT);
            let var = self.declare_lexical(local, BindingKind::Let, at)?;
            self.init_var(var)?;
            self.semicolon()?;
        }
        self.exports.try_push(LocalExport { name: n::DEFAULT, local, at })?;
        Ok(())
    }

    /// Behind the last item: marks what is exported.
    pub fn check_exports(&mut self) -> Res {
        self.info();
        let scope = self.funcs[0].scope;
        for i in 0..self.exports.len() {
            let export = self.exports[i];
            match self.lookup(scope, export.local) {
                Some(var) if var != VAR_MARK => self.vars[var as usize].exported = true,
                _ => {
                    return self.err_name(export.at, "exported name '", export.local, "' is not declared");
                }
            }
        }
        Ok(())
    }
}
