//! Elementwise functions of one input.

use super::math::Real;
use super::special::{digamma, erfinv};
use crate::cpu::simd;
use crate::dtype::{ByType, Element};
use crate::registry::{Cpu, Kernel, Wgsl};

/// Applies `f` to a block, vectorised.
#[inline(always)]
fn each<T: Element>(out: &mut [T], x: &[T], f: impl Fn(T) -> T) {
    simd(
        #[inline(always)]
        || {
            for (out, &x) in out.iter_mut().zip(x) {
                *out = f(x);
            }
        },
    );
}

/// A row: name, formula for a float, formula for an int32 if it has one, formula in WGSL (`special` if
/// it calls a function of `special.wgsl`).
/// A formula that is not inlined would not be vectorised.
macro_rules! unary {
    ($($name:literal |$x:ident| $float:expr; $(int $int:expr;)?
        $wgsl:literal $($special:ident)?)*) => {
        pub(super) const ROWS: &[Kernel] = &[$(Kernel {
            name: $name,
            outputs: 1,
            cpu: Cpu::Unary(ByType {
                f32: Some(|out, x| each(out, x, #[inline(always)] |$x: f32| $float)),
                f64: Some(|out, x| each(out, x, #[inline(always)] |$x: f64| $float)),
                $(i32: Some(|out, x| each(out, x, #[inline(always)] |$x: i32| $int)),)?
                ..ByType::NONE
            }),
            wgsl: Wgsl::Expression($wgsl)$(.$special())?,
        }),*];
    };
}

#[inline(always)]
pub(crate) fn sigmoid<T: Real>(x: T) -> T {
    let one = T::from_f64(1.0);
    one / (one + (-x).exp_())
}

#[inline(always)]
pub(crate) fn relu<T: Real>(x: T) -> T {
    let zero = T::from_f64(0.0);
    if x <= zero { zero } else { x }
}

/// ln(1 + x²), which from 10¹⁸ on is 2·ln(1 + |x|), as the square may leave the range.
#[inline(always)]
pub(crate) fn log1p_square<T: Real>(x: T) -> T {
    let size = if x < T::from_f64(0.0) { -x } else { x };
    let far = size > T::from_f64(1e18);
    let log = if far { size } else { size * size }.log1p_();
    if far { log + log } else { log }
}

/// ln(1 + e^x) = max(x, 0) + ln(1 + e^-|x|), which neither overflows nor loses small values.
#[inline(always)]
pub(crate) fn softplus<T: Real>(x: T) -> T {
    let zero = T::from_f64(0.0);
    let (positive, negative) = if x > zero { (x, -x) } else { (zero, x) };
    positive + negative.exp_().log1p_()
}

#[inline(always)]
pub(crate) fn sign<T: Real>(x: T) -> T {
    let (zero, one) = (T::from_f64(0.0), T::from_f64(1.0));
    let above = if x > zero { one } else { zero };
    if x < zero { -one } else { above }
}

/// A function that only float64 has, or whose float32 version would be too inaccurate.
fn through<T: Real + Into<f64>>(x: T, f: impl Fn(f64) -> f64) -> T {
    T::from_f64(f(x.into()))
}

/// sin(πx)/(πx), 1 at 0; x is reduced before the multiplication, so that integers give 0.
fn sinc(x: f64) -> f64 {
    if x == 0.0 {
        return 1.0;
    }
    let whole = x.round_ties_even();
    let sine = (std::f64::consts::PI * (x - whole)).sin();
    let signed = if whole % 2.0 == 0.0 { sine } else { -sine };
    signed / (std::f64::consts::PI * x)
}

/// The cumulative distribution function of the normal distribution, Φ(x).
#[inline(always)]
pub(super) fn normal_share<T: Real>(x: T) -> T {
    let scaled = x * T::from_f64(std::f64::consts::FRAC_1_SQRT_2);
    T::from_f64(0.5) * (T::from_f64(1.0) + scaled.erf_())
}

/// The argument of tanh in its approximation: √(2/π)·(x + 0.044715·x³).
#[inline(always)]
pub(super) fn gelu_inner<T: Real>(x: T) -> T {
    T::from_f64(GELU_SCALE) * (x + T::from_f64(GELU_CUBE) * (x * x * x))
}

#[inline(always)]
fn gelu_tanh<T: Real>(x: T) -> T {
    T::from_f64(0.5) * x * (T::from_f64(1.0) + gelu_inner(x).tanh_())
}

pub(super) const GELU_SCALE: f64 = 0.797_884_560_802_865_4;
pub(super) const GELU_CUBE: f64 = 0.044_715;

unary! {
    // name         CPU                                                     WGSL
    "neg"        |x| -x;                 int x.wrapping_neg();              "-x"
    "abs"        |x| x.abs();            int x.wrapping_abs();              "abs(x)"
    "sign"       |x| sign(x);            int x.signum();                    "sign(x)"
    "square"     |x| x * x;              int x.wrapping_mul(x);             "x * x"
    "exp"        |x| x.exp_();                                              "exp(x)"
    "log"        |x| x.log_();                                              "log(x)"
    "log2"       |x| x.log2();                                              "log2(x)"
    "log1p"      |x| x.log1p_();                                            "log1p(x)"
    "sqrt"       |x| x.sqrt();                                              "sqrt(x)"
    "rsqrt"      |x| x.sqrt().recip();                                      "inverseSqrt(x)"
    "reciprocal" |x| x.recip();                                             "quotient(1.0, x)"
    "expm1"      |x| x.expm1_();                                            "expm1(x)"
    "sin"        |x| x.sin();                                               "sine(x)"
    "cos"        |x| x.cos();                                               "cosine(x)"
    "tan"        |x| x.tan();                                               "tangent(x)"
    "asin"       |x| x.asin();                                              "arcsine(x)"
    "acos"       |x| x.acos();                                              "arccosine(x)"
    "atan"       |x| x.atan();                                              "arctangent(x)"
    "sinh"       |x| x.sinh_();                                             "hyperbolic_sine(x)"
    "cosh"       |x| x.cosh_();                                             "cosh(x)"
    "erf"        |x| x.erf_();                                              "erf(x)"
    "erfinv"     |x| through(x, erfinv);                                    "erfinv(x)" special
    "lgamma"     |x| through(x, libm::lgamma);                              "lgamma(x)" special
    "digamma"    |x| through(x, digamma);                                   "digamma(x)" special
    "floor"      |x| x.floor();          int x;                             "floor_of(x)"
    "ceil"       |x| x.ceil();           int x;                             "ceil_of(x)"
    "round"      |x| x.round_ties_even(); int x;                            "round_of(x)"
    "trunc"      |x| x.trunc();          int x;                             "trunc_of(x)"
    "tanh"       |x| x.tanh_();                                             "hyperbolic_tangent(x)"
    "sigmoid"    |x| sigmoid(x);                                            "1.0 / (1.0 + exp(-x))"
    "relu"       |x| relu(x);            int x.max(0);              "relu_of(x)"
    "softplus"   |x| softplus(x);                                           "max(x, 0.0) + log1p(exp(-abs(x)))"
    "sinc"       |x| through(x, sinc);                                      "sinc(x)"
    "gelu"       |x| x * normal_share(x);                                    "gelu(x)"
    "gelu_tanh"  |x| gelu_tanh(x);                                          "gelu_tanh(x)"
    "exp2"       |x| x.exp2();                                              "exp2(x)"
    "log1p_square" |x| log1p_square(x);                  "select(log1p(x * x), 2.0 * log1p(abs(x)), abs(x) > 1e18)"
}
