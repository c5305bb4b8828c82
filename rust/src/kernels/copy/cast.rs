//! Conversions between element types: integers truncate, and bool gives 0 and 1.

use crate::cpu::simd;
use crate::dtype::{ByType, Element};
use crate::registry::{Cpu, Kernel, Wgsl};

/// Applies `f` to a block, vectorised.
#[inline(always)]
fn each<T: Element, R: Element>(out: &mut [R], x: &[T], f: impl Fn(T) -> R) {
    simd(
        #[inline(always)]
        || {
            for (out, &x) in out.iter_mut().zip(x) {
                *out = f(x);
            }
        },
    );
}

/// A row: name, field and type of its results, formula for any element type, and in WGSL.
macro_rules! casts {
    ($($name:literal $field:ident $to:ty, |$x:ident| $formula:expr; $wgsl:literal)*) => {
        pub(super) const ROWS: &[Kernel] = &[$(Kernel {
            name: $name,
            outputs: 1,
            cpu: Cpu::Cast(ByType {
                $field: Some(ByType {
                    f32: Some(|out: &mut [$to], x| each(out, x, |$x: f32| $formula)),
                    f64: Some(|out: &mut [$to], x| each(out, x, |$x: f64| $formula)),
                    i32: Some(|out: &mut [$to], x| each(out, x, |$x: i32| $formula)),
                    bool: Some(|out: &mut [$to], x| each(out, x, |$x: u8| $formula)),
                }),
                ..ByType::NONE
            }),
            wgsl: Wgsl::Expression($wgsl),
        }),*];
    };
}

casts! {
    "cast_f32"  f32 f32, |x| x as f32; "f32(x)"
    "cast_f64"  f64 f64, |x| x as f64; "f64(x)"
    "cast_i32"  i32 i32, |x| x as i32; "i32(x)"
    "cast_bool" bool u8, |x| u8::from(x != Default::default()); "!(x == T(0))"
}
