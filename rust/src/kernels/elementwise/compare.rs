//! Comparisons, which give bool, and the choice between two inputs.

use super::binary::each;
use crate::cpu::simd;
use crate::dtype::{ByType, Element};
use crate::registry::{Cpu, Kernel, Wgsl};

/// A row: name, formula for any element type, formula in WGSL.
macro_rules! compare {
    ($($name:literal |$a:ident, $b:ident| $test:expr; $wgsl:literal)*) => {
        pub(super) const ROWS: &[Kernel] = &[
            $(Kernel {
                name: $name,
                outputs: 1,
                cpu: Cpu::Compare(ByType {
                    f32: Some(|out, a, b| each(out, a, b, |$a: f32, $b: f32| u8::from($test))),
                    f64: Some(|out, a, b| each(out, a, b, |$a: f64, $b: f64| u8::from($test))),
                    i32: Some(|out, a, b| each(out, a, b, |$a: i32, $b: i32| u8::from($test))),
                    bool: Some(|out, a, b| each(out, a, b, |$a: u8, $b: u8| u8::from($test))),
                }),
                wgsl: Wgsl::Expression($wgsl),
            },)*
            Kernel {
                name: "where",
                outputs: 1,
                cpu: Cpu::Choose(ByType {
                    f32: Some(choose),
                    f64: Some(choose),
                    i32: Some(choose),
                    bool: Some(choose),
                }),
                wgsl: Wgsl::Expression("select(b, a, c != 0u)"),
            },
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

fn choose<T: Element>(out: &mut [T], condition: &[u8], a: &[T], b: &[T]) {
    simd(
        #[inline(always)]
        || {
            for (((out, &condition), &a), &b) in out.iter_mut().zip(condition).zip(a).zip(b) {
                *out = if condition != 0 { a } else { b };
            }
        },
    );
}
