//! Groups (Okta: Group).

pub(crate) mod wire;
