//! What all operations share: who calls, how an answer and an error look, how lists are paged.

pub(crate) mod answer;
pub(crate) mod body;
pub(crate) mod call;
pub(crate) mod client;
pub(crate) mod error;
pub(crate) mod limits;
pub(crate) mod link;
pub(crate) mod page;
pub(crate) mod query;
pub(crate) mod stream;

pub(crate) use answer::{Answer, Changed};
pub(crate) use body::Body;
pub(crate) use call::{Call, Shared};
pub(crate) use error::{ApiError, Errors, ReadErrors, Result};
pub(crate) use link::Href;
pub(crate) use page::Paged;
pub(crate) use query::{Path, Query};
pub(crate) use stream::Table;
