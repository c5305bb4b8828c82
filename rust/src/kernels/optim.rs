//! Optimizer steps, each one pass over a parameter and its state. The formulas are PyTorch's; the
//! tests compare each with its composite in TypeScript.

use super::math::Real;
use crate::cpu::{elements, for_parts, simd};
use crate::dtype::{Element, by_type};
use crate::error::{Error, Result};
use crate::frame::Launch;
use crate::reader::Reader;
use crate::registry::{Kernel, Wgsl};

pub(super) const ROWS: &[Kernel] = &[
    Kernel { name: "sgd_step", outputs: 1, run: sgd, wgsl: Wgsl::None },
    Kernel { name: "sgd_momentum_step", outputs: 2, run: sgd_momentum, wgsl: Wgsl::None },
    Kernel { name: "adam_step", outputs: 3, run: adam, wgsl: Wgsl::None },
];

/// Elements of a parameter that one task steps: small, so that a thread meets the part of it whose
/// gradient it has computed.
const GRAIN: usize = 1 << 13;

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

/// Parameters: lr, weight decay; integer 0: maximize.
fn sgd_as<T: Element + Real>(launch: &mut Launch<'_>) -> Result {
    let [lr, decay, ..] = launch.params().map(T::from_f64);
    let sign = T::from_f64(if launch.ints()[0] != 0 { -1.0 } else { 1.0 });
    let p = elements::<T>(launch.contiguous_output(0)?)?;
    let g = gradient::<T>(launch, p.len())?;
    for_parts(p.chunks_mut(GRAIN).zip(g.chunks(GRAIN)), |(p, g)| {
        simd(
            #[inline(always)]
            || {
                for (p, &g) in p.iter_mut().zip(g) {
                    *p = *p - lr * (sign * g + decay * *p);
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
    let (own, ahead) = if nesterov { (one, momentum) } else { (zero, one) };
    let p = elements::<T>(launch.contiguous_output(0)?)?;
    let buffer = state::<T>(launch, 1, p.len())?;
    let g = gradient::<T>(launch, p.len())?;
    let parts = p.chunks_mut(GRAIN).zip(buffer.chunks_mut(GRAIN)).zip(g.chunks(GRAIN));
    for_parts(parts, |((p, buffer), g)| {
        simd(
            #[inline(always)]
            || {
                for ((p, buffer), &g) in p.iter_mut().zip(&mut *buffer).zip(g) {
                    let g = sign * g + decay * *p;
                    *buffer = keep * *buffer + take * g;
                    *p = *p - lr * (own * g + ahead * *buffer);
                }
            },
        );
    })
}

/// Parameters: lr, weight decay, β₁, β₂, ε, 1 − β₁ᵗ, 1 − β₂ᵗ; integers: maximize, decoupled decay.
fn adam_as<T: Element + Real>(launch: &mut Launch<'_>) -> Result {
    let [lr, decay, beta1, beta2, _, correction1, correction2, _] = launch.params();
    let epsilon = T::from_f64(launch.params()[4]);
    let step = T::from_f64(lr / correction1);
    let root = T::from_f64(correction2.sqrt());
    let [maximize, decoupled, ..] = launch.ints().map(|flag| flag != 0);
    let sign = T::from_f64(if maximize { -1.0 } else { 1.0 });
    let shrink = T::from_f64(if decoupled { 1.0 - lr * decay } else { 1.0 });
    let decay = T::from_f64(if decoupled { 0.0 } else { decay });
    let (take1, keep2, take2) =
        (T::from_f64(1.0 - beta1), T::from_f64(beta2), T::from_f64(1.0 - beta2));
    let p = elements::<T>(launch.contiguous_output(0)?)?;
    let mean = state::<T>(launch, 1, p.len())?;
    let square = state::<T>(launch, 2, p.len())?;
    let g = gradient::<T>(launch, p.len())?;
    let states = mean.chunks_mut(GRAIN).zip(square.chunks_mut(GRAIN));
    let parts = p.chunks_mut(GRAIN).zip(states).zip(g.chunks(GRAIN));
    for_parts(parts, |((p, (mean, square)), g)| {
        simd(
            #[inline(always)]
            || {
                for (((p, mean), square), &g) in
                    p.iter_mut().zip(&mut *mean).zip(&mut *square).zip(g)
                {
                    let held = *p * shrink;
                    let g = sign * g + decay * held;
                    *mean = *mean + take1 * (g - *mean);
                    *square = keep2 * *square + take2 * (g * g);
                    *p = held - step * *mean / (square.sqrt_() / root + epsilon);
                }
            },
        );
    })
}
