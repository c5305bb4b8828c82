//! Element types, generated from one table, and the borrowed, typed slices that kernels receive.

use crate::error::{Error, Result};
use pulp::bytemuck::Pod;

/// Generates everything that depends on the element type from the table. The first token is `$`,
/// which a macro cannot write into a nested one itself.
macro_rules! dtypes {
    (
        ($d:tt)
        float { $($float_code:literal $Float:ident $a:ident $float:ty, $float_name:literal, $float_wgsl:literal;)+ }
        other { $($other_code:literal $Other:ident $b:ident $other:ty, $other_name:literal, $other_wgsl:literal;)+ }
    ) => {
        dtypes! {
            $($float_code $Float $a $float, $float_name, $float_wgsl;)+
            $($other_code $Other $b $other, $other_name, $other_wgsl;)+
        }

        impl DType {
            /// Whether the elements are floating-point numbers.
            #[cfg_attr(not(feature = "gpu"), allow(dead_code))]
            pub(crate) fn is_float(self) -> bool {
                matches!(self, $(Self::$Float)|+)
            }
        }

        /// Calls a generic function for an element type: one of `any`, or of `float` ones only.
        macro_rules! by_type {
            (any $d dtype:expr, $d function:ident($d($d argument:expr),*)) => {
                match $d dtype {
                    $($crate::dtype::DType::$Float => $d function::<$float>($d($d argument),*),)+
                    $($crate::dtype::DType::$Other => $d function::<$other>($d($d argument),*),)+
                }
            };
            (float $d dtype:expr, $d function:ident($d($d argument:expr),*)) => {
                match $d dtype {
                    $($crate::dtype::DType::$Float => $d function::<$float>($d($d argument),*),)+
                    dtype => Err($crate::error::Error::unsupported(dtype)),
                }
            };
        }
        pub(crate) use by_type;
    };
    ($($code:literal $Variant:ident $field:ident $type:ty, $name:literal, $wgsl:literal;)+) => {
        /// An element type; its code is what TypeScript writes into the frame.
        #[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
        #[repr(u32)] // as wide as a word, so that moving one is a single store and load
        pub(crate) enum DType {
            $($Variant = $code),+
        }

        impl DType {
            #[cfg_attr(not(feature = "gpu"), allow(dead_code))]
            pub(crate) const ALL: &'static [Self] = &[$(Self::$Variant),+];

            pub(crate) fn from_code(code: i32) -> Result<Self> {
                match code {
                    $($code => Ok(Self::$Variant),)+
                    _ => Err(Error::new(format!("element type code {code} is unknown"))),
                }
            }

            pub(crate) fn size(self) -> usize {
                match self {
                    $(Self::$Variant => size_of::<$type>(),)+
                }
            }

            /// The name in TypeScript.
            pub(crate) fn name(self) -> &'static str {
                match self {
                    $(Self::$Variant => $name,)+
                }
            }

            /// The type that stores an element on the GPU.
            #[cfg_attr(not(feature = "gpu"), allow(dead_code))]
            pub(crate) fn wgsl(self) -> &'static str {
                match self {
                    $(Self::$Variant => $wgsl,)+
                }
            }
        }

        /// The elements of an input operand.
        #[derive(Clone, Copy)]
        pub(crate) enum Slice<'a> {
            $($Variant(&'a [$type])),+
        }

        /// The elements of an output operand.
        pub(crate) enum SliceMut<'a> {
            $($Variant(&'a mut [$type])),+
        }

        impl Slice<'_> {
            pub(crate) fn dtype(&self) -> DType {
                match self {
                    $(Self::$Variant(_) => DType::$Variant,)+
                }
            }
        }

        /// A value for each element type that has one.
        #[derive(Clone, Copy)]
        pub(crate) struct ByType<K: Kind> {
            $(pub(crate) $field: Option<K::Of<$type>>,)+
        }

        impl<K: Kind> ByType<K> {
            pub(crate) const NONE: Self = Self { $($field: None),+ };
        }

        impl SliceMut<'_> {
            pub(crate) fn dtype(&self) -> DType {
                match self {
                    $(Self::$Variant(_) => DType::$Variant,)+
                }
            }
        }

        $(impl Element for $type {
            const DTYPE: DType = DType::$Variant;

            fn of<K: Kind>(all: &ByType<K>) -> Option<K::Of<Self>> {
                all.$field
            }

            fn slice(data: &[Self]) -> Slice<'_> {
                Slice::$Variant(data)
            }

            fn slice_mut(data: &mut [Self]) -> SliceMut<'_> {
                SliceMut::$Variant(data)
            }

            fn from_slice<'a>(slice: Slice<'a>) -> Option<&'a [Self]> {
                match slice {
                    Slice::$Variant(data) => Some(data),
                    _ => None,
                }
            }

            fn from_slice_mut<'a>(slice: SliceMut<'a>) -> Option<&'a mut [Self]> {
                match slice {
                    SliceMut::$Variant(data) => Some(data),
                    _ => None,
                }
            }
        })+
    };
}

dtypes! {
    ($)
    // code, variant, field, type in Rust, name, type in WGSL
    float {
        0 F32 f32 f32, "float32", "f32";
        1 F64 f64 f64, "float64", "f64";
    }
    other {
        2 I32 i32 i32, "int32", "i32";
        3 Bool bool u8, "bool", "u32";
    }
}

/// An element type that kernels are generic over.
pub(crate) trait Element: Pod + Default + PartialEq + PartialOrd + Send + Sync {
    const DTYPE: DType;
    /// The value for this type.
    fn of<K: Kind>(all: &ByType<K>) -> Option<K::Of<Self>>;
    fn slice(data: &[Self]) -> Slice<'_>;
    fn slice_mut(data: &mut [Self]) -> SliceMut<'_>;
    fn from_slice<'a>(slice: Slice<'a>) -> Option<&'a [Self]>;
    fn from_slice_mut<'a>(slice: SliceMut<'a>) -> Option<&'a mut [Self]>;
}

/// A kind of value that depends on the element type.
pub(crate) trait Kind: Copy {
    type Of<T: Element>: Copy;
}
