//! Squared distances of all pairs of some points, and their gradient, without storing the
//! differences. The composite in TypeScript is the reference.

use crate::cpu::{elements, for_parts, simd};
use crate::dtype::{Element, by_type};
use crate::error::{Error, Result};
use crate::frame::Launch;
use crate::kernels::elementwise::math::Real;
use crate::kernels::normalize::rows::sum_with;
use crate::registry::{Cpu, Kernel, Wgsl};
use crate::scratch::{all_in_order, in_order, listed};

pub(super) const ROWS: &[Kernel] = &[
    Kernel { name: "pair_squares", outputs: 1, cpu: Cpu::Custom(squares), wgsl: Wgsl::None },
    Kernel {
        name: "pair_squares_grad",
        outputs: 1,
        cpu: Cpu::Custom(squares_grad),
        wgsl: Wgsl::None,
    },
];

/// Coordinates that are processed together, so that those of many points stay in a near cache.
const BLOCK: usize = 1024;

fn squares(launch: &mut Launch<'_>) -> Result {
    by_type!(float launch.input_type(0)?, squares_as(launch))
}

fn squares_grad(launch: &mut Launch<'_>) -> Result {
    by_type!(float launch.input_type(0)?, squares_grad_as(launch))
}

/// The positions of the pairs (i, i + 1), (i, i + 2), … of n points.
fn first_pair(i: usize, n: usize) -> usize {
    i * (2 * n - i - 1) / 2
}

/// Operands: the squared distances of the pairs (0, 1), (0, 2), …, (1, 2), …; points of shape [n,
/// d].
fn squares_as<T: Element + Real + Into<f64>>(launch: &mut Launch<'_>) -> Result {
    let out = elements::<T>(launch.contiguous_output(0)?)?;
    let view = launch.input(0)?;
    let [n, width] = *view.layout.shape() else {
        return Err(Error::new("points need two axes"));
    };
    let (n, width) = (n as usize, width as usize);
    if out.len() != n.saturating_mul(n.saturating_sub(1)) / 2 {
        return Err(Error::new("the output has another size"));
    }
    let x = in_order::<T>(view)?;
    let mut rest = out;
    let lines = listed((0..n).map(|i| {
        let (line, after) = std::mem::take(&mut rest).split_at_mut(n - 1 - i);
        rest = after;
        (i, line)
    }))?;
    let point = |i: usize| &x[i * width..][..width];
    for_parts(lines.into_iter(), |(i, line)| {
        simd(
            #[inline(always)]
            || {
                for (k, square) in line.iter_mut().enumerate() {
                    *square = sum_with(point(i), point(i + 1 + k), |a, b| (a - b) * (a - b));
                }
            },
        );
    })
}

/// Operands: the gradient of the points, that of the squared distances, the points.
/// `out[i] = Σⱼ 2·g[i, j]·(x[i] − x[j])`
fn squares_grad_as<T: Element + Real + Into<f64>>(launch: &mut Launch<'_>) -> Result {
    let out = elements::<T>(launch.contiguous_output(0)?)?;
    let (g, view) = (launch.input(0)?, launch.input(1)?);
    let [n, width] = *view.layout.shape() else {
        return Err(Error::new("points need two axes"));
    };
    let (n, width) = (n as usize, width as usize);
    let pairs = n.saturating_mul(n.saturating_sub(1)) / 2;
    let (g, x) = (all_in_order::<T>(g, pairs)?, all_in_order::<T>(view, out.len())?);
    if width == 0 {
        return Ok(());
    }
    for_parts(out.chunks_mut(width).enumerate(), |(i, line)| {
        for from in (0..width).step_by(BLOCK) {
            let take = BLOCK.min(width - from);
            let block = |point: usize| &x[point * width + from..][..take];
            simd(
                #[inline(always)]
                || {
                    let mut sums = [0.0_f64; BLOCK];
                    for j in (0..n).filter(|&j| j != i) {
                        let (low, high) = (i.min(j), i.max(j));
                        let g: f64 = g[first_pair(low, n) + high - low - 1].into();
                        let pair = block(i).iter().zip(block(j));
                        for (sum, (&own, &other)) in sums.iter_mut().zip(pair) {
                            let apart: f64 = (own - other).into();
                            *sum += (g + g) * apart;
                        }
                    }
                    for (place, &sum) in line[from..].iter_mut().zip(&sums[..take]) {
                        *place = T::from_f64(sum);
                    }
                },
            );
        }
    })
}
