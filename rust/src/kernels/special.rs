//! Special functions of a float64, which serves float32 too.

use std::f64::consts::{FRAC_2_SQRT_PI, PI};

/// The inverse of erf, by Halley's steps from Winitzki's estimate; near 1 on erfc, which is exact there.
pub(super) fn erfinv(x: f64) -> f64 {
    let size = x.abs();
    if size >= 1.0 || x == 0.0 {
        return if size > 1.0 { f64::NAN } else { x / (1.0 - size) };
    }
    const A: f64 = 0.147;
    let log = (-size * size).ln_1p();
    let half = 2.0 / (PI * A) + log / 2.0;
    let mut y = ((half * half - log / A).sqrt() - half).sqrt();
    for _ in 0..4 {
        let miss = if size < 0.5 { libm::erf(y) - size } else { (1.0 - size) - libm::erfc(y) };
        let step = miss / (FRAC_2_SQRT_PI * (-y * y).exp());
        y -= step / (1.0 + y * step);
    }
    y.copysign(x)
}

/// Bernoulli's numbers B₂, B₄, …
const BERNOULLI: [f64; 12] = [
    1.0 / 6.0,
    -1.0 / 30.0,
    1.0 / 42.0,
    -1.0 / 30.0,
    5.0 / 66.0,
    -691.0 / 2730.0,
    7.0 / 6.0,
    -3617.0 / 510.0,
    43867.0 / 798.0,
    -174_611.0 / 330.0,
    854_513.0 / 138.0,
    -236_364_091.0 / 2730.0,
];

/// From here on the asymptotic series are exact to the last place.
const FAR: f64 = 12.0;

/// The derivative of ln Γ: −∞ at 0, as on the side of the positive numbers, and NaN at the other poles.
pub(super) fn digamma(x: f64) -> f64 {
    if x == 0.0 {
        return f64::NEG_INFINITY.copysign(-x);
    }
    if x < 0.0 {
        // ψ(x) = ψ(1 − x) − π / tan πx; the tangent is taken of what is behind the point.
        let rest = x - x.round();
        return if rest == 0.0 { f64::NAN } else { digamma(1.0 - x) - PI / (PI * rest).tan() };
    }
    let (mut x, mut below) = (x, 0.0);
    while x < FAR {
        below += 1.0 / x;
        x += 1.0;
    }
    let square = 1.0 / (x * x);
    let (mut tail, mut power) = (0.0, 1.0);
    for (index, number) in BERNOULLI.iter().enumerate() {
        power *= square;
        tail += number / (2.0 * (index + 1) as f64) * power;
    }
    x.ln() - 0.5 / x - tail - below
}

/// Hurwitz's zeta function Σ (q + n)⁻ˢ over n ≥ 0, for whole s > 1 and q > 0, by Euler and Maclaurin.
fn zeta(s: f64, q: f64) -> f64 {
    if q == f64::INFINITY {
        return 0.0;
    }
    let (mut q, mut sum) = (q, 0.0);
    while q < FAR {
        sum += q.powf(-s);
        q += 1.0;
    }
    let last = q.powf(-s);
    sum += last * (q / (s - 1.0) + 0.5);
    let mut factor = s * last / q;
    let mut order = 2.0;
    for number in BERNOULLI {
        sum += number * factor / order;
        factor *= (s + order - 1.0) * (s + order) / (order * (order + 1.0) * q * q);
        order += 2.0;
    }
    sum
}

/// Derivative number n of digamma: (−1)ⁿ⁺¹ · n! · ζ(n + 1, x).
pub(super) fn polygamma(n: f64, x: f64) -> f64 {
    if n == 0.0 || x.is_nan() {
        return digamma(x);
    }
    let s = n + 1.0;
    let even = n % 2.0 == 0.0;
    let sum = if x > 0.0 {
        zeta(s, x)
    } else if x == x.floor() {
        f64::INFINITY
    } else {
        // The sum over all whole numbers has period 1; what is taken from it begins at 1 − x.
        let behind = x - x.floor();
        let sign = if even { -1.0 } else { 1.0 };
        zeta(s, behind) + sign * (zeta(s, 1.0 - behind) - zeta(s, 1.0 - x))
    };
    let factorial: f64 = (1..=n as u32).map(f64::from).product();
    if even { -factorial * sum } else { factorial * sum }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn near(ours: f64, exact: f64) {
        assert!((ours - exact).abs() <= 4e-15 * exact.abs().max(1.0), "{ours} is not {exact}");
    }

    #[test]
    fn known_values_come_out() {
        const EULER: f64 = 0.577_215_664_901_532_9;
        near(digamma(1.0), -EULER);
        near(digamma(0.5), -EULER - 2.0 * std::f64::consts::LN_2);
        near(digamma(-0.5), 2.0 - EULER - 2.0 * std::f64::consts::LN_2);
        near(polygamma(1.0, 1.0), PI * PI / 6.0);
        near(polygamma(1.0, 0.5), PI * PI / 2.0);
        near(polygamma(1.0, -0.5), PI * PI / 2.0 + 4.0);
        near(polygamma(3.0, 1.0), PI.powi(4) / 15.0);
        near(polygamma(2.0, 1.0), -2.0 * 1.202_056_903_159_594_2);
    }

    #[test]
    fn poles_and_ends_are_those_of_the_limits() {
        assert_eq!(digamma(0.0), f64::NEG_INFINITY);
        assert_eq!(digamma(-0.0), f64::INFINITY);
        assert!(digamma(-3.0).is_nan() && digamma(f64::NAN).is_nan());
        assert_eq!(digamma(f64::INFINITY), f64::INFINITY);
        assert_eq!(polygamma(1.0, f64::INFINITY), 0.0);
        assert_eq!(polygamma(1.0, -2.0), f64::INFINITY);
        assert_eq!(polygamma(2.0, 0.0), f64::NEG_INFINITY);
        assert!(polygamma(1.0, f64::NAN).is_nan());
        assert!(polygamma(1.0, -1e9 + 0.5).is_finite());
    }
}
