//! A JavaScript engine that accounts for every byte.
