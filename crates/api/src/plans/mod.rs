//! Plans: looked at, applied, discarded, undone. Okta has nothing of the kind.

pub(crate) mod wire;
