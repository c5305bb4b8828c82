//! Counter-based random numbers: Philox4x32-10 (Salmon, Moraes, Dror, Shaw, "Parallel random
//! numbers: as easy as 1, 2, 3", 2011). Integer parameters 0 and 1 are the seed, 2 and 3 the first
//! counter, low words first. `lib/core/random.ts` computes the same words.

use crate::cpu::{elements, for_chunks};
use crate::dtype::SliceMut;
use crate::error::{Error, Result};
use crate::frame::Launch;
use crate::gpu::programs;
use crate::registry::{Cpu, Kernel};
use std::f64::consts::TAU;

pub(super) const ROWS: &[Kernel] = &[
    Kernel { name: "uniform", outputs: 1, cpu: Cpu::Custom(uniform), wgsl: programs::UNIFORM },
    Kernel { name: "normal", outputs: 1, cpu: Cpu::Custom(normal), wgsl: programs::NORMAL },
    Kernel { name: "integers", outputs: 1, cpu: Cpu::Custom(integers), wgsl: programs::INTEGERS },
];

/// Four random words for a counter and a key.
fn philox(mut counter: [u32; 4], mut key: [u32; 2]) -> [u32; 4] {
    for round in 0..10 {
        if round > 0 {
            key = [key[0].wrapping_add(0x9e37_79b9), key[1].wrapping_add(0xbb67_ae85)];
        }
        let a = u64::from(counter[0]) * 0xd251_1f53;
        let b = u64::from(counter[2]) * 0xcd9e_8d57;
        counter = [
            (b >> 32) as u32 ^ counter[1] ^ key[0],
            b as u32,
            (a >> 32) as u32 ^ counter[3] ^ key[1],
            a as u32,
        ];
    }
    counter
}

/// A stream: seed and the counter of its first block.
#[derive(Clone, Copy)]
struct Stream {
    key: [u32; 2],
    counter: u64,
}

impl Stream {
    fn new(launch: &Launch<'_>) -> Self {
        let word = |i: usize| launch.ints()[i] as u32;
        Self { key: [word(0), word(1)], counter: u64::from(word(3)) << 32 | u64::from(word(2)) }
    }

    fn block(&self, number: usize) -> [u32; 4] {
        let counter = self.counter.wrapping_add(number as u64);
        philox([counter as u32, (counter >> 32) as u32, 0, 0], self.key)
    }
}

/// 24 bits in [0, 1).
fn unit32(word: u32) -> f32 {
    (word >> 8) as f32 * (1.0 / 16_777_216.0)
}

/// 53 bits in [0, 1).
fn unit64(high: u32, low: u32) -> f64 {
    let bits = (u64::from(high) << 32 | u64::from(low)) >> 11;
    bits as f64 * (1.0 / 9_007_199_254_740_992.0)
}

/// An integer from `first` on: the range, times the fraction that 64 bits represent. A range of 0
/// means 2³².
fn integer(high: u32, low: u32, (first, range): (i32, u32)) -> i32 {
    let range = if range == 0 { 1 << 32 } else { u64::from(range) };
    let share = (u64::from(high) * range + ((u64::from(low) * range) >> 32)) >> 32;
    first.wrapping_add(share as u32 as i32)
}

/// Two normal numbers from two uniform ones in [0, 1), by the Box–Muller transform.
fn box_muller(u: f64, v: f64) -> [f64; 2] {
    let radius = (-2.0 * (1.0 - u).ln()).sqrt();
    let (sin, cos) = (TAU * v).sin_cos();
    [radius * cos, radius * sin]
}

/// Fills `out` from blocks of `N` numbers each.
fn fill<T: Send, const N: usize>(
    out: &mut [T],
    numbers: impl Fn(usize) -> [T; N] + Sync,
) -> Result {
    // Chunks begin at multiples of N, as both are powers of two.
    for_chunks(out, |start, chunk| {
        for (index, part) in chunk.chunks_mut(N).enumerate() {
            for (out, number) in part.iter_mut().zip(numbers(start / N + index)) {
                *out = number;
            }
        }
    })
}

fn uniform(launch: &mut Launch<'_>) -> Result {
    let stream = Stream::new(launch);
    let view = launch.contiguous_output(0)?;
    match view.data {
        SliceMut::F32(_) => fill(elements::<f32>(view)?, |i| stream.block(i).map(unit32)),
        SliceMut::F64(_) => fill(elements::<f64>(view)?, |i| {
            let [a, b, c, d] = stream.block(i);
            [unit64(a, b), unit64(c, d)]
        }),
        _ => Err(Error::new("the element type is not supported")),
    }
}

fn normal(launch: &mut Launch<'_>) -> Result {
    let stream = Stream::new(launch);
    let view = launch.contiguous_output(0)?;
    match view.data {
        SliceMut::F32(_) => fill(elements::<f32>(view)?, |i| {
            let [a, b, c, d] = stream.block(i).map(|word| f64::from(unit32(word)));
            let ([w, x], [y, z]) = (box_muller(a, b), box_muller(c, d));
            [w as f32, x as f32, y as f32, z as f32]
        }),
        SliceMut::F64(_) => fill(elements::<f64>(view)?, |i| {
            let [a, b, c, d] = stream.block(i);
            box_muller(unit64(a, b), unit64(c, d))
        }),
        _ => Err(Error::new("the element type is not supported")),
    }
}

/// Integers 4 and 5: the first number of a range, and its size.
fn integers(launch: &mut Launch<'_>) -> Result {
    let stream = Stream::new(launch);
    let range = (launch.ints()[4], launch.ints()[5] as u32);
    fill(elements::<i32>(launch.contiguous_output(0)?)?, |i| {
        let [a, b, c, d] = stream.block(i);
        [integer(a, b, range), integer(c, d, range)]
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn philox_gives_its_known_answers() {
        assert_eq!(philox([0; 4], [0; 2]), [0x6627_e8d5, 0xe169_c58d, 0xbc57_ac4c, 0x9b00_dbd8]);
        assert_eq!(
            philox([u32::MAX; 4], [u32::MAX; 2]),
            [0x408f_276d, 0x41c8_3b0e, 0xa20b_c7c6, 0x6d54_51fd]
        );
        assert_eq!(
            philox(
                [0x243f_6a88, 0x85a3_08d3, 0x1319_8a2e, 0x0370_7344],
                [0xa409_3822, 0x299f_31d0]
            ),
            [0xd16c_fe09, 0x94fd_cceb, 0x5001_e420, 0x2412_6ea1]
        );
    }

    #[test]
    fn integers_are_shares_of_their_range() {
        let exact = |high: u32, low: u32, (first, range): (i32, u32)| {
            let bits = u128::from(high) << 32 | u128::from(low);
            let range = if range == 0 { 1_u128 << 32 } else { u128::from(range) };
            first.wrapping_add(((bits * range) >> 64) as u32 as i32)
        };
        let ends = [0, 1, 0x8000_0000, u32::MAX - 1, u32::MAX];
        for (high, low) in ends.into_iter().flat_map(|a| ends.map(|b| (a, b))) {
            for range in [(0, 1), (-2, 5), (7, 1000), (i32::MIN, u32::MAX), (i32::MIN, 0)] {
                assert_eq!(integer(high, low, range), exact(high, low, range));
            }
        }
        assert_eq!(integer(u32::MAX, u32::MAX, (i32::MIN, 0)), i32::MAX);
    }

    #[test]
    fn units_stay_below_one() {
        assert_eq!(unit32(0), 0.0);
        assert!(unit32(u32::MAX) < 1.0);
        assert!(unit64(u32::MAX, u32::MAX) < 1.0);
    }
}
