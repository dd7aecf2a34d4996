//! From source text to running code.

use crate::runtime::{Arguments, Context};
use crate::value::{JsResult, Value};

impl Context {
    /// Compiles and runs a script (ScriptEvaluation, 16.1.6).
    pub fn eval_script(&mut self, source: &[u8], file: &str) -> JsResult<Value> {
        let _ = (source, file);
        Err(self.throw_internal_error(format_args!("the compiler has not landed")))
    }

    /// CreateDynamicFunction (20.2.1.1.1).
    pub(crate) fn create_dynamic_function(
        &mut self,
        call: &Arguments<'_>,
        generator: bool,
        is_async: bool,
    ) -> JsResult<Value> {
        let _ = (call, generator, is_async);
        Err(self.throw_internal_error(format_args!("the compiler has not landed")))
    }
}
