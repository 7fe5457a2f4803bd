//! What any engine must do. Each behaviour opens stores by name: the first time a name is new, and so is the store;
//! after that it is another handle to the same one.

mod config;
mod operational;
mod people;
mod plans;
mod queue;
mod transactions;

use muster_store::Store;

/// Opens the store of a name.
pub(crate) type Open<'a> = &'a mut dyn FnMut(&str) -> Store;

/// Runs every behaviour.
pub(crate) fn run(open: Open<'_>) {
    transactions::run(open);
    people::run(open);
    config::run(open);
    plans::run(open);
    queue::run(open);
    operational::run(open);
}
