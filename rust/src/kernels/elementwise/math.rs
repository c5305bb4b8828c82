//! Elementary functions that vectorise: no branches, no calls. For f64 these are the exponential and
//! the logarithms; the rest is the standard library's. The tests below state the error bound of
//! each, in units in the last place of the correctly rounded result.

use std::ops::{Add, Div, Mul, Neg, Sub};

/// A floating type that the rows are written for.
pub(crate) trait Real:
    Copy
    + PartialOrd
    + Add<Output = Self>
    + Sub<Output = Self>
    + Mul<Output = Self>
    + Div<Output = Self>
    + Neg<Output = Self>
{
    /// The largest finite number, and infinity.
    const MOST: Self;
    const INFINITE: Self;
    fn from_f64(value: f64) -> Self;
    fn finite(self) -> bool;
    /// The smaller one; NaN if `self` is NaN.
    fn min_(self, other: Self) -> Self;
    /// `self · factor + term`, rounded once.
    fn mul_add_(self, factor: Self, term: Self) -> Self;
    fn sqrt_(self) -> Self;
    fn exp_(self) -> Self;
    fn log_(self) -> Self;
    fn log1p_(self) -> Self;
    fn expm1_(self) -> Self;
    fn sinh_(self) -> Self;
    fn cosh_(self) -> Self;
    fn hypot_(self, other: Self) -> Self;
    fn tanh_(self) -> Self;
    fn erf_(self) -> Self;
    fn pow_(self, exponent: Self) -> Self;
}

/// Functions that both types take from the standard library.
macro_rules! standard {
    () => {
        const MOST: Self = Self::MAX;
        const INFINITE: Self = Self::INFINITY;
        #[inline(always)]
        fn min_(self, other: Self) -> Self {
            if self > other { other } else { self }
        }
        #[inline(always)]
        fn from_f64(value: f64) -> Self {
            value as Self
        }
        #[inline(always)]
        fn finite(self) -> bool {
            self.is_finite()
        }
        #[inline(always)]
        fn mul_add_(self, factor: Self, term: Self) -> Self {
            self.mul_add(factor, term)
        }
        #[inline(always)]
        fn sqrt_(self) -> Self {
            self.sqrt()
        }
        /// ln u · x / (u − 1) with u = 1 + x, in which the rounding of u cancels.
        #[inline(always)]
        fn log1p_(self) -> Self {
            let u = 1.0 + self;
            let value = u.log_() * (self / (u - 1.0));
            let value = if u == 1.0 { self } else { value };
            if self == Self::INFINITY { self } else { value }
        }
        #[inline(always)]
        fn pow_(self, exponent: Self) -> Self {
            self.powf(exponent)
        }
    };
}

/// Adding and subtracting this rounds a small number to an integer, which is then in its low bits.
const ROUND: f32 = 12_582_912.0;
const LN2_HIGH: f32 = 0.693_359_4;
const LN2_LOW: f32 = -2.121_944_4e-4;
const ROUND_64: f64 = 6_755_399_441_055_744.0;
const LN2_HIGH_64: f64 = 0.693_147_180_369_123_8;
const LN2_LOW_64: f64 = 1.908_214_929_270_587_7e-10;

/// 2 to the power `n`, for -126 ≤ n ≤ 127.
#[inline(always)]
fn power_of_two(n: i32) -> f32 {
    f32::from_bits((n.wrapping_add(127) as u32) << 23)
}

/// 2 to the power `n`, for -1022 ≤ n ≤ 1023.
#[inline(always)]
fn power_of_two_64(n: i32) -> f64 {
    f64::from_bits((n.wrapping_add(1023) as u64) << 52)
}

/// Horner's rule, highest coefficient first. The multiplication and addition are one instruction
/// on every processor that the dispatch has wide vectors for.
#[inline(always)]
fn polynomial<T: Real, const N: usize>(x: T, coefficients: [T; N]) -> T {
    let (first, rest) = (coefficients[0], &coefficients[1..]);
    rest.iter().fold(first, |sum, &coefficient| sum.mul_add_(x, coefficient))
}

/// e^x = 2^n · e^r with |r| ≤ ln 2 / 2, as e^r − 1 and n; the coefficients are a least-maximum fit of
/// degree 5 to (e^r − 1 − r) / r².
#[inline(always)]
fn reduced_exp(x: f32) -> (f32, i32) {
    let shifted = x.mul_add(std::f32::consts::LOG2_E, ROUND);
    let n = shifted - ROUND;
    let r = n.mul_add(-LN2_LOW, n.mul_add(-LN2_HIGH, x));
    let tail = polynomial(
        r,
        [1.987_569_1e-4, 1.398_199_9e-3, 8.333_452e-3, 4.166_579_6e-2, 1.666_666_5e-1, 0.5],
    );
    let exponent = (shifted.to_bits() as i32).wrapping_sub(ROUND.to_bits() as i32);
    (tail.mul_add(r * r, r), exponent)
}

impl Real for f32 {
    standard!();

    /// 2^n is applied in two steps so that subnormal results come out.
    #[inline(always)]
    fn exp_(self) -> Self {
        let (rest, n) = reduced_exp(self.clamp(-104.0, 89.0));
        let half = n >> 1;
        (rest + 1.0) * power_of_two(half) * power_of_two(n.wrapping_sub(half))
    }

    /// ln x = e · ln 2 + ln m with m in [√½, √2), and a polynomial in m − 1.
    #[inline(always)]
    fn log_(self) -> Self {
        let small = self < f32::MIN_POSITIVE;
        let scaled = if small { self * 8_388_608.0 } else { self };
        let bits = scaled.to_bits() as i32;
        // Subtracting √½ before the shift puts the mantissa into [√½, √2).
        let exponent = bits.wrapping_sub(0x3f35_04f3) >> 23;
        let mantissa = f32::from_bits(bits.wrapping_sub(exponent << 23) as u32);
        let e = exponent as f32 - if small { 23.0 } else { 0.0 };
        let x = mantissa - 1.0;
        let square = x * x;
        let tail = polynomial(
            x,
            [
                7.037_683_6e-2,
                -1.151_461e-1,
                1.167_699_9e-1,
                -1.242_014_1e-1,
                1.424_932_3e-1,
                -1.666_805_8e-1,
                2.000_071_5e-1,
                -2.499_999_4e-1,
                3.333_333e-1,
            ],
        );
        let correction = x * square * tail + e * LN2_LOW - 0.5 * square;
        let value = (x + correction) + e * LN2_HIGH;
        let value = if self == f32::INFINITY { self } else { value };
        let value = if self == 0.0 { f32::NEG_INFINITY } else { value };
        if self >= 0.0 { value } else { f32::NAN }
    }

    /// Computed in float64, where subtracting from 1 leaves enough digits from 1e-8 on.
    #[inline(always)]
    fn expm1_(self) -> Self {
        let value = (f64::from(self).exp_() - 1.0) as f32;
        if self.abs() < 1e-8 { self } else { value }
    }

    /// As above.
    #[inline(always)]
    fn sinh_(self) -> Self {
        let power = f64::from(self).exp_();
        let value = (0.5 * (power - 1.0 / power)) as f32;
        if self.abs() < 1e-8 { self } else { value }
    }

    #[inline(always)]
    fn cosh_(self) -> Self {
        let power = f64::from(self).exp_();
        (0.5 * (power + 1.0 / power)) as f32
    }

    /// Computed in float64, where squares neither overflow nor underflow.
    #[inline(always)]
    fn hypot_(self, other: Self) -> Self {
        let [a, b] = [self, other].map(f64::from);
        let value = (a * a + b * b).sqrt() as f32;
        let infinite = self.abs() == f32::INFINITY || other.abs() == f32::INFINITY;
        if infinite { f32::INFINITY } else { value }
    }

    /// t / (t + 2) with t = e^2|x| − 1 = 2^n · (e^r − 1) + (2^n − 1), in which no digits are lost; from
    /// 10 on it is 1.
    #[inline(always)]
    fn tanh_(self) -> Self {
        let double = self.abs() + self.abs();
        let (rest, n) = reduced_exp(if double > 20.0 { 20.0 } else { double });
        let power = power_of_two(n);
        let t = rest.mul_add(power, power - 1.0);
        (t / (t + 2.0)).copysign(self)
    }

    /// An odd polynomial up to 1; beyond, 1 − e^−r(x), with a polynomial for r = −ln erfc; from 4
    /// on it is 1.
    /// The coefficients are fits at Chebyshev nodes.
    #[inline(always)]
    fn erf_(self) -> Self {
        let x = self.abs();
        let tail = polynomial(
            self * self,
            [
                -9.673_591e-6,
                1.126_825_4e-4,
                -8.484_396_4e-4,
                5.221_053_5e-3,
                -2.686_543_8e-2,
                1.128_378_3e-1,
                -3.761_263_8e-1,
                1.283_791_7e-1,
            ],
        );
        let near = tail.mul_add(self, self);
        let rest = polynomial(
            x.min(4.0),
            [
                -1.614_061_6e-6,
                4.559_062_3e-5,
                -5.927_695e-4,
                4.740_222_4e-3,
                -2.636_471_8e-2,
                1.099_782_4e-1,
                6.319_371e-1,
                1.130_166_6,
                -3.032_129_6e-4,
            ],
        );
        let far = (1.0 - (-rest).exp_()).copysign(self);
        // NaN is not beyond.
        if x >= 1.0 { far } else { near }
    }
}

impl Real for f64 {
    standard!();

    /// Like that of f32, with a polynomial of degree 10.
    #[inline(always)]
    fn exp_(self) -> Self {
        let x = self.clamp(-746.0, 710.0);
        let shifted = x.mul_add(std::f64::consts::LOG2_E, ROUND_64);
        let n = shifted - ROUND_64;
        let r = n.mul_add(-LN2_LOW_64, n.mul_add(-LN2_HIGH_64, x));
        let tail = polynomial(
            r,
            [
                2.091_468_696_808_687_6e-9,
                2.510_521_700_472_074_5e-8,
                2.755_727_364_311_03e-7,
                2.755_725_540_020_642_2e-6,
                2.480_158_732_554_774_3e-5,
                1.984_126_987_482_062_7e-4,
                1.388_888_888_888_374_8e-3,
                8.333_333_333_326_136e-3,
                4.166_666_666_666_667e-2,
                1.666_666_666_666_666_7e-1,
                0.5,
            ],
        );
        let value = tail.mul_add(r * r, r) + 1.0;
        // The low bits of the shift's own pattern are zeros.
        let exponent = shifted.to_bits() as i32;
        let half = exponent >> 1;
        value * power_of_two_64(half) * power_of_two_64(exponent.wrapping_sub(half))
    }

    /// ln x = e · ln 2 + ln m with m in [√½, √2). With s = (m − 1) / (m + 1), ln m = 2 artanh s is
    /// (m − 1) − s · ((m − 1) − s² · R(s²)); the coefficients are a fit of R at Chebyshev nodes.
    #[inline(always)]
    fn log_(self) -> Self {
        let small = self < f64::MIN_POSITIVE;
        let scaled = if small { self * 18_014_398_509_481_984.0 } else { self };
        let bits = scaled.to_bits();
        // In words of 32 bits, which every processor converts: the boundary is √½ to 20 bits.
        let exponent = ((bits >> 32) as i32).wrapping_sub(0x3fe6_a09e) >> 20;
        let mantissa = f64::from_bits(bits.wrapping_sub((exponent as u32 as u64) << 52));
        let e = f64::from(exponent) - if small { 54.0 } else { 0.0 };
        let x = mantissa - 1.0;
        let s = x / (2.0 + x);
        let square = s * s;
        let rest = polynomial(
            square,
            [
                1.461_658_542_488_862_3e-1,
                1.533_171_061_821_077_3e-1,
                1.818_288_945_567_508_5e-1,
                2.222_221_113_025_987_8e-1,
                2.857_142_862_600_327e-1,
                3.999_999_999_989_994_4e-1,
                6.666_666_666_666_67e-1,
            ],
        );
        let tail = e.mul_add(LN2_LOW_64, -s * (x - square * rest));
        let value = e.mul_add(LN2_HIGH_64, x + tail);
        let value = if self == f64::INFINITY { self } else { value };
        let value = if self == 0.0 { f64::NEG_INFINITY } else { value };
        if self >= 0.0 { value } else { f64::NAN }
    }

    #[inline(always)]
    fn expm1_(self) -> Self {
        self.exp_m1()
    }
    #[inline(always)]
    fn sinh_(self) -> Self {
        self.sinh()
    }
    #[inline(always)]
    fn cosh_(self) -> Self {
        self.cosh()
    }
    #[inline(always)]
    fn hypot_(self, other: Self) -> Self {
        libm::hypot(self, other)
    }
    #[inline(always)]
    fn tanh_(self) -> Self {
        self.tanh()
    }
    #[inline(always)]
    fn erf_(self) -> Self {
        libm::erf(self)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The largest error over many arguments, in units in the last place.
    fn worst(range: std::ops::Range<f32>, ours: fn(f32) -> f32, exact: fn(f64) -> f64) -> f64 {
        let steps = 400_000;
        (0..=steps)
            .map(|i| range.start + (range.end - range.start) * (i as f32 / steps as f32))
            .map(|x| {
                let truth = exact(f64::from(x));
                let rounded = truth as f32;
                let ulp = f64::from(f32::from_bits(rounded.abs().to_bits() + 1) - rounded.abs());
                (f64::from(ours(x)) - truth).abs() / ulp
            })
            .fold(0.0, f64::max)
    }

    #[test]
    fn exp_is_within_1_5_ulp() {
        let error = worst(-87.0..88.7, Real::exp_, f64::exp);
        assert!(error < 1.5, "{error}");
    }

    #[test]
    fn log_is_within_1_5_ulp() {
        for range in [1e-37..1e-30, 1e-3..0.9, 0.9..1.1, 1.1..1e4, 1e30..3e38] {
            let error = worst(range.clone(), Real::log_, f64::ln);
            assert!(error < 1.5, "{error} in {range:?}");
        }
    }

    #[test]
    fn log1p_is_within_3_ulp() {
        for range in [-0.99..-1e-3, -1e-3..1e-3, 1e-3..10.0] {
            let error = worst(range.clone(), Real::log1p_, f64::ln_1p);
            assert!(error < 3.0, "{error} in {range:?}");
        }
    }

    /// As `worst`, in float64 and against the standard library, which is accurate to 1 unit itself.
    fn worst_64(range: std::ops::Range<f64>, ours: fn(f64) -> f64, std: fn(f64) -> f64) -> f64 {
        let steps = 400_000;
        (0..=steps)
            .map(|i| range.start + (range.end - range.start) * (f64::from(i) / f64::from(steps)))
            .map(|x| {
                let truth = std(x);
                let ulp = f64::from_bits(truth.abs().to_bits() + 1) - truth.abs();
                (ours(x) - truth).abs() / ulp
            })
            .fold(0.0, f64::max)
    }

    #[test]
    fn exp_and_logarithms_of_f64_are_within_1_to_3_ulp_of_the_standard_library() {
        for range in [-745.0..-700.0, -700.0..-1.0, -1.0..1.0, 1.0..709.78] {
            let error = worst_64(range.clone(), Real::exp_, f64::exp);
            assert!(error <= 1.0, "exp: {error} in {range:?}");
        }
        for range in [5e-324..1e-307, 1e-300..1e-3, 1e-3..0.9, 0.9..1.1, 1.1..1e4, 1e30..1e308] {
            let error = worst_64(range.clone(), Real::log_, f64::ln);
            assert!(error <= 2.0, "log: {error} in {range:?}");
        }
        for range in [-0.99..-1e-3, -1e-3..1e-3, 1e-3..10.0, 1e10..1e300] {
            let error = worst_64(range.clone(), Real::log1p_, f64::ln_1p);
            assert!(error <= 3.0, "log1p: {error} in {range:?}");
        }
    }

    #[test]
    fn expm1_sinh_and_cosh_are_within_1_ulp() {
        for range in [-20.0..-0.5, -0.5..0.5, -1e-7..1e-7, -1e-20..1e-20, 0.5..88.0] {
            for (name, ours, exact) in [
                ("expm1", Real::expm1_ as fn(f32) -> f32, f64::exp_m1 as fn(f64) -> f64),
                ("sinh", Real::sinh_, f64::sinh),
                ("cosh", Real::cosh_, f64::cosh),
            ] {
                let error = worst(range.clone(), ours, exact);
                assert!(error < 1.0, "{name}: {error} in {range:?}");
            }
        }
    }

    #[test]
    fn tanh_is_within_2_5_ulp() {
        for range in [-9.5..-0.6, -0.7..0.7, -1e-3..1e-3, -1e-30..1e-30, 0.1..0.4, 0.6..9.5] {
            let error = worst(range.clone(), Real::tanh_, f64::tanh);
            assert!(error < 2.5, "{error} in {range:?}");
        }
    }

    #[test]
    fn erf_is_within_2_ulp() {
        for range in [-5.0..-0.9, -1.1..1.1, 0.9..5.0] {
            let error = worst(range.clone(), Real::erf_, libm::erf);
            assert!(error < 2.0, "{error} in {range:?}");
        }
    }

    #[test]
    fn the_ends_of_the_domains_are_those_of_ieee_754() {
        let inf = f32::INFINITY;
        assert_eq!(inf.exp_(), inf);
        assert_eq!((-inf).exp_(), 0.0);
        assert_eq!(88.73f32.exp_(), inf);
        assert_eq!((-103.0f32).exp_(), (-103.0f64).exp() as f32);
        assert!(f32::NAN.exp_().is_nan());
        assert_eq!(0.0f32.log_(), -inf);
        assert_eq!(inf.log_(), inf);
        assert!((-1.0f32).log_().is_nan() && f32::NAN.log_().is_nan());
        assert!((1e-40f32.log_() - (f64::from(1e-40f32)).ln() as f32).abs() < 1e-4);
        assert_eq!((-1.0f32).log1p_(), -inf);
        assert_eq!(inf.log1p_(), inf);
        assert_eq!(1e-20f32.log1p_(), 1e-20);
        assert!(f32::NAN.log1p_().is_nan() && (-2.0f32).log1p_().is_nan());
        assert_eq!((inf.tanh_(), (-inf).tanh_()), (1.0, -1.0));
        assert!(f32::NAN.tanh_().is_nan());
        assert!((-0.0f32).tanh_().is_sign_negative());
        assert_eq!((inf.expm1_(), (-inf).expm1_(), 89.0f32.expm1_()), (inf, -1.0, inf));
        assert_eq!((inf.sinh_(), (-inf).sinh_(), (-inf).cosh_()), (inf, -inf, inf));
        assert!(f32::NAN.expm1_().is_nan() && f32::NAN.sinh_().is_nan());
        assert!((-0.0f32).expm1_().is_sign_negative() && (-0.0f32).sinh_().is_sign_negative());
        assert_eq!((3e30f32.hypot_(4e30), (-inf).hypot_(f32::NAN)), (5e30, inf));
        assert!(f32::NAN.hypot_(1.0).is_nan());
        assert_eq!((inf.erf_(), (-inf).erf_()), (1.0, -1.0));
        assert!(f32::NAN.erf_().is_nan());
        assert!((-0.0f32).erf_().is_sign_negative());
    }

    #[test]
    fn the_ends_of_the_domains_of_f64_are_those_of_ieee_754() {
        let inf = f64::INFINITY;
        assert_eq!((inf.exp_(), (-inf).exp_(), 0.0f64.exp_()), (inf, 0.0, 1.0));
        assert_eq!((709.79f64.exp_(), (-746.0f64).exp_()), (inf, 0.0));
        assert_eq!((-745.0f64).exp_(), (-745.0f64).exp());
        assert!(f64::NAN.exp_().is_nan());
        assert_eq!((0.0f64.log_(), (-0.0f64).log_(), inf.log_()), (-inf, -inf, inf));
        assert_eq!((1.0f64.log_(), f64::MAX.log_()), (0.0, f64::MAX.ln()));
        assert!((-1.0f64).log_().is_nan() && f64::NAN.log_().is_nan());
        assert_eq!((5e-324f64.log_(), 1e-310f64.log_()), (5e-324f64.ln(), 1e-310f64.ln()));
        assert_eq!(((-1.0f64).log1p_(), inf.log1p_(), 1e-20f64.log1p_()), (-inf, inf, 1e-20));
        assert!(f64::NAN.log1p_().is_nan() && (-2.0f64).log1p_().is_nan());
        assert!((-0.0f64).log1p_().is_sign_negative());
    }
}
