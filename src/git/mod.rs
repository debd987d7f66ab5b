//! A bare repository that is written durably and read consistently. Knows no Kubernetes, no Helm.

pub mod ancestry;
pub mod adopt;
pub mod batch;
pub mod consolidate;
pub mod durable;
pub mod history;
pub mod incoming;
pub mod lock;
pub mod message;
pub mod notes;
pub mod object;
pub mod objects;
pub mod oid;
pub mod pack;
pub mod pack_index;
pub mod packed_refs;
pub mod path;
pub mod reader;
pub mod ref_update;
pub mod refs;
pub mod shallow;
pub mod signing;
pub mod skeleton;
pub mod store;
pub mod sweep;
pub mod tracking;
pub mod trailers;
pub mod tree_edit;

pub use batch::{Batch, CommitSpec, Outcome, RefUpdate};
pub use object::Signature;
pub use oid::Oid;
pub use reader::Reader;
pub use store::{Options, Store};
pub use tree_edit::{Edit, tree_id};
