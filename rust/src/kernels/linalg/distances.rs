//! Distances of all pairs of points, and their gradients, without storing the differences of all
//! pairs. The composite in TypeScript is the reference.

use super::reflect::Float;
use crate::cpu::{GRAIN, elements, simd, try_parts};
use crate::dtype::by_type;
use crate::error::{Error, Result};
use crate::frame::{Launch, View};
use crate::registry::{Cpu, Kernel, Wgsl};
use crate::scratch::{in_order, scratch};
use std::borrow::Cow;

pub(super) const ROWS: &[Kernel] = &[
    Kernel { name: "cdist", outputs: 1, cpu: Cpu::Custom(cdist), wgsl: Wgsl::None },
    Kernel { name: "cdist_grad", outputs: 2, cpu: Cpu::Custom(cdist_grad), wgsl: Wgsl::None },
];

/// The norm of a distance.
#[derive(Clone, Copy)]
enum Order {
    Count,
    One,
    Two,
    Most,
    Other(f64),
}

impl Order {
    fn of(p: f64) -> Self {
        match p {
            0.0 => Self::Count,
            1.0 => Self::One,
            2.0 => Self::Two,
            f64::INFINITY => Self::Most,
            p => Self::Other(p),
        }
    }
}

/// Sums of squares in this range have neither overflowed nor lost digits by underflow.
const SAFE: std::ops::Range<f64> = 1e-280..1e280;

/// The larger one, or NaN.
#[inline(always)]
fn larger(a: f64, b: f64) -> f64 {
    if a >= b || a.is_nan() { a } else { b }
}

/// Reduces all values of a function of the differences.
#[inline(always)]
fn fold<T: Float>(
    x: &[T],
    z: &[T],
    value: impl Fn(f64) -> f64,
    join: impl Fn(f64, f64) -> f64,
) -> f64 {
    let ((x, x_rest), (z, z_rest)) = (x.as_chunks::<8>(), z.as_chunks::<8>());
    let mut lanes = [0.0; 8];
    for (x, z) in x.iter().zip(z) {
        for ((lane, &x), &z) in lanes.iter_mut().zip(x).zip(z) {
            *lane = join(*lane, value((x - z).into()));
        }
    }
    let rest = x_rest.iter().zip(z_rest).map(|(&x, &z)| value((x - z).into()));
    rest.chain(lanes).fold(0.0, join)
}

/// `(Σ |x − z|ᵖ)^(1/p)` relative to the largest difference, so that no power overflows or
/// underflows.
#[inline(always)]
fn scaled<T: Float>(x: &[T], z: &[T], p: f64) -> f64 {
    let most = fold(x, z, f64::abs, larger);
    if most == 0.0 || !most.is_finite() {
        return most;
    }
    most * fold(x, z, |d| (d.abs() / most).powf(p), |a, b| a + b).powf(1.0 / p)
}

#[inline(always)]
fn distance<T: Float>(order: Order, x: &[T], z: &[T]) -> f64 {
    let add = |a: f64, b: f64| a + b;
    match order {
        Order::Count => fold(x, z, |d| f64::from(d != 0.0), add),
        Order::One => fold(x, z, f64::abs, add),
        Order::Two => {
            let squares = fold(x, z, |d| d * d, add);
            if SAFE.contains(&squares) { squares.sqrt() } else { scaled(x, z, 2.0) }
        }
        Order::Most => fold(x, z, f64::abs, larger),
        Order::Other(p) => scaled(x, z, p),
    }
}

/// Adds a function of each difference.
#[inline(always)]
fn add_each<T: Float>(sums: &mut [f64], (x, z): (&[T], &[T]), slope: impl Fn(f64) -> f64) {
    for ((sum, &x), &z) in sums.iter_mut().zip(x).zip(z) {
        *sum += slope((x - z).into());
    }
}

/// Adds the gradient of a distance with respect to the first point, times a factor; 0 if the points
/// coincide.
#[inline(always)]
fn add_gradient<T: Float>(order: Order, sums: &mut [f64], pair: (&[T], &[T]), apart: f64, g: f64) {
    let sign = |d: f64| if d == 0.0 { 0.0 } else { 1f64.copysign(d) };
    match order {
        Order::Count => {}
        _ if apart == 0.0 => {}
        Order::One => add_each(sums, pair, |d| g * sign(d)),
        Order::Two => add_each(sums, pair, |d| d / apart * g),
        Order::Most => {
            // Equal differences share the gradient.
            let ties = fold(pair.0, pair.1, |d| f64::from(d.abs() == apart), |a, b| a + b);
            add_each(sums, pair, |d| if d.abs() == apart { sign(d) * g / ties } else { 0.0 });
        }
        Order::Other(p) => add_each(sums, pair, |d| {
            if d == 0.0 { 0.0 } else { sign(d) * (d.abs() / apart).powf(p - 1.0) * g }
        }),
    }
}

/// Contiguous points: how many in each batch, and their coordinates.
struct Points<'a, T: Float> {
    data: Cow<'a, [T]>,
    count: usize,
    coordinates: usize,
}

impl<'a, T: Float> Points<'a, T> {
    fn new(view: View<'a>) -> Result<Self> {
        let rank = view.layout.rank();
        if rank < 2 {
            return Err(Error::new("there are no points"));
        }
        let (count, coordinates) = (view.layout.extent(rank - 2), view.layout.extent(rank - 1));
        Ok(Self { data: in_order(view)?, count, coordinates })
    }

    fn point(&self, number: usize) -> &[T] {
        &self.data[number * self.coordinates..][..self.coordinates]
    }

    /// Refuses an operand without a number for each pair with other points.
    fn check(&self, others: &Self, pairs: usize) -> Result {
        let [own, beside] = [self, others].map(|points| points.count * points.coordinates);
        let fits = self.coordinates == others.coordinates
            && self.data.len() * beside == others.data.len() * own
            && self.data.len() / own.max(1) * self.count * others.count == pairs;
        if fits { Ok(()) } else { Err(Error::new("the operands do not fit")) }
    }
}

fn cdist(launch: &mut Launch<'_>) -> Result {
    by_type!(float launch.input_type(0)?, cdist_as(launch))
}

/// Operands: the distances, of shape [..., n, m]; points of shapes [..., n, d] and [..., m, d].
/// Number: the order.
fn cdist_as<T: Float>(launch: &mut Launch<'_>) -> Result {
    let order = Order::of(launch.params()[0]);
    let out = elements::<T>(launch.contiguous_output(0)?)?;
    let a = Points::<T>::new(launch.input(0)?)?;
    let b = Points::<T>::new(launch.input(1)?)?;
    a.check(&b, out.len())?;
    let m = b.count;
    if out.is_empty() {
        return Ok(());
    }
    let rows = (GRAIN / (m * a.coordinates).max(1)).max(1);
    try_parts(out.chunks_mut(m * rows).enumerate(), |(part, out)| {
        for (index, line) in out.chunks_exact_mut(m).enumerate() {
            let row = part * rows + index;
            let first = row / a.count * m;
            let x = a.point(row);
            simd(
                #[inline(always)]
                || {
                    for (j, apart) in line.iter_mut().enumerate() {
                        *apart = T::from_f64(distance(order, x, b.point(first + j)));
                    }
                },
            );
        }
        Ok(())
    })
}

fn cdist_grad(launch: &mut Launch<'_>) -> Result {
    by_type!(float launch.input_type(0)?, cdist_grad_as(launch))
}

/// Operands: the gradients of both points, one of which may be empty; those of the distances, the
/// distances, and the points. Number: the order.
fn cdist_grad_as<T: Float>(launch: &mut Launch<'_>) -> Result {
    let order = Order::of(launch.params()[0]);
    let to_a = elements::<T>(launch.contiguous_output(0)?)?;
    let to_b = elements::<T>(launch.contiguous_output(1)?)?;
    let g = in_order::<T>(launch.input(0)?)?;
    let apart = in_order::<T>(launch.input(1)?)?;
    let a = Points::<T>::new(launch.input(2)?)?;
    let b = Points::<T>::new(launch.input(3)?)?;
    a.check(&b, g.len())?;
    let whole = |to: &[T], points: &Points<'_, T>| to.is_empty() || to.len() == points.data.len();
    if apart.len() != g.len() || !whole(to_a, &a) || !whole(to_b, &b) {
        return Err(Error::new("the operands do not fit"));
    }
    let (n, m) = (a.count, b.count);
    gradients(order, to_a, (&a, &b), |row, j| {
        let pair = row * m + j;
        (apart[pair], g[pair])
    })?;
    gradients(order, to_b, (&b, &a), |row, i| {
        let pair = (row / m * n + i) * m + row % m;
        (apart[pair], g[pair])
    })
}

/// The gradients of points with respect to their distances from others; `at` gives the distance
/// between two points, by their numbers in the batch, and its gradient.
fn gradients<T: Float>(
    order: Order,
    out: &mut [T],
    (points, others): (&Points<'_, T>, &Points<'_, T>),
    at: impl Fn(usize, usize) -> (T, T) + Sync,
) -> Result {
    if out.is_empty() {
        return Ok(());
    }
    let width = points.coordinates;
    let rows = (GRAIN / (others.count * width).max(1)).max(1);
    try_parts(out.chunks_mut(width * rows).enumerate(), |(part, out)| {
        let mut sums = scratch::<f64>(width)?;
        for (index, line) in out.chunks_exact_mut(width).enumerate() {
            let row = part * rows + index;
            let first = row / points.count * others.count;
            let x = points.point(row);
            sums.fill(0.0);
            simd(
                #[inline(always)]
                || {
                    for j in 0..others.count {
                        let (apart, g) = at(row, j);
                        let pair = (x, others.point(first + j));
                        add_gradient(order, &mut sums, pair, apart.into(), g.into());
                    }
                    for (place, sum) in line.iter_mut().zip(&sums) {
                        *place = T::from_f64(*sum);
                    }
                },
            );
        }
        Ok(())
    })
}
