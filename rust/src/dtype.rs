//! Element types and the borrowed, typed slices that kernels receive.

use crate::error::{Error, Result};

/// Element type codes, as written into the frame by TypeScript.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[repr(u32)] // as wide as a word, so that moving one is a single store and load
pub(crate) enum DType {
    F32,
    F64,
    I32,
    Bool,
}

impl DType {
    pub(crate) fn from_code(code: i32) -> Result<Self> {
        match code {
            0 => Ok(Self::F32),
            1 => Ok(Self::F64),
            2 => Ok(Self::I32),
            3 => Ok(Self::Bool),
            _ => Err(Error::new(format!("element type code {code} is unknown"))),
        }
    }

    pub(crate) fn size(self) -> usize {
        match self {
            Self::F32 | Self::I32 => 4,
            Self::F64 => 8,
            Self::Bool => 1,
        }
    }
}

/// The elements of an input operand.
#[derive(Clone, Copy)]
pub(crate) enum Slice<'a> {
    F32(&'a [f32]),
    F64(&'a [f64]),
    I32(&'a [i32]),
    Bool(&'a [u8]),
}

/// The elements of an output operand.
pub(crate) enum SliceMut<'a> {
    F32(&'a mut [f32]),
    F64(&'a mut [f64]),
    I32(&'a mut [i32]),
    Bool(&'a mut [u8]),
}

impl Slice<'_> {
    pub(crate) fn dtype(&self) -> DType {
        match self {
            Self::F32(_) => DType::F32,
            Self::F64(_) => DType::F64,
            Self::I32(_) => DType::I32,
            Self::Bool(_) => DType::Bool,
        }
    }
}

/// Calls a generic function for an element type: of `any`, or of `float` ones only.
macro_rules! by_type {
    (any $dtype:expr, $function:ident($($argument:expr),*)) => {
        match $dtype {
            $crate::dtype::DType::F32 => $function::<f32>($($argument),*),
            $crate::dtype::DType::F64 => $function::<f64>($($argument),*),
            $crate::dtype::DType::I32 => $function::<i32>($($argument),*),
            $crate::dtype::DType::Bool => $function::<u8>($($argument),*),
        }
    };
    (float $dtype:expr, $function:ident($($argument:expr),*)) => {
        match $dtype {
            $crate::dtype::DType::F32 => $function::<f32>($($argument),*),
            $crate::dtype::DType::F64 => $function::<f64>($($argument),*),
            _ => Err($crate::error::Error::new("the element type is not supported")),
        }
    };
}
pub(crate) use by_type;

/// An element type that kernels are generic over.
pub(crate) trait Element:
    Copy + Default + PartialEq + PartialOrd + Send + Sync + 'static
{
    const DTYPE: DType;
    fn from_slice<'a>(slice: Slice<'a>) -> Option<&'a [Self]>;
    fn from_slice_mut<'a>(slice: SliceMut<'a>) -> Option<&'a mut [Self]>;
}

macro_rules! element {
    ($($type:ty => $variant:ident),*) => {$(
        impl Element for $type {
            const DTYPE: DType = DType::$variant;
            fn from_slice<'a>(slice: Slice<'a>) -> Option<&'a [Self]> {
                match slice { Slice::$variant(data) => Some(data), _ => None }
            }
            fn from_slice_mut<'a>(slice: SliceMut<'a>) -> Option<&'a mut [Self]> {
                match slice { SliceMut::$variant(data) => Some(data), _ => None }
            }
        }
    )*};
}
element! { f32 => F32, f64 => F64, i32 => I32, u8 => Bool }
