//! Transposition of squares of float32 elements in the registers of x86 processors.

use crate::dtype::{Element, Slice, SliceMut};
use pulp::x86::V3;
use pulp::{Simd, cast};
use std::any::Any;
use std::arch::x86_64::__m256;

/// The side of a square whose rows fit the registers.
const SQUARE: usize = 8;

/// Transposes a block, if this processor and the type allow it; otherwise returns false.
#[inline(always)]
pub(crate) fn squares<T: Element, S: Simd>(
    simd: S,
    (out, out_stride): (&mut [T], usize),
    (x, x_stride): (&[T], usize),
    rows: usize,
    columns: usize,
) -> bool {
    if let (Some(&simd), Slice::F32(x), SliceMut::F32(out), true) = (
        (&simd as &dyn Any).downcast_ref::<V3>(),
        T::slice(x),
        T::slice_mut(out),
        rows.is_multiple_of(SQUARE) && columns.is_multiple_of(SQUARE),
    ) {
        for first in (0..columns).step_by(SQUARE) {
            for row in (0..rows).step_by(SQUARE) {
                let x = &x[first * x_stride + row..];
                let out = &mut out[row * out_stride + first..];
                let mut lines = [[0.0; SQUARE]; SQUARE];
                for (j, line) in lines.iter_mut().enumerate() {
                    line.copy_from_slice(&x[j * x_stride..][..SQUARE]);
                }
                for (i, line) in turned(simd, lines).iter().enumerate() {
                    out[i * out_stride..][..SQUARE].copy_from_slice(line);
                }
            }
        }
        return true;
    }
    false
}

/// The transposed square: pairs of rows are interleaved by elements, then by pairs, then by halves.
#[inline(always)]
fn turned(simd: V3, lines: [[f32; SQUARE]; SQUARE]) -> [[f32; SQUARE]; SQUARE] {
    let (avx, rows): (_, [__m256; SQUARE]) = (simd.avx, cast(lines));
    let mut singles = rows;
    for i in [0, 2, 4, 6] {
        singles[i] = avx._mm256_unpacklo_ps(rows[i], rows[i + 1]);
        singles[i + 1] = avx._mm256_unpackhi_ps(rows[i], rows[i + 1]);
    }
    let mut pairs = singles;
    for i in [0, 4] {
        for j in 0..2 {
            let (low, high) = (singles[i + j], singles[i + j + 2]);
            pairs[i + 2 * j] = avx._mm256_shuffle_ps::<0x44>(low, high);
            pairs[i + 2 * j + 1] = avx._mm256_shuffle_ps::<0xEE>(low, high);
        }
    }
    let mut halves = pairs;
    for i in 0..4 {
        halves[i] = avx._mm256_permute2f128_ps::<0x20>(pairs[i], pairs[i + 4]);
        halves[i + 4] = avx._mm256_permute2f128_ps::<0x31>(pairs[i], pairs[i + 4]);
    }
    cast(halves)
}
