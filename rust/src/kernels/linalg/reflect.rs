//! Householder reflections, which make matrices triangular or tridiagonal. They are computed in
//! float64 for all element types.

use crate::dtype::Element;
use crate::kernels::elementwise::math::Real;

/// A floating element type.
pub(super) trait Float: Element + Real + Into<f64> {}
impl<T: Element + Real + Into<f64>> Float for T {}

/// `Σ x · y`
#[inline(always)]
pub(super) fn dot(x: &[f64], y: &[f64]) -> f64 {
    let ((x, x_rest), (y, y_rest)) = (x.as_chunks::<8>(), y.as_chunks::<8>());
    let mut sums = [0.0; 8];
    for (x, y) in x.iter().zip(y) {
        for ((sum, x), y) in sums.iter_mut().zip(x).zip(y) {
            *sum += x * y;
        }
    }
    let rest: f64 = x_rest.iter().zip(y_rest).map(|(x, y)| x * y).sum();
    sums.iter().sum::<f64>() + rest
}

/// `y += factor · x`
#[inline(always)]
pub(super) fn add_multiple(y: &mut [f64], factor: f64, x: &[f64]) {
    for (y, x) in y.iter_mut().zip(x) {
        *y += factor * x;
    }
}

/// The reflection `1 − tau · v · vᵀ`, whose `v` begins with 1, that makes all elements of a vector
/// but the first 0. `v` replaces the vector; the new first element is returned with `tau`. The sign
/// is LAPACK's, which does nothing if the other elements are 0.
#[inline(always)]
pub(super) fn reflection(x: &mut [f64]) -> (f64, f64) {
    let Some((first, rest)) = x.split_first_mut() else { return (0.0, 0.0) };
    let (alpha, squares) = (*first, dot(rest, rest));
    *first = 1.0;
    if squares == 0.0 {
        return (alpha, 0.0);
    }
    let left = -(alpha * alpha + squares).sqrt().copysign(alpha);
    for x in rest {
        *x /= alpha - left;
    }
    (left, (left - alpha) / left)
}

/// Reflects a vector.
#[inline(always)]
pub(super) fn reflect(y: &mut [f64], v: &[f64], tau: f64) {
    if tau != 0.0 {
        add_multiple(y, -tau * dot(v, y), v);
    }
}

/// A power of two to divide a matrix by, so that none of its squares overflows or underflows.
pub(super) fn size_of(a: &[f64]) -> f64 {
    let largest = a.iter().fold(0.0, |most: f64, x| most.max(x.abs()));
    // Only the exponent; subnormal numbers have none.
    let power = f64::from_bits(largest.to_bits() & f64::INFINITY.to_bits());
    if largest == 0.0 { 1.0 } else { power.max(f64::MIN_POSITIVE) }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_reflection_leaves_the_first_element() {
        for x in [vec![3.0, 4.0], vec![-3.0, 0.0, 4.0], vec![0.0, 5.0], vec![5.0, 0.0], vec![5.0]] {
            let mut v = x.clone();
            let (left, tau) = reflection(&mut v);
            let mut y = x.clone();
            reflect(&mut y, &v, tau);
            assert!((left.abs() - 5.0).abs() < 1e-15);
            assert!((y[0] - left).abs() < 1e-15 && y[1..].iter().all(|y| y.abs() < 1e-15));
        }
    }

    #[test]
    fn the_size_is_a_power_of_two_that_leaves_numbers_of_about_1() {
        for (x, size) in [(0.0, 1.0), (1.5, 1.0), (-7.0, 4.0), (f64::MAX, 2f64.powi(1023))] {
            assert_eq!(size_of(&[0.0, x]), size);
        }
        assert_eq!(size_of(&[5e-324]), f64::MIN_POSITIVE);
    }
}
