//! The one error type, which says what went wrong and where the fault lies.

use crate::dtype::DType;

/// Why a call was refused.
#[derive(Debug)]
pub(crate) enum Error {
    /// A bug on our side of the boundary: TypeScript checks what users pass, before the call.
    Bug(String),
    /// A device that is missing, lost or too small.
    #[cfg_attr(not(feature = "gpu"), allow(dead_code))]
    Device(String),
    /// The system has no memory for a kernel's work.
    Memory(String),
    /// A result that its element type cannot hold, which only the elements show.
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

    /// Names the kernel in an error that is a bug of ours.
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

/// The result of everything that can fail.
pub(crate) type Result<T = ()> = std::result::Result<T, Error>;
