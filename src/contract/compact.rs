//! The packed form of contracts.
