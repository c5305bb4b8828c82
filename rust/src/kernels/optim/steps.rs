//! Optimizer steps, each one pass over a parameter and its state. The formulas are PyTorch's; the
//! tests compare each with its composite in TypeScript.

use crate::cpu::{TILE, elements, for_parts, narrow_simd};
use crate::dtype::{Element, by_type};
use crate::error::{Error, Result};
use crate::frame::Launch;
use crate::gpu::programs;
use crate::kernels::elementwise::math::Real;
use crate::reader::Reader;
use crate::registry::{Cpu, Kernel};

pub(super) const ROWS: &[Kernel] = &[
    Kernel { name: "sgd_step", outputs: 1, cpu: Cpu::Custom(sgd), wgsl: programs::SGD },
    Kernel {
        name: "sgd_momentum_step",
        outputs: 2,
        cpu: Cpu::Custom(sgd_momentum),
        wgsl: programs::SGD_MOMENTUM,
    },
    Kernel { name: "adam_step", outputs: 3, cpu: Cpu::Custom(adam), wgsl: programs::ADAM },
];

/// Elements of a parameter that a task steps: few, so that a thread tends to step the part whose
/// gradient it has computed.
const GRAIN: usize = 1 << 13;
/// A gradient whose square may overflow in float64, and the factor to scale it by: 2⁻⁵¹².
const LARGE: f64 = 1e150;
const SMALLER: f64 = f64::from_bits((1023 - 512) << 52);

fn sgd(launch: &mut Launch<'_>) -> Result {
    by_type!(float launch.input_type(0)?, sgd_as(launch))
}

fn sgd_momentum(launch: &mut Launch<'_>) -> Result {
    by_type!(float launch.input_type(0)?, sgd_momentum_as(launch))
}

fn adam(launch: &mut Launch<'_>) -> Result {
    by_type!(float launch.input_type(0)?, adam_as(launch))
}

fn state<'a, T: Element + Real>(
    launch: &mut Launch<'a>,
    index: usize,
    len: usize,
) -> Result<&'a mut [T]> {
    let data = elements::<T>(launch.contiguous_output(index)?)?;
    if data.len() == len { Ok(data) } else { Err(Error::new("the state has another size")) }
}

fn gradient<'a, T: Element + Real>(launch: &mut Launch<'a>, len: usize) -> Result<&'a [T]> {
    let reader = Reader::<T>::new(launch.input(0)?)?;
    match reader.as_slice() {
        Some(data) if data.len() >= len => Ok(&data[..len]),
        _ => Err(Error::new("the gradient must be contiguous and of the same size")),
    }
}

/// The gradient to descend, with the decay that enters it. Without any it does not matter what the
/// parameter holds: 0 · ∞ would be NaN.
#[inline(always)]
fn descent<T: Real>(sign: T, g: T, decay: T, p: T) -> T {
    if decay == T::from_f64(0.0) { sign * g } else { sign * g + decay * p }
}

/// Parameters: lr, weight decay; integer 0: maximize.
fn sgd_as<T: Element + Real>(launch: &mut Launch<'_>) -> Result {
    let [lr, decay, ..] = launch.params().map(T::from_f64);
    let sign = T::from_f64(if launch.ints()[0] != 0 { -1.0 } else { 1.0 });
    let p = elements::<T>(launch.contiguous_output(0)?)?;
    let g = gradient::<T>(launch, p.len())?;
    for_parts(p.chunks_mut(GRAIN).zip(g.chunks(GRAIN)), |(p, g)| {
        narrow_simd(
            #[inline(always)]
            || {
                for (p, &g) in p.iter_mut().zip(g) {
                    *p = *p - lr * descent(sign, g, decay, *p);
                }
            },
        );
    })
}

/// Parameters: lr, weight decay, momentum, dampening; integers: maximize, nesterov, first step.
fn sgd_momentum_as<T: Element + Real>(launch: &mut Launch<'_>) -> Result {
    let [lr, decay, momentum, dampening, ..] = launch.params().map(T::from_f64);
    let [maximize, nesterov, first, ..] = launch.ints().map(|flag| flag != 0);
    let (zero, one) = (T::from_f64(0.0), T::from_f64(1.0));
    let sign = if maximize { -one } else { one };
    let (keep, take) = if first { (zero, one) } else { (momentum, one - dampening) };
    let p = elements::<T>(launch.contiguous_output(0)?)?;
    let buffer = state::<T>(launch, 1, p.len())?;
    let g = gradient::<T>(launch, p.len())?;
    let parts = p.chunks_mut(GRAIN).zip(buffer.chunks_mut(GRAIN)).zip(g.chunks(GRAIN));
    for_parts(parts, |((p, buffer), g)| {
        narrow_simd(
            // The flags are moved here so that the loop need not read them anew for each element.
            #[inline(always)]
            move || {
                for ((p, buffer), &g) in p.iter_mut().zip(&mut *buffer).zip(g) {
                    let g = descent(sign, g, decay, *p);
                    let next = keep * *buffer + take * g;
                    let change = if nesterov { g + momentum * next } else { next };
                    *buffer = next;
                    *p = *p - lr * change;
                }
            },
        );
    })
}

/// The largest square of gradients that are functions of a parameter and its gradient, lane by lane.
#[inline(always)]
fn largest_square<T: Real>(p: &[T], g: &[T], gradient: impl Fn(T, T) -> T) -> T {
    const LANES: usize = 32;
    let larger = |most: T, g: T| if g * g > most { g * g } else { most };
    let mut lanes = [T::from_f64(0.0); LANES];
    let ((p, p_rest), (g, g_rest)) = (p.as_chunks::<LANES>(), g.as_chunks::<LANES>());
    for (p, g) in p.iter().zip(g) {
        for i in 0..LANES {
            lanes[i] = larger(lanes[i], gradient(p[i], g[i]));
        }
    }
    let rest = p_rest.iter().zip(g_rest).map(|(&p, &g)| gradient(p, g));
    let most = rest.fold(T::from_f64(0.0), larger);
    lanes.iter().fold(most, |most, &lane| if lane > most { lane } else { most })
}

/// Numbers of a step of Adam.
struct AdamStep {
    step: f64,
    root: f64,
    sign: f64,
    shrink: f64,
    decay: f64,
    beta1: f64,
    beta2: f64,
    epsilon: f64,
}

/// Parameters: lr, weight decay, β₁, β₂, ε, 1 − β₁ᵗ, 1 − β₂ᵗ; integers: maximize, decoupled decay.
fn adam_as<T: Element + Real + Into<f64>>(launch: &mut Launch<'_>) -> Result {
    let [lr, decay, beta1, beta2, epsilon, correction1, correction2, _] = launch.params();
    let [maximize, decoupled, ..] = launch.ints().map(|flag| flag != 0);
    let numbers = AdamStep {
        step: lr / correction1,
        root: correction2.sqrt(),
        sign: if maximize { -1.0 } else { 1.0 },
        shrink: if decoupled { 1.0 - lr * decay } else { 1.0 },
        decay: if decoupled { 0.0 } else { decay },
        beta1,
        beta2,
        epsilon,
    };
    let p = elements::<T>(launch.contiguous_output(0)?)?;
    let mean = state::<T>(launch, 1, p.len())?;
    let square = state::<T>(launch, 2, p.len())?;
    let g = gradient::<T>(launch, p.len())?;
    let states = mean.chunks_mut(GRAIN).zip(square.chunks_mut(GRAIN));
    let parts = p.chunks_mut(GRAIN).zip(states).zip(g.chunks(GRAIN));
    for_parts(parts, |((p, (mean, square)), g)| {
        narrow_simd(
            #[inline(always)]
            || {
                let states = mean.chunks_mut(TILE).zip(square.chunks_mut(TILE));
                let tiles = p.chunks_mut(TILE).zip(states).zip(g.chunks(TILE));
                for ((p, (mean, square)), g) in tiles {
                    if !numbers.run(p, mean, square, g) {
                        numbers.run_carefully(p, mean, square, g);
                    }
                }
            },
        );
    })
}

impl AdamStep {
    /// Steps a tile; leaves it unchanged and returns false if a square overflows.
    #[inline(always)]
    fn run<T: Element + Real>(
        &self,
        p: &mut [T],
        mean: &mut [T],
        square: &mut [T],
        g: &[T],
    ) -> bool {
        let [sign, shrink, decay] = [self.sign, self.shrink, self.decay].map(T::from_f64);
        // Decided here, it costs the loop nothing.
        if self.decay == 0.0 {
            self.run_with(p, mean, square, g, |_, g| sign * g)
        } else {
            self.run_with(p, mean, square, g, |p, g| sign * g + decay * (p * shrink))
        }
    }

    /// The same for the gradient to descend, as a function of the parameter and its gradient.
    #[inline(always)]
    fn run_with<T: Element + Real>(
        &self,
        p: &mut [T],
        mean: &mut [T],
        square: &mut [T],
        g: &[T],
        gradient: impl Fn(T, T) -> T,
    ) -> bool {
        // A product takes less time than a quotient.
        let [step, inverse] = [self.step, 1.0 / self.root].map(T::from_f64);
        let [shrink, epsilon] = [self.shrink, self.epsilon].map(T::from_f64);
        let [take1, keep2, take2] =
            [1.0 - self.beta1, self.beta2, 1.0 - self.beta2].map(T::from_f64);
        if largest_square(p, g, &gradient) == T::INFINITE {
            return false;
        }
        for (((p, mean), square), &g) in p.iter_mut().zip(mean).zip(square).zip(g) {
            let g = gradient(*p, g);
            *mean = *mean + take1 * (g - *mean);
            // A mean of two numbers is no larger than both, except by rounding.
            *square = (keep2 * *square + take2 * (g * g)).min_(T::MOST);
            *p = *p * shrink - step * *mean / (square.sqrt_() * inverse + epsilon);
        }
        true
    }

    /// The same in float64, where overflowing squares are computed from scaled numbers.
    ///
    /// A mean square that its type cannot hold is kept as the largest number: the next step is then
    /// too long, but by no more than 1 / √(1 − β₂), as a new gradient enters before the root is
    /// taken; after ∞ every later step would be 0.
    #[inline(always)]
    fn run_carefully<T: Element + Real + Into<f64>>(
        &self,
        p: &mut [T],
        mean: &mut [T],
        square: &mut [T],
        g: &[T],
    ) {
        for (((p, mean), square), &g) in p.iter_mut().zip(mean).zip(square).zip(g) {
            let held = (*p).into() * self.shrink;
            let g = descent(self.sign, g.into(), self.decay, held);
            let m = (*mean).into() + (1.0 - self.beta1) * (g - (*mean).into());
            let scale = if g.abs() > LARGE { SMALLER } else { 1.0 };
            let (v, scaled) = ((*square).into() * scale * scale, g * scale);
            let v = self.beta2 * v + (1.0 - self.beta2) * (scaled * scaled);
            let size = v.sqrt() / scale;
            *mean = T::from_f64(m);
            *square = T::from_f64(v / scale / scale).min_(T::MOST);
            *p = T::from_f64(held - self.step * m / (size / self.root + self.epsilon));
        }
    }
}
