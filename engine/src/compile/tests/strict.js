//! strict
undeclared = f();
function g() { return this; }
