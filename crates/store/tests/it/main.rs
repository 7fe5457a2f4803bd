//! Tests of the store through its public face.

#![expect(clippy::unwrap_used, reason = "helpers of tests outside of test functions")]

mod conformance;
mod crash;
mod files;

use std::collections::HashMap;

use muster_store::{OpenOptions, Store};

#[test]
fn embedded_files_conform() {
    let folder = tempfile::tempdir().unwrap();
    conformance::run(&mut |name| Store::open(folder.path().join(name), &OpenOptions::create()).unwrap());
}

#[test]
fn memory_conforms() {
    let mut stores: HashMap<String, Store> = HashMap::new();
    conformance::run(&mut |name| {
        stores.entry(name.to_owned()).or_insert_with(|| Store::in_memory().unwrap()).clone()
    });
}
