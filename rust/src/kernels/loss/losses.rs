//! Elementwise losses of a prediction and a target, with their reduction in one pass, and their
//! gradients. Their composites in TypeScript are the reference.

use crate::cpu::{GRAIN, TILE, elements, for_chunks_of, for_parts, simd};
use crate::dtype::{DType, Element};
use crate::error::{Error, Result};
use crate::frame::Launch;
use crate::kernels::elementwise::binary::log1p_square_grad;
use crate::kernels::elementwise::math::Real;
use crate::kernels::elementwise::unary::{log1p_square, sigmoid, softplus};
use crate::kernels::reduce::sum::{FAR, Summand};
use crate::reader::Reader;
use crate::registry::{Cpu, Kernel, Wgsl};
use crate::scratch::scratch;

/// The derivative by the target, if it is not the negative of the prediction's.
macro_rules! target_formula {
    ($type:ty |$p:ident, $t:ident, $d:ident, $e:ident| $r:ident = $of:expr;) => {
        None
    };
    ($type:ty |$p:ident, $t:ident, $d:ident, $e:ident| $r:ident = $of:expr; $own:expr) => {
        Some(formula! { $type |$p, $t, $d, $e| { let $r = $of; $own } })
    };
}

/// Each loss: the names of its kernels; for a prediction, a target and two parameters first the
/// shared subexpressions, then its value, its derivative by the prediction, and by the target if
/// that differs. Only the loops are compiled for each.
macro_rules! losses {
    ($($name:literal $gradient:literal |$p:ident, $t:ident, $d:ident, $e:ident| $r:ident = $of:expr;
        $value:expr; $slope:expr $(; for target $own:expr)?;)*) => {
        // Not every derivative uses all of it.
        #[allow(unused_variables)]
        pub(super) const ROWS: &[Kernel] = &[$(
            Kernel {
                name: $name,
                outputs: 1,
                cpu: Cpu::Custom(|launch| match launch.input_type(0)? {
                    DType::F32 => values(launch, formula!(f32 |$p, $t, $d, $e| { let $r = $of; $value })),
                    DType::F64 => values(launch, formula!(f64 |$p, $t, $d, $e| { let $r = $of; $value })),
                    dtype => Err(Error::unsupported(dtype)),
                }),
                wgsl: Wgsl::None,
            },
            Kernel {
                name: $gradient,
                outputs: 2,
                cpu: Cpu::Custom(|launch| match launch.input_type(0)? {
                    DType::F32 => gradients(
                        launch,
                        formula!(f32 |$p, $t, $d, $e| { let $r = $of; $slope }),
                        target_formula!(f32 |$p, $t, $d, $e| $r = $of; $($own)?),
                    ),
                    DType::F64 => gradients(
                        launch,
                        formula!(f64 |$p, $t, $d, $e| { let $r = $of; $slope }),
                        target_formula!(f64 |$p, $t, $d, $e| $r = $of; $($own)?),
                    ),
                    dtype => Err(Error::unsupported(dtype)),
                }),
                wgsl: Wgsl::None,
            },
        )*];
    };
}

/// A part of prediction and target.
type Tile<'a, T> = (&'a [T], &'a [T]);

/// What a formula computes for the elements of a tile, times a factor.
type Fill<T> = fn(out: &mut [T], tile: Tile<'_, T>, parameters: [T; 2], factor: T);

/// A formula, as a function that fills tiles. Within `simd` all must be inlined, or it is not
/// vectorised.
macro_rules! formula {
    ($type:ty |$p:ident, $t:ident, $d:ident, $e:ident| $body:block) => {
        |out: &mut [$type], (p, t): Tile<'_, $type>, [$d, $e]: [$type; 2], factor: $type| {
            simd(
                #[inline(always)]
                || {
                    for ((out, &$p), &$t) in out.iter_mut().zip(p).zip(t) {
                        *out = $body * factor;
                    }
                },
            );
        }
    };
}

losses! {
    "mse" "mse_grad" |p, t, _d, _e| r = p - t;
        r * r;
        r + r;
    "huber" "huber_grad" |p, t, d, _e| r = p - t;
        if r.abs() <= d { r * r * 0.5 } else { (r.abs() - d * 0.5) * d };
        if r.abs() <= d { r } else { sign(r) * d };
    "smooth_l1" "smooth_l1_grad" |p, t, d, _e| r = p - t;
        if r.abs() >= d { r.abs() - d * 0.5 } else { r / (d + d) * r };
        if r.abs() >= d { sign(r) } else { r / d };
    "log_cosh" "log_cosh_grad" |p, t, _d, _e| r = p - t;
        log_cosh(r);
        r.tanh_();
    "charbonnier" "charbonnier_grad" |p, t, d, _e| r = p - t;
        length(r, d);
        r / length(r, d);
    "cauchy" "cauchy_grad" |p, t, d, _e| r = p - t;
        if r.abs() <= d * 1e-9 { r * r * 0.5 } else { log1p_square(r / d) * d * 0.5 * d };
        log1p_square_grad(d * 0.5, r / d);
    "tukey_biweight" "tukey_biweight_grad" |p, t, d, _e| r = p - t;
        if r.abs() >= d { d * d / 6.0 } else { r * r * 0.5 * biweight(r / d) };
        if r.abs() >= d { 0.0 } else { r * square((1.0 - r / d) * (1.0 + r / d)) };
    "bce" "bce_grad" |p, t, _d, _e| logs = (bounded_log(p, p.log_()), bounded_log(1.0 - p, (-p).log1p_()));
        -(t * logs.0 + (1.0 - t) * logs.1);
        (1.0 - t) * log_slope(1.0 - p) - t * log_slope(p);
        for target logs.1 - logs.0;
    "bce_with_logits" "bce_with_logits_grad" |p, t, _d, _e| s = softplus_both(p);
        t * s.0 + (1.0 - t) * s.1;
        (1.0 - t) * sigmoid(p) - t * sigmoid(-p);
        for target s.0 - s.1;
    "pseudo_huber" "pseudo_huber_grad" |p, t, scale, _e| r = (p - t) / scale;
        r / (length(r, 1.0) + 1.0) * r;
        r / length(r, 1.0) / scale;
    "general_robust" "general_robust_grad" |p, t, alpha, scale| r = (p - t) / scale;
        (rise(r, alpha) * (alpha * 0.5)).expm1_() * (alpha - 2.0).abs() / alpha;
        {
            // In halves, as a power may vanish where its product with a large residual does not.
            let half = (rise(r, alpha) * (alpha * 0.25 - 0.5)).exp_();
            half * r * half / scale
        };
    "kl_div" "kl_div_grad" |p, t, logs, _e|
        q = if logs == 0.0 { (t, t.log_()) } else { (t.exp_(), t) };
        if q.0 == 0.0 { 0.0 } else { q.0 * (q.1 - p) };
        -q.0;
        for target if q.0 == 0.0 { 0.0 } else { (q.1 - p + 1.0) * if logs == 0.0 { 1.0 } else { q.0 } };
    "js_div" "js_div_grad" |p, t, logs, _e| q = if logs == 0.0 { t.log_() } else { t };
        (toward_mean(p, q) + toward_mean(q, p)) * 0.5;
        toward_mean(p, q) * 0.5;
        for target if logs != 0.0 { toward_mean(q, p) * 0.5 } else { share_slope(t, p, q) };
}

/// ln(1 + r²/|α − 2|)
#[inline(always)]
fn rise<T: Real>(r: T, alpha: T) -> T {
    let apart = alpha - T::from_f64(2.0);
    let size = if apart < T::from_f64(0.0) { -apart } else { apart };
    log1p_square(r * (T::from_f64(1.0) / size.sqrt_()))
}

/// The logarithm of 2 e^own / (e^own + e^other).
#[inline(always)]
fn log_ratio<T: Real>(own: T, other: T) -> T {
    T::from_f64(std::f64::consts::LN_2) - softplus(other - own)
}

/// Its mean weighted by e^own; 0 if that is 0.
#[inline(always)]
fn toward_mean<T: Real>(own: T, other: T) -> T {
    let value = own.exp_() * log_ratio(own, other);
    if own == -T::INFINITE { T::from_f64(0.0) } else { value }
}

/// The derivative by a share with the logarithm `own`; there is none if the share is 0.
#[inline(always)]
fn share_slope<T: Real>(share: T, other: T, own: T) -> T {
    let (zero, half) = (T::from_f64(0.0), T::from_f64(0.5));
    if share == zero { zero } else { half * log_ratio(own, other) }
}

/// 1, −1, or the number itself if it is 0 or NaN.
#[inline(always)]
fn sign<T: Real>(r: T) -> T {
    let (zero, one) = (T::from_f64(0.0), T::from_f64(1.0));
    if r > zero {
        one
    } else if r < zero {
        -one
    } else {
        r
    }
}

#[inline(always)]
fn square<T: Real>(x: T) -> T {
    x * x
}

/// |r| + ln(1 + e^−2|r|) − ln 2, and near 0 by 1 − tanh² = 1 / cosh².
#[inline(always)]
fn log_cosh<T: Real>(r: T) -> T {
    let [one, half, two] = [1.0, 0.5, 2.0].map(T::from_f64);
    let size = if r < T::from_f64(0.0) { -r } else { r };
    let far = size + ((-two * size).exp_().log1p_() - T::from_f64(std::f64::consts::LN_2));
    let near = -half * (-square(r.tanh_())).log1p_();
    if size >= one { far } else { near }
}

/// ln(1 + e⁻ˣ) and ln(1 + eˣ).
#[inline(always)]
fn softplus_both<T: Real>(x: T) -> (T, T) {
    let zero = T::from_f64(0.0);
    let (high, low) = if x > zero { (x, zero) } else { (zero, -x) };
    let rest = (-(high + low)).exp_().log1p_();
    (low + rest, high + rest)
}

/// √(r² + d²) for a positive d, by squares that neither overflow nor underflow.
#[inline(always)]
fn length<T: Real>(r: T, d: T) -> T {
    let size = if r < T::from_f64(0.0) { -r } else { r };
    let (most, least) = if size > d { (size, d) } else { (d, size) };
    let share = least / most;
    most * (T::from_f64(1.0) + share * share).sqrt_()
}

/// 1 − u + u²/3 for u = x².
#[inline(always)]
fn biweight<T: Real>(x: T) -> T {
    let [one, third] = [1.0, 1.0 / 3.0].map(T::from_f64);
    let u = x * x;
    (u * third - one) * u + one
}

/// The probability below which the derivative of the logarithm stops growing, as in PyTorch.
const LEAST_SHARE: f64 = 1e-12;

/// A logarithm of a probability, at least −100, which is given if the probability is not near 0.
#[inline(always)]
fn bounded_log<T: Real>(share: T, log: T) -> T {
    let least = T::from_f64(-100.0);
    let log = if share < T::from_f64(LEAST_SHARE) { share.log_() } else { log };
    if log < least { least } else { log }
}

/// Its derivative.
#[inline(always)]
fn log_slope<T: Real>(share: T) -> T {
    let one = T::from_f64(1.0);
    if share < T::from_f64(LEAST_SHARE) { T::from_f64(1.0 / LEAST_SHARE) } else { one / share }
}

/// Prediction and target, and how the losses of their elements are reduced.
struct Pair<'a, T> {
    prediction: Reader<'a, T>,
    target: Reader<'a, T>,
    reduced: bool,
    /// The divisor of the sum.
    divisor: f64,
    parameters: [T; 2],
}

impl<'a, T: Element + Real> Pair<'a, T> {
    /// Integer 0: 0 for each element, 1 for the sum, 2 for the mean. Numbers 0 and 1 are the loss's
    /// own.
    fn new(launch: &mut Launch<'a>, first: usize) -> Result<Self> {
        let [first_own, second_own, ..] = launch.params().map(T::from_f64);
        let reduction = launch.ints()[0];
        let prediction = Reader::new(launch.input(first)?)?;
        let target = Reader::new(launch.input(first + 1)?)?;
        if prediction.len() != target.len() {
            return Err(Error::new("the operands do not fit"));
        }
        let divisor = if reduction == 2 { prediction.len() as f64 } else { 1.0 };
        let parameters = [first_own, second_own];
        Ok(Self { prediction, target, reduced: reduction != 0, divisor, parameters })
    }

    /// Calls the body with each tile and its position.
    fn for_tiles(&self, start: usize, len: usize, body: &mut dyn FnMut(usize, Tile<'_, T>)) {
        let (mut prediction, mut target) = (self.prediction.tiles(), self.target.tiles());
        for from in (0..len).step_by(TILE) {
            let (first, take) = (start + from, TILE.min(len - from));
            body(from, (prediction.block(first, take), target.block(first, take)));
        }
    }
}

/// Operands: the losses or their reduction, prediction, target.
fn values<T: Element + Real + Into<f64> + Summand<Total = f64>>(
    launch: &mut Launch<'_>,
    fill: Fill<T>,
) -> Result {
    let out = elements::<T>(launch.contiguous_output(0)?)?;
    let pair = Pair::<T>::new(launch, 0)?;
    let (count, parameters) = (pair.prediction.len(), pair.parameters);
    if out.len() != if pair.reduced { 1 } else { count } {
        return Err(Error::new("the output has another size"));
    }
    let one = T::from_f64(1.0);
    if !pair.reduced {
        return for_chunks_of(out, GRAIN, |start, out| {
            pair.for_tiles(start, out.len(), &mut |from, tile| {
                fill(&mut out[from..from + tile.0.len()], tile, parameters, one)
            });
        });
    }
    let mut totals = scratch(count.div_ceil(GRAIN))?;
    for_parts(totals.iter_mut().enumerate(), |(index, total)| {
        let start = index * GRAIN;
        let mut losses = [T::default(); TILE];
        pair.for_tiles(start, GRAIN.min(count - start), &mut |_, tile| {
            let losses = &mut losses[..tile.0.len()];
            fill(losses, tile, parameters, one);
            *total += T::block(losses);
        });
    })?;
    let mut total = totals.iter().sum::<f64>() / pair.divisor;
    if !total.is_finite() {
        let mut losses = [T::default(); TILE];
        let mut anew = 0.0;
        pair.for_tiles(0, count, &mut |_, tile| {
            let losses = &mut losses[..tile.0.len()];
            fill(losses, tile, parameters, one);
            anew += losses.iter().map(|&x| x.into() / FAR).sum::<f64>();
        });
        total = anew / pair.divisor * FAR;
    }
    out[0] = T::from_f64(total);
    Ok(())
}

/// Operands: the gradients of prediction and target, each empty if it is not needed; the cotangent,
/// prediction, target.
fn gradients<T: Element + Real>(
    launch: &mut Launch<'_>,
    slopes: Fill<T>,
    target_slopes: Option<Fill<T>>,
) -> Result {
    let for_prediction = elements::<T>(launch.contiguous_output(0)?)?;
    let for_target = elements::<T>(launch.contiguous_output(1)?)?;
    let g = Reader::<T>::new(launch.input(0)?)?;
    let pair = Pair::<T>::new(launch, 1)?;
    let count = pair.prediction.len();
    let fits = |out: &[T]| out.is_empty() || out.len() == count;
    if !fits(for_prediction) || !fits(for_target) || g.len() != if pair.reduced { 1 } else { count }
    {
        return Err(Error::new("the operands do not fit"));
    }
    let one = T::from_f64(1.0);
    times_cotangent(for_prediction, &g, &pair, (slopes, one))?;
    times_cotangent(for_target, &g, &pair, target_slopes.map_or((slopes, -one), |own| (own, one)))
}

/// The derivatives by one of the operands, times a sign and the cotangent.
fn times_cotangent<T: Element + Real>(
    out: &mut [T],
    g: &Reader<'_, T>,
    pair: &Pair<'_, T>,
    (slopes, sign): (Fill<T>, T),
) -> Result {
    let divisor = T::from_f64(pair.divisor);
    let common = if pair.reduced { g.data[0] / divisor } else { divisor };
    for_chunks_of(out, GRAIN, |start, out| {
        let mut cotangents = g.tiles();
        pair.for_tiles(start, out.len(), &mut |from, tile| {
            let out = &mut out[from..from + tile.0.len()];
            slopes(out, tile, pair.parameters, sign * common);
            if !pair.reduced {
                let g = cotangents.block(start + from, out.len());
                out.iter_mut().zip(g).for_each(|(out, &g)| *out = *out * g);
            }
        });
    })
}
