//! Provisioning against a real application over HTTP, well-behaved and not, and against a process that dies.

#![expect(clippy::unwrap_used, reason = "helpers of tests outside of test functions")]

mod by_hand;
mod crash;
mod faults;
mod fill;
mod limits;
mod protected;
mod restore;
mod support;
