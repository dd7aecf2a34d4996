//! The workloads of Tare.
