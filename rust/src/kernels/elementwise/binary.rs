//! Elementwise functions of two inputs of one type.

use super::math::Real;
use super::special::polygamma;
use super::unary::{GELU_CUBE, GELU_SCALE, gelu_inner, normal_share};
use crate::cpu::simd;
use crate::dtype::{ByType, Element};
use crate::registry::{Cpu, Kernel, Wgsl};

/// Applies `f` to a block, vectorised.
#[inline(always)]
pub(super) fn each<T: Element, R: Element>(out: &mut [R], a: &[T], b: &[T], f: impl Fn(T, T) -> R) {
    simd(
        #[inline(always)]
        || {
            for ((out, &a), &b) in out.iter_mut().zip(a).zip(b) {
                *out = f(a, b);
            }
        },
    );
}

/// A row: name, formula for a float, for an int32 and for a bool if it has one, and in WGSL.
/// A formula that is not inlined would not be vectorised.
macro_rules! binary {
    ($($name:literal |$a:ident, $b:ident| $float:expr; $(int $int:expr;)? $(bool $bool:expr;)?
        $wgsl:literal $($special:ident)?)*) => {
        // A row with all types does not use `NONE`.
        #[allow(clippy::needless_update)]
        pub(super) const ROWS: &[Kernel] = &[$(Kernel {
            name: $name,
            outputs: 1,
            cpu: Cpu::Binary(ByType {
                f32: Some(|out, a, b| each(out, a, b, #[inline(always)] |$a: f32, $b: f32| $float)),
                f64: Some(|out, a, b| each(out, a, b, #[inline(always)] |$a: f64, $b: f64| $float)),
                $(i32: Some(|out, a, b| each(out, a, b, #[inline(always)] |$a: i32, $b: i32| $int)),)?
                $(bool: Some(|out, a, b| each(out, a, b, #[inline(always)] |$a: u8, $b: u8| $bool)),)?
                ..ByType::NONE
            }),
            wgsl: Wgsl::Expression($wgsl)$(.$special())?,
        }),*];
    };
}

/// Integer powers; a negative exponent is nonzero only for 1 and −1.
fn integer_power(base: i32, exponent: i32) -> i32 {
    match (u32::try_from(exponent), base) {
        (Ok(exponent), _) => base.wrapping_pow(exponent),
        (Err(_), 1) => 1,
        (Err(_), -1) => 1 - 2 * (exponent & 1),
        (Err(_), _) => 0,
    }
}

/// The remainder with the sign of the divisor; 0 for a divisor of 0, where it is undefined.
fn integer_remainder(a: i32, b: i32) -> i32 {
    match a.checked_rem(b) {
        Some(rest) if rest != 0 && (rest < 0) != (b < 0) => rest + b,
        Some(rest) => rest,
        None => 0,
    }
}

/// a − b·⌊a/b⌋, which has the sign of `b`.
macro_rules! remainder {
    ($a:expr, $b:expr) => {{
        let rest = $a % $b;
        if rest != 0.0 && (rest < 0.0) != ($b < 0.0) { rest + $b } else { rest }
    }};
}

/// A function that only float64 has.
fn wide<T: Real + Into<f64>>(a: T, b: T, f: fn(f64, f64) -> f64) -> T {
    T::from_f64(f(a.into(), b.into()))
}

// In maximum and minimum, NaN on either side wins, as in PyTorch. Bool adds as "or".
/// ln(eᵃ + eᵇ), as the larger one plus what the smaller adds; for equal ones, also infinities, plus
/// ln 2.
#[inline(always)]
fn log_add_exp<T: Real>(a: T, b: T) -> T {
    if a == b {
        return a + T::from_f64(std::f64::consts::LN_2);
    }
    let (high, low) = if a > b { (a, b) } else { (b, a) };
    high + (low - high).exp_().log1p_()
}

/// g·(Φ(x) + x·φ(x)).
#[inline(always)]
fn gelu_grad<T: Real>(g: T, x: T) -> T {
    // 1/√(2π)
    let density = (T::from_f64(-0.5) * x * x).exp_() * T::from_f64(0.398_942_280_401_432_7);
    g * (normal_share(x) + x * density)
}

/// g·2x/(1 + x²).
#[inline(always)]
pub(crate) fn log1p_square_grad<T: Real>(g: T, x: T) -> T {
    let [one, two] = [1.0, 2.0].map(T::from_f64);
    let far = x * x > T::from_f64(1e36);
    g * if far { two / x } else { two * x / (one + x * x) }
}

#[inline(always)]
fn gelu_tanh_grad<T: Real>(g: T, x: T) -> T {
    let [one, half, most] = [1.0, 0.5, 100.0].map(T::from_f64);
    let tanh = gelu_inner(x).tanh_();
    // Beyond, the derivative of tanh is 0, which must not be multiplied by an infinity.
    let square = if x * x < most { x * x } else { most };
    let slope = T::from_f64(GELU_SCALE) * (one + T::from_f64(3.0 * GELU_CUBE) * square);
    g * half * (one + tanh + x * (one - tanh * tanh) * slope)
}

binary! {
    // name    float, int32, bool                                                        WGSL
    "add"     |a, b| a + b; int a.wrapping_add(b); bool a | b;                           "a + b"
    "sub"     |a, b| a - b; int a.wrapping_sub(b);                                       "a - b"
    "mul"     |a, b| a * b; int a.wrapping_mul(b); bool a & b;                           "a * b"
    "div"     |a, b| a / b;                                                              "quotient(a, b)"
    "pow"     |a, b| a.pow_(b); int integer_power(a, b);                                 "power(a, b)"
    "atan2"   |a, b| a.atan2(b);                                                         "angle(a, b)"
    "polygamma"  |a, b| wide(a, b, polygamma);  "polygamma(a, b)" special
    "remainder" |a, b| remainder!(a, b); int integer_remainder(a, b);                    "remainder(a, b)"
    "maximum" |a, b| if a > b || a.is_nan() { a } else { b }; int a.max(b); bool a | b;  "select(b, a, a > b || !(a == a))"
    "minimum" |a, b| if a < b || a.is_nan() { a } else { b }; int a.min(b); bool a & b;  "select(b, a, a < b || !(a == a))"
    "hypot"   |a, b| a.hypot_(b);                                                        "hypot(a, b)"
    "logaddexp" |a, b| log_add_exp(a, b);                                                "logaddexp(a, b)"
    "gelu_grad" |a, b| gelu_grad(a, b);                                            "a * gelu_slope(b)"
    "gelu_tanh_grad" |a, b| gelu_tanh_grad(a, b);                                        "a * gelu_tanh_slope(b)"
    "log1p_square_grad" |a, b| log1p_square_grad(a, b);  "a * select(2.0 * b / (1.0 + b * b), 2.0 / b, abs(b) > 1e18)"
}
