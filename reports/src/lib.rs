//! The reports of Tare.
