//! Structural similarity from the means of two images, of their product and of the sum of their
//! squares, and its gradient, in one pass each. The composite in TypeScript is the reference.

use crate::cpu::{GRAIN, elements, for_chunks, for_parts, narrow_simd};
use crate::dtype::{Element, by_type};
use crate::error::{Error, Result};
use crate::frame::Launch;
use crate::kernels::elementwise::math::Real;
use crate::registry::{Cpu, Kernel, Wgsl};
use crate::scratch::all_in_order;

pub(super) const ROWS: &[Kernel] = &[
    Kernel { name: "similarity", outputs: 1, cpu: Cpu::Custom(similarity), wgsl: Wgsl::None },
    Kernel {
        name: "similarity_grad",
        outputs: 1,
        cpu: Cpu::Custom(similarity_grad),
        wgsl: Wgsl::None,
    },
];

fn similarity(launch: &mut Launch<'_>) -> Result {
    by_type!(float launch.input_type(0)?, similarity_as(launch))
}

fn similarity_grad(launch: &mut Launch<'_>) -> Result {
    by_type!(float launch.input_type(0)?, similarity_grad_as(launch))
}

/// The ratio of the contrasts, A / B, and that of the means, C / D, which is 1 if it is left out.
#[derive(Clone, Copy)]
struct Ratios<T> {
    steadied: [T; 2],
    whole: bool,
}

impl<T: Real> Ratios<T> {
    /// Numbers 0 and 1 stabilise the ratios of means and of contrasts; integer 0 says whether the
    /// first one counts.
    fn new(launch: &Launch<'_>) -> Self {
        let [means, contrasts, ..] = launch.params().map(T::from_f64);
        Self { steadied: [means, contrasts], whole: launch.ints()[0] != 0 }
    }

    /// A, B, C and D.
    #[inline(always)]
    fn parts(self, [p, t, product, squares]: [T; 4]) -> [T; 4] {
        let (both, own) = (p * t, p * p + t * t);
        let (apart, one) = (product - both, T::from_f64(1.0));
        let contrasts = [apart + apart + self.steadied[1], squares - own + self.steadied[1]];
        let means = [both + both + self.steadied[0], own + self.steadied[0]];
        let [c, d] = if self.whole { means } else { [one, one] };
        [contrasts[0], contrasts[1], c, d]
    }

    /// The derivatives by each of the four means, times a factor.
    #[inline(always)]
    fn slopes(self, means: [T; 4], g: T) -> [T; 4] {
        let [p, t, ..] = means;
        let [a, b, c, d] = self.parts(means);
        let (contrast, brightness) = (a / b, c / d);
        let two_g = g + g;
        let (by_a, by_b) = (two_g * brightness / b, two_g * contrast * brightness / b);
        let zero = T::from_f64(0.0);
        let (by_c, by_d) = if self.whole {
            (two_g * contrast / d, two_g * contrast * brightness / d)
        } else {
            (zero, zero)
        };
        let (cross, same) = (by_c - by_a, by_b - by_d);
        let half = T::from_f64(0.5);
        [cross * t + same * p, cross * p + same * t, by_a, -(half * by_b)]
    }
}

/// Operands: the map; the four means, one after the other.
fn similarity_as<T: Element + Real>(launch: &mut Launch<'_>) -> Result {
    let ratios = Ratios::<T>::new(launch);
    let out = elements::<T>(launch.contiguous_output(0)?)?;
    let count = out.len();
    let means = all_in_order::<T>(launch.input(0)?, 4 * count)?;
    let [p, t, product, squares] = std::array::from_fn(|i| &means[i * count..][..count]);
    for_chunks(out, |start, chunk| {
        let end = start + chunk.len();
        let (p, t) = (&p[start..end], &t[start..end]);
        let (product, squares) = (&product[start..end], &squares[start..end]);
        narrow_simd(
            #[inline(always)]
            || {
                let places = p.iter().zip(t).zip(product.iter().zip(squares));
                for (out, ((&p, &t), (&product, &squares))) in chunk.iter_mut().zip(places) {
                    let [a, b, c, d] = ratios.parts([p, t, product, squares]);
                    *out = a / b * (c / d);
                }
            },
        );
    })
}

/// Operands: the gradient of the four means, that of the map, and the means.
fn similarity_grad_as<T: Element + Real>(launch: &mut Launch<'_>) -> Result {
    let ratios = Ratios::<T>::new(launch);
    let out = elements::<T>(launch.contiguous_output(0)?)?;
    let count = out.len() / 4;
    let g = all_in_order::<T>(launch.input(0)?, count)?;
    let means = all_in_order::<T>(launch.input(1)?, 4 * count)?;
    if out.len() != 4 * count {
        return Err(Error::new("the operands do not fit"));
    }
    if count == 0 {
        return Ok(());
    }
    let of = |i: usize, range: std::ops::Range<usize>| &means[i * count..][range];
    let [first, second, third, fourth] = {
        let (front, behind) = out.split_at_mut(2 * count);
        let ((a, b), (c, d)) = (front.split_at_mut(count), behind.split_at_mut(count));
        [a, b, c, d].map(|part| part.chunks_mut(GRAIN))
    };
    let pieces = first.zip(second).zip(third.zip(fourth)).enumerate();
    for_parts(pieces, |(index, ((to_p, to_t), (to_product, to_squares)))| {
        let start = index * GRAIN;
        let range = start..start + to_p.len();
        let (p, t) = (of(0, range.clone()), of(1, range.clone()));
        let (product, squares) = (of(2, range.clone()), of(3, range.clone()));
        let g = &g[range];
        narrow_simd(
            #[inline(always)]
            || {
                for i in 0..g.len() {
                    let slopes = ratios.slopes([p[i], t[i], product[i], squares[i]], g[i]);
                    [to_p[i], to_t[i], to_product[i], to_squares[i]] = slopes;
                }
            },
        );
    })
}
