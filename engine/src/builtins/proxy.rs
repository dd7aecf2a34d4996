//! The Proxy constructor (ECMA-262 28.2).

use super::{Row, constructor, method};
use crate::object::PropertyFlags;
use crate::object::exotic::ProxyCell;
use crate::runtime::{Arguments, Context, Intrinsic, NativeDef, NativeKind};
use crate::text::{Atom, names};
use crate::value::{JsResult, Value};

fn construct(cx: &mut Context, call: &Arguments<'_>) -> JsResult<Value> {
    Ok(cx.proxy_create(call.get(0), call.get(1))?.into())
}

fn revoke(_: &mut Context, call: &Arguments<'_>) -> JsResult<Value> {
    if let Some(proxy) = call.data(0).downcast::<ProxyCell>() {
        proxy.revoke();
    }
    if let Some(cell) = call.callee.downcast::<crate::runtime::NativeCell>() {
        cell.set_slot(0, Value::NULL);
    }
    Ok(Value::UNDEFINED)
}

static REVOKE: NativeDef =
    NativeDef { name: "", length: 0, kind: NativeKind::Function, magic: 0, function: revoke };

fn revocable(cx: &mut Context, call: &Arguments<'_>) -> JsResult<Value> {
    let proxy = cx.proxy_create(call.get(0), call.get(1))?;
    let revoke = cx.new_native(&REVOKE, &[proxy.as_value().clone()])?;
    let result = cx.new_object()?;
    result.add_property(names::PROXY, proxy.into(), PropertyFlags::DEFAULT)?;
    result.add_property(names::REVOKE, revoke.into(), PropertyFlags::DEFAULT)?;
    Ok(result.into())
}

static STATICS: &[Row] = &[method("revocable", 2, revocable)];

static PROXY: NativeDef = constructor("Proxy", 2, NativeKind::Constructor, construct);

pub(super) fn install(cx: &mut Context) -> JsResult<()> {
    // No `prototype`: proxies have none of their own.
    let proxy = cx.new_native(&PROXY, &[])?;
    cx.define_rows(&proxy, STATICS)?;
    cx.realm().set_intrinsic(Intrinsic::Proxy, proxy.as_value().clone());
    let key = Atom::from_str("Proxy")?;
    let global = cx.global();
    cx.define_builtin(&global, key.raw(), proxy.into(), PropertyFlags::HIDDEN)
}
