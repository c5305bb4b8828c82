//! The one error type: what went wrong, and whose fault it is.

use crate::dtype::DType;

/// Why a call was refused.
#[derive(Debug)]
pub(crate) enum Error {
    /// A bug on our side of the boundary: user errors are found in TypeScript, before the call.
    Bug(String),
    /// A device that is missing, lost or too small.
    #[cfg_attr(not(feature = "gpu"), allow(dead_code))]
    Device(String),
    /// The system has no memory for what a kernel works with.
    Memory(String),
    /// A result that its element type does not hold: only the elements show that.
    Range(String),
}

impl Error {
    pub(crate) fn new(message: impl Into<String>) -> Self {
        Self::Bug(message.into())
    }

    /// A kernel has no version for an element type.
    pub(crate) fn unsupported(dtype: DType) -> Self {
        Self::Bug(format!("the element type {} is not supported", dtype.name()))
    }

    pub(crate) fn device(message: impl Into<String>) -> Self {
        Self::Device(message.into())
    }

    pub(crate) fn memory(bytes: usize) -> Self {
        Self::Memory(format!("there is no memory for {bytes} bytes"))
    }

    pub(crate) fn range(message: impl Into<String>) -> Self {
        Self::Range(message.into())
    }

    /// The error with the kernel that it is a bug of.
    pub(crate) fn of_kernel(self, name: &str) -> Self {
        match self {
            Self::Bug(message) => Self::Bug(format!("{name}: {message}")),
            other => other,
        }
    }
}

impl std::fmt::Display for Error {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::Bug(message)
            | Self::Device(message)
            | Self::Memory(message)
            | Self::Range(message) => formatter.write_str(message),
        }
    }
}

/// Result of everything that can refuse.
pub(crate) type Result<T = ()> = std::result::Result<T, Error>;
