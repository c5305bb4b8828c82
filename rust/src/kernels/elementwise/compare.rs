//! Comparisons, which give bool, and the selection between two inputs.

use super::binary::each;
use crate::cpu::simd;
use crate::dtype::ByType;
use crate::registry::{Cpu, Kernel, Wgsl};
use std::convert::identity;

/// Selects by the bits of both inputs: a choice between two loads would not be vectorised.
macro_rules! choose {
    ($type:ty, $bits:ty, $to:expr, $from:expr) => {
        |out: &mut [$type], condition: &[u8], a: &[$type], b: &[$type]| {
            simd(
                #[inline(always)]
                || {
                    for (((out, &condition), &a), &b) in out.iter_mut().zip(condition).zip(a).zip(b)
                    {
                        let mask = (0 as $bits).wrapping_sub(<$bits>::from(condition != 0));
                        *out = $from(($to(a) & mask) | ($to(b) & !mask));
                    }
                },
            )
        }
    };
}

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
                    f32: Some(choose!(f32, u32, f32::to_bits, f32::from_bits)),
                    f64: Some(choose!(f64, u64, f64::to_bits, f64::from_bits)),
                    i32: Some(choose!(i32, i32, identity, identity)),
                    bool: Some(choose!(u8, u8, identity, identity)),
                }),
                wgsl: Wgsl::Expression("select(b, a, c != 0u)"),
            },
        ];
    };
}

// In WGSL, != may be false for NaN, but == is never true.
compare! {
    "eq" |a, b| a == b; "a == b"
    "ne" |a, b| a != b; "!(a == b)"
    "lt" |a, b| a < b;  "a < b"
    "le" |a, b| a <= b; "a <= b"
    "gt" |a, b| a > b;  "a > b"
    "ge" |a, b| a >= b; "a >= b"
}
