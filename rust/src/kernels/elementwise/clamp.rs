//! Clamping to an interval, and its gradient. The composite in TypeScript is
//! the reference.

use super::math::Real;
use crate::cpu::{TILE, elements, for_chunks, simd};
use crate::dtype::{Element, by_type};
use crate::error::{Error, Result};
use crate::frame::Launch;
use crate::reader::Reader;
use crate::registry::{Cpu, Kernel, Wgsl};

pub(super) const ROWS: &[Kernel] = &[
    Kernel { name: "clamp", outputs: 1, cpu: Cpu::Custom(clamp), wgsl: Wgsl::None },
    Kernel { name: "clamp_grad", outputs: 1, cpu: Cpu::Custom(clamp_grad), wgsl: Wgsl::None },
];

fn clamp(launch: &mut Launch<'_>) -> Result {
    by_type!(float launch.input_type(0)?, clamp_as(launch))
}

fn clamp_grad(launch: &mut Launch<'_>) -> Result {
    by_type!(float launch.input_type(0)?, clamp_grad_as(launch))
}

/// Numbers 0 and 1: the bounds; the upper one is not below the lower one.
fn bounds<T: Real>(launch: &Launch<'_>) -> [T; 2] {
    [launch.params()[0], launch.params()[1]].map(T::from_f64)
}

fn clamp_as<T: Element + Real>(launch: &mut Launch<'_>) -> Result {
    let [low, high] = bounds::<T>(launch);
    let out = elements::<T>(launch.contiguous_output(0)?)?;
    let x = Reader::<T>::new(launch.input(0)?)?;
    if out.len() != x.len() {
        return Err(Error::new("the output has another size"));
    }
    for_chunks(out, |start, out| {
        let mut tiles = x.tiles();
        for (index, out) in out.chunks_mut(TILE).enumerate() {
            let x = tiles.block(start + index * TILE, out.len());
            simd(
                #[inline(always)]
                || {
                    for (out, &x) in out.iter_mut().zip(x) {
                        let lowered = if x >= high { high } else { x };
                        *out = if x <= low { low } else { lowered };
                    }
                },
            );
        }
    })
}

/// Operands: the gradient of the input, that of the result, the elements. Integers 0 and 1: whether
/// there is a lower bound and an upper one, as an infinite one is still a bound.
fn clamp_grad_as<T: Element + Real>(launch: &mut Launch<'_>) -> Result {
    let [low, high] = bounds::<T>(launch);
    let [above, below] = [launch.ints()[0] == 0, launch.ints()[1] == 0];
    let out = elements::<T>(launch.contiguous_output(0)?)?;
    let g = Reader::<T>::new(launch.input(0)?)?;
    let x = Reader::<T>::new(launch.input(1)?)?;
    if out.len() != x.len() || out.len() != g.len() {
        return Err(Error::new("the operands have different sizes"));
    }
    for_chunks(out, |start, out| {
        let (mut gs, mut xs) = (g.tiles(), x.tiles());
        for (index, out) in out.chunks_mut(TILE).enumerate() {
            let first = start + index * TILE;
            let (g, x) = (gs.block(first, out.len()), xs.block(first, out.len()));
            simd(
                #[inline(always)]
                || {
                    for ((out, &g), &x) in out.iter_mut().zip(g).zip(x) {
                        let inside = (above | (x > low)) & (below | (x < high));
                        *out = if inside { g } else { T::default() };
                    }
                },
            );
        }
    })
}
