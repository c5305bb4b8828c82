//! The one error type: a message for the caller, always describing a bug on our side of the boundary.

/// Why a launch was refused. User errors are found in TypeScript, before the call.
#[derive(Debug)]
pub(crate) struct Error(pub(crate) String);

impl Error {
    pub(crate) fn new(message: impl Into<String>) -> Self {
        Self(message.into())
    }
}

impl std::fmt::Display for Error {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        formatter.write_str(&self.0)
    }
}

/// Result of everything that can refuse.
pub(crate) type Result<T = ()> = std::result::Result<T, Error>;
