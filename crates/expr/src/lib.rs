//! Placeholder.
mod value;
pub use value::Value;
