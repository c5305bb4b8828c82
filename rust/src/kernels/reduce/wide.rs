//! Numbers with the precision of float64 and an unlimited range, for running products, where later
//! factors may bring an extreme product back into range.

use crate::kernels::elementwise::math::Real;
use std::ops::{Add, Mul};

/// Magnitudes in this range can be multiplied without checking their exponents.
const LEAST: f64 = 1e-150;
const MOST: f64 = 1e150;

/// Whether a number must be split from its exponent before it is multiplied: extreme, but not 0, ∞
/// or NaN, which do not change.
#[inline(always)]
pub(crate) fn is_far(x: f64) -> bool {
    let size = x.abs();
    ((size < LEAST) & (size != 0.0)) | ((size > MOST) & (size < f64::INFINITY))
}

/// `factor · 2^exponent`, with a factor that is not extreme.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Wide {
    factor: f64,
    exponent: i64,
}

impl Wide {
    pub(crate) const ONE: Self = Self { factor: 1.0, exponent: 0 };

    /// Any factor, extreme or not.
    #[inline(always)]
    pub(crate) fn new(factor: f64, exponent: i64) -> Self {
        if !is_far(factor) {
            return Self { factor, exponent };
        }
        let (factor, more) = libm::frexp(factor);
        Self { factor, exponent: exponent + i64::from(more) }
    }

    /// The nearest number of a type, possibly 0 or ∞.
    #[inline(always)]
    pub(crate) fn narrow<T: Real>(self) -> T {
        if self.exponent == 0 {
            return T::from_f64(self.factor);
        }
        // Beyond this everything is 0 or ∞.
        T::from_f64(libm::ldexp(self.factor, self.exponent.clamp(-4000, 4000) as i32))
    }
}

impl Wide {
    /// The product with a number that is not extreme, such as any float32.
    #[inline(always)]
    pub(crate) fn times_near(self, x: f64) -> Self {
        Self::new(self.factor * x, self.exponent)
    }

    /// A power with a given exponent.
    pub(crate) fn power(self, mut times: usize) -> Self {
        if times == 1 {
            return self;
        }
        let (mut power, mut square) = (Self::ONE, self);
        while times > 0 {
            if times % 2 == 1 {
                power = power * square;
            }
            square = square * square;
            times /= 2;
        }
        power
    }
}

impl Mul for Wide {
    type Output = Self;

    #[inline(always)]
    fn mul(self, other: Self) -> Self {
        Self::new(self.factor * other.factor, self.exponent + other.exponent)
    }
}

impl Mul<f64> for Wide {
    type Output = Self;

    #[inline(always)]
    fn mul(self, x: f64) -> Self {
        self * Self::new(x, 0)
    }
}

impl Add for Wide {
    type Output = Self;

    #[inline(always)]
    fn add(self, other: Self) -> Self {
        if self.exponent == other.exponent {
            return Self::new(self.factor + other.factor, self.exponent);
        }
        // The exponent of 0 is meaningless.
        let (high, low) = match (self.factor == 0.0, other.factor == 0.0) {
            (true, _) => return other,
            (_, true) => return self,
            _ if self.exponent > other.exponent => (self, other),
            _ => (other, self),
        };
        let shift = (low.exponent - high.exponent).max(-4000) as i32;
        Self::new(high.factor + libm::ldexp(low.factor, shift), high.exponent)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn product(factors: &[f64]) -> f64 {
        factors.iter().fold(Wide::ONE, |product, &x| product * x).narrow()
    }

    #[test]
    fn products_come_back_from_anywhere() {
        assert_eq!(product(&[1e200, 1e200, 1e200, 1e-200, 1e-200, 1e-200]).round(), 1.0);
        assert_eq!(product(&[5e-324; 40]), 0.0);
        assert_eq!(product(&[f64::MAX; 40]), f64::INFINITY);
        // 5e-324 is 2^-1074.
        let (large, rest) = (2f64.powi(1023), 2f64.powi(504));
        assert_eq!(product(&[&[5e-324; 50][..], &[large; 52], &[rest]].concat()), 1.0);
        assert_eq!(product(&[&[large; 52][..], &[rest], &[5e-324; 50]].concat()), 1.0);
        assert_eq!(product(&[3.0, -2.0, 0.5]), -3.0);
    }

    #[test]
    fn zeros_infinities_and_nan_are_those_of_ieee_754() {
        assert_eq!(product(&[1e-300, 1e-300, 0.0, 1e300]), 0.0);
        assert!(product(&[-1e300, 1e300, 0.0]).is_sign_negative());
        assert_eq!(product(&[1e-300, 1e-300, -f64::INFINITY]), f64::NEG_INFINITY);
        assert!(product(&[0.0, f64::INFINITY]).is_nan() && product(&[f64::NAN, 0.0]).is_nan());
    }

    #[test]
    fn sums_meet_at_the_larger_exponent() {
        let large = Wide::ONE * 1e200 * 1e200;
        let small = Wide::ONE * 1e-200 * 1e-200;
        assert_eq!(((large + small) * 1e-200 * 1e-200).narrow::<f64>().round(), 1.0);
        assert_eq!((large + large * -1.0).narrow::<f64>(), 0.0);
        let zero = large * 0.0;
        assert_eq!(((zero + small) * 1e200 * 1e200).narrow::<f64>().round(), 1.0);
        let half = (large + large * 0.5) * 1e-200 * 1e-200;
        assert!((half.narrow::<f64>() - 1.5).abs() < 1e-12);
    }

    #[test]
    fn a_power_is_the_product_of_as_many() {
        let power = |x: f64, times| (Wide::ONE * x).power(times).narrow::<f64>();
        assert_eq!([1, 2, 5].map(|times| power(-3.0, times)), [-3.0, 9.0, -243.0]);
        assert_eq!(power(1.0, i32::MAX as usize), 1.0);
        assert_eq!(power(f64::MAX, i32::MAX as usize), f64::INFINITY);
        assert!(power(-5e-324, 3).is_sign_negative() && power(f64::NAN, 9).is_nan());
        let back =
            (Wide::ONE * 2f64.powi(1000)).power(1000) * (Wide::ONE * 2f64.powi(-1000)).power(1000);
        assert_eq!(back.narrow::<f64>(), 1.0);
    }

    #[test]
    fn a_subnormal_result_is_rounded_once() {
        let x = Wide::ONE * (1.0 + f64::EPSILON) * 2f64.powi(-600) * 2f64.powi(-474);
        assert_eq!(x.narrow::<f64>(), 5e-324);
    }
}
