//! From durable commits to the remote, and back: what is pushed, what is told when, and what happens when the remote moved.
//!
//! ```text
//!  writer ─► outbox ─► pusher ─► remote ─► reports
//!              ▲         │ moved: fetched, and the writer puts what only we have on top (land)
//!              └─────────┘ failed: again after a pause
//! ```
//!
//! The writer and whoever reads never wait for the remote: the outbox keeps names of branches and, for each cluster, its newest
//! report; what is pushed is read from the repository when its turn comes.

pub mod gather;
pub mod heads;
pub mod known;
pub mod lacking;
pub mod land;
pub mod late;
pub mod link;
pub mod outbox;
pub mod pause;
pub mod pusher;
pub mod start;
pub mod tags;
pub mod trouble;
pub mod waiting;
