//! A revision of promgit's own to the text that its Secret holds, in one state and then in another: only what changes is packed anew.

use super::chart::ChartText;
use super::gzip::Part;
use super::pack::{self, MAX_DATA, PackError, Packed};
use super::record::{Release, Size};
use super::status::Status;
use super::stored::{self, Stored, StoredError};

/// A record in parts. The largest of them, the chart, is shared by all releases.
#[derive(Clone, Debug)]
pub struct Draft {
    /// `{"name":…,"info":…}`
    head: Vec<u8>,
    chart: Part,
    rest: Part,
    /// The record has no room for the files of its chart, and says so.
    is_slim: bool,
}

impl Draft {
    /// Packs what is to be recorded: without the chart's templates and files where a Secret would not hold it.
    pub fn of(release: &Release<'_>) -> Result<Self, PackError> {
        let (name, revision) = (release.name.to_owned(), release.revision);
        let rest = match release.rest() {
            Ok(rest) => Part::of(&rest),
            Err(source) => return Err(PackError::Json { name, revision, source }),
        };
        let ChartText { whole, slim } = release.chart;
        let mut size = 0;
        for (with, chart) in [(Size::Whole, whole), (Size::Slim, slim)] {
            let (head, chart, rest) = (release.head(with), chart.clone(), rest.clone());
            let draft = Draft { head, chart, rest, is_slim: with == Size::Slim };
            size = draft.packed().text.len();
            if size <= MAX_DATA {
                return Ok(draft);
            }
        }
        Err(PackError::TooLarge { name, revision, size })
    }

    /// As it is.
    pub fn packed(&self) -> Packed {
        self.with_head(&self.head)
    }

    /// In another state; `description` replaces what it says of itself, if given.
    fn with_status(&self, status: Status, description: Option<&str>) -> Result<Packed, StoredError> {
        let head = stored::stated(&self.head, status, description).ok_or(StoredError::Text)?;
        match self.with_head(&head) {
            Packed { text, .. } if text.len() > MAX_DATA => Err(StoredError::TooLarge { size: text.len() }),
            packed => Ok(packed),
        }
    }

    fn with_head(&self, head: &[u8]) -> Packed {
        // an object that goes on with the chart
        let open = &head[..head.len().saturating_sub(1)];
        let text = pack::encoded(&[&Part::of(open), &self.chart, &self.rest]);
        Packed { text, is_slim: self.is_slim }
    }
}

/// What was written of a revision.
#[derive(Clone, Debug)]
pub enum Written {
    Draft(Draft),
    /// Another record, gone back to.
    Again(Packed),
}

impl Written {
    /// The text that was written.
    pub fn packed(&self) -> Packed {
        match self {
            Written::Draft(draft) => draft.packed(),
            Written::Again(packed) => packed.clone(),
        }
    }

    /// The record, to be changed in more than its state.
    pub fn stored(&self) -> Result<Stored, StoredError> {
        Stored::read(self.packed().text().as_bytes())
    }

    /// The same record in another state, as [`Stored::with_status`] has it.
    pub fn with_status(&self, status: Status, description: Option<&str>) -> Result<Packed, StoredError> {
        match self {
            Written::Draft(draft) => draft.with_status(status, description),
            Written::Again(_) => self.stored()?.with_status(status, description)?.pack(),
        }
    }
}
