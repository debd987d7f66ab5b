//! What a Secret holds that says to be Helm's record of a release, to what it says, and to the same in another state.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use promgit::release::record::Record;
use promgit::release::status::Status;
use promgit::release::stored::{Rollback, Stored};

/// The bytes as they stand in a Secret, and as the record in it, which need not be compressed.
pub fn run(data: &[u8]) {
    read(data);
    read(STANDARD.encode(data).as_bytes());
}

fn read(data: &[u8]) {
    let Ok(stored) = Stored::read(data) else { return };
    let _ = stored.config();
    let Ok(record) = stored.record() else {
        let changed = stored.with_status(Status::Failed, None);
        return assert!(changed.is_err(), "what cannot be read was changed");
    };
    let Ok(changed) = stored.with_status(Status::Superseded, Some("said")) else { return };
    let mut expected = Record { info: record.info.clone(), ..record };
    expected.info.status = Status::Superseded;
    expected.info.description = "said".to_owned();
    assert_eq!(changed.record().expect("a record still"), expected);
    let (status, at) = (Status::Deployed, jiff::Timestamp::UNIX_EPOCH);
    let next = Rollback { revision: 7, status, description: "back", first_deployed: at, at };
    let back = stored.rolled_back(&next).expect("a record of a record").record().expect("a record still");
    assert_eq!((back.revision, &back.manifest, &back.hooks), (7, &expected.manifest, &expected.hooks));
    assert_eq!((back.info.rollback_revision, &back.info.notes), (expected.revision, &expected.info.notes));
    let Ok(packed) = changed.pack() else { return };
    assert_eq!(Stored::read(packed.text().as_bytes()).expect("what was packed"), changed);
}
