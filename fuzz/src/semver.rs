//! A line as a constraint and one as a version, to whether they fit.

use promgit::chart::semver::{Constraint, Version};

pub fn run(data: &[u8]) {
    let text = String::from_utf8_lossy(data);
    let (constraint, version) = text.split_once('\n').unwrap_or((&text, &text));
    let constraint = Constraint::parse(constraint);
    let Ok(version) = Version::parse(version) else { return };
    let printed = version.to_string();
    let again = Version::parse(&printed).expect("the text of a version");
    assert_eq!(printed, again.to_string());
    assert_eq!(version, again, "written and read");
    if let Ok(constraint) = constraint {
        assert_eq!(constraint.check(&version), constraint.check(&again));
        let printed = constraint.to_string();
        let again = Constraint::parse(&printed).expect("the text of a constraint");
        assert_eq!(constraint.check(&version), again.check(&version), "{printed}");
    }
    for next in [version.next_patch(), version.next_minor(), version.next_major()].into_iter().flatten() {
        assert!(version < next, "{version} < {next}");
    }
}
