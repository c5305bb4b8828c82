//! Comparisons, which give bool, and the choice between two inputs.

use super::binary::each;
use crate::cpu::{map2, map3, simd};
use crate::dtype::{Element, Slice};
use crate::error::{Error, Result};
use crate::frame::Launch;
use crate::registry::Kernel;

/// A row: name, formula for any element type, formula in WGSL.
macro_rules! compare {
    ($($name:literal |$a:ident, $b:ident| $test:expr; $wgsl:literal)*) => {
        pub(super) const ROWS: &[Kernel] = &[
            $(Kernel {
                name: $name,
                outputs: 1,
                run: |launch| match launch.ins[0].as_ref().map(|view| view.data) {
                    Some(Slice::F32(_)) => map2::<f32, u8>(launch, |out, a, b|
                        each(out, a, b, |$a: f32, $b: f32| u8::from($test))),
                    Some(Slice::F64(_)) => map2::<f64, u8>(launch, |out, a, b|
                        each(out, a, b, |$a: f64, $b: f64| u8::from($test))),
                    Some(Slice::I32(_)) => map2::<i32, u8>(launch, |out, a, b|
                        each(out, a, b, |$a: i32, $b: i32| u8::from($test))),
                    Some(Slice::Bool(_)) => map2::<u8, u8>(launch, |out, a, b|
                        each(out, a, b, |$a: u8, $b: u8| u8::from($test))),
                    None => Err(Error::new("input 0 is missing")),
                },
                wgsl: Some($wgsl),
            },)*
            Kernel { name: "where", outputs: 1, run: choose, wgsl: Some("select(b, a, c != 0)") },
        ];
    };
}

compare! {
    "eq" |a, b| a == b; "a == b"
    "ne" |a, b| a != b; "a != b"
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
    match launch.ins[1].as_ref().map(|view| view.data) {
        Some(Slice::F32(_)) => map3::<f32>(launch, block),
        Some(Slice::F64(_)) => map3::<f64>(launch, block),
        Some(Slice::I32(_)) => map3::<i32>(launch, block),
        Some(Slice::Bool(_)) => map3::<u8>(launch, block),
        None => Err(Error::new("input 1 is missing")),
    }
}
