//! The one error type: what went wrong, and whose fault it is.

/// Why a call was refused.
#[derive(Debug)]
pub(crate) enum Error {
    /// A bug on our side of the boundary: user errors are found in TypeScript, before the call.
    Bug(String),
    /// A device that is missing, lost or too small.
    #[cfg_attr(not(feature = "gpu"), allow(dead_code))]
    Device(String),
}

impl Error {
    pub(crate) fn new(message: impl Into<String>) -> Self {
        Self::Bug(message.into())
    }

    pub(crate) fn device(message: impl Into<String>) -> Self {
        Self::Device(message.into())
    }
}

impl std::fmt::Display for Error {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::Bug(message) | Self::Device(message) => formatter.write_str(message),
        }
    }
}

/// Result of everything that can refuse.
pub(crate) type Result<T = ()> = std::result::Result<T, Error>;
