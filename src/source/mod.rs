//! Where resources come from: a folder that is watched; later a cluster.
