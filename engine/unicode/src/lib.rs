//! The unicode engine of Tare.
