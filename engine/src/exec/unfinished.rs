//! Seams to parts that land after the interpreter; each goes away with its part.

use crate::exec::property::{Descriptor, OwnProperty};
use crate::runtime::Context;
use crate::text::{Atom, RawAtom};
use crate::value::{JsResult, JsString, Object, Thrown, Value};

macro_rules! proxies {
    ($($name:ident ( $($arg:ident : $type:ty),* ) -> $result:ty;)*) => {
        impl Context {
            $(pub(crate) fn $name(&mut self, $($arg: $type),*) -> JsResult<$result> {
                let _ = ($($arg,)*);
                Err(self.unfinished())
            })*
        }
    };
}

proxies! {
    proxy_get_prototype_of(o: &Object) -> Value;
    proxy_set_prototype_of(o: &Object, p: &Value) -> bool;
    proxy_is_extensible(o: &Object) -> bool;
    proxy_prevent_extensions(o: &Object) -> bool;
    proxy_get_own_property(o: &Object, k: RawAtom) -> Option<OwnProperty>;
    proxy_define_own_property(o: &Object, k: RawAtom, d: Descriptor) -> bool;
    proxy_has(o: &Object, k: RawAtom) -> bool;
    proxy_get(o: &Object, k: RawAtom, r: &Value) -> Value;
    proxy_set(o: &Object, k: RawAtom, v: Value, r: &Value) -> bool;
    proxy_delete(o: &Object, k: RawAtom) -> bool;
    proxy_own_keys(o: &Object) -> crate::mem::Vec<'static, Atom>;
    proxy_call(f: &Value, t: &Value, a: &[Value]) -> Value;
    proxy_construct(f: &Value, a: &[Value], n: &Value) -> Value;
    typed_array_get(o: &Object, i: u32) -> Option<Value>;
    typed_array_set(o: &Object, i: u32, v: &Value) -> ();
    typed_array_convert(o: &Object, v: &Value) -> ();
    new_regexp(p: &JsString, f: &JsString) -> Object;
    import_meta() -> Value;
    import_call(s: &Value, o: &Value) -> Value;
}

impl Context {
    fn unfinished(&mut self) -> Thrown {
        self.throw_internal_error(format_args!("this part of the engine has not landed"))
    }
    pub(crate) fn typed_array_has(&mut self, _o: &Object, _i: u32) -> bool {
        false
    }
    pub(crate) fn typed_array_length(&mut self, _o: &Object) -> Option<usize> {
        None
    }
    pub(crate) fn typed_array_is_fixed_length(&mut self, _o: &Object) -> bool {
        true
    }
}
