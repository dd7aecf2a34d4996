//! The number engine of Tare.
