//! Provisioning against a real application over HTTP, well-behaved and not, and against a process that dies.

mod by_hand;
mod crash;
mod faults;
mod fill;
mod support;
