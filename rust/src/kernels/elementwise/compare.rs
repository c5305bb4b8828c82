//! Comparisons, which give bool, and the choice between two inputs.

use super::binary::each;
use crate::cpu::{map2, map3, simd};
use crate::dtype::{DType, Element, by_type};
use crate::error::Result;
use crate::frame::Launch;
use crate::registry::{Kernel, Wgsl};

/// A row: name, formula for any element type, formula in WGSL.
macro_rules! compare {
    ($($name:literal |$a:ident, $b:ident| $test:expr; $wgsl:literal)*) => {
        pub(super) const ROWS: &[Kernel] = &[
            $(Kernel {
                name: $name,
                outputs: 1,
                run: |launch| match launch.input_type(0)? {
                    DType::F32 => map2::<f32, u8>(launch, |out, a, b|
                        each(out, a, b, |$a: f32, $b: f32| u8::from($test))),
                    DType::F64 => map2::<f64, u8>(launch, |out, a, b|
                        each(out, a, b, |$a: f64, $b: f64| u8::from($test))),
                    DType::I32 => map2::<i32, u8>(launch, |out, a, b|
                        each(out, a, b, |$a: i32, $b: i32| u8::from($test))),
                    DType::Bool => map2::<u8, u8>(launch, |out, a, b|
                        each(out, a, b, |$a: u8, $b: u8| u8::from($test))),
                },
                wgsl: Wgsl::Expression($wgsl),
            },)*
            Kernel { name: "where", outputs: 1, run: choose, wgsl: Wgsl::Expression("select(b, a, c != 0u)") },
        ];
    };
}

// In WGSL a NaN may count as equal where != is asked, but never where == is.
compare! {
    "eq" |a, b| a == b; "a == b"
    "ne" |a, b| a != b; "!(a == b)"
    "lt" |a, b| a < b;  "a < b"
    "le" |a, b| a <= b; "a <= b"
    "gt" |a, b| a > b;  "a > b"
    "ge" |a, b| a >= b; "a >= b"
}

fn block<T: Element>(out: &mut [T], condition: &[u8], a: &[T], b: &[T]) {
    simd(
        #[inline(always)]
        || {
            for (((out, &condition), &a), &b) in out.iter_mut().zip(condition).zip(a).zip(b) {
                *out = if condition != 0 { a } else { b };
            }
        },
    );
}

fn choose(launch: &mut Launch<'_>) -> Result {
    by_type!(any launch.input_type(1)?, map3(launch, block))
}
