//! What is wanted of a server turned into the program that it has for it.

/// What a server is asked to run.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Service {
    /// Takes pushes.
    Receive,
    /// Gives fetches.
    Upload,
}

impl Service {
    /// The program's name, as the protocols have it.
    pub fn name(self) -> &'static str {
        match self {
            Service::Receive => "git-receive-pack",
            Service::Upload => "git-upload-pack",
        }
    }
}
