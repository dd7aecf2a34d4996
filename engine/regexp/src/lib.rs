//! The regexp engine of Tare.
