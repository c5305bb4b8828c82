//! Special functions in float64, also used for float32.

use std::f64::consts::{FRAC_2_SQRT_PI, PI};

/// The inverse of erf, by Halley's method from Winitzki's estimate; near 1 for erfc, which is
/// accurate there.
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

/// From here on the asymptotic series are accurate to the last place.
const FAR: f64 = 12.0;

/// The derivative of ln Γ: −∞ at 0, the limit from the right, and NaN at the other poles.
pub(super) fn digamma(x: f64) -> f64 {
    if x == 0.0 {
        return f64::NEG_INFINITY.copysign(-x);
    }
    if x < 0.0 {
        // ψ(x) = ψ(1 − x) − π / tan πx; the tangent is computed from the fractional part.
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

/// Hurwitz's zeta function divided by its first term, Σ (q / (q + n))ˢ over n ≥ 0, for s > 1 and q
/// > 0, by the Euler–Maclaurin formula for large terms.
fn zeta_ratio(s: f64, q: f64) -> f64 {
    let (mut steps, mut sum) = (0.0, 0.0);
    // A large q + n may equal q, and then their ratio is 1.
    let power = |n: f64| match s <= 32.0 {
        true => (q / (q + n)).powi(s as i32),
        false => (-s * (n / q).ln_1p()).exp(),
    };
    // The series is also accurate from s on; for a large s its terms vanish before.
    while q + steps < FAR.max(s) {
        let term = power(steps);
        sum += term;
        if term < f64::EPSILON / 16.0 * sum {
            return sum;
        }
        steps += 1.0;
    }
    let last = power(steps);
    let q = q + steps;
    sum += last * (q / (s - 1.0) + 0.5);
    let mut factor = s * last / q;
    let mut order = 2.0;
    for number in BERNOULLI {
        sum += number * factor / order;
        factor *= (s + order - 1.0) / q * ((s + order) / q) / (order * (order + 1.0));
        order += 2.0;
    }
    sum
}

/// n! · q⁻ⁿ⁻¹, also if one of the factors overflows or underflows.
fn first_term(n: f64, q: f64) -> f64 {
    let (factorial, power) = (libm::tgamma(n + 1.0), q.powf(-n - 1.0));
    if factorial.is_finite() && power >= f64::MIN_POSITIVE {
        return factorial * power;
    }
    (libm::lgamma(n + 1.0) - (n + 1.0) * q.ln()).exp()
}

/// n! · Σ (q + k)⁻ⁿ⁻¹ over k ≥ 0, for q > 0.
fn tail(n: f64, q: f64) -> f64 {
    if q == f64::INFINITY { 0.0 } else { first_term(n, q) * zeta_ratio(n + 1.0, q) }
}

/// The derivative of digamma of order n: (−1)ⁿ⁺¹ · n! · Σ (x + k)⁻ⁿ⁻¹ over k ≥ 0, for integers n ≥
/// 0.
pub(super) fn polygamma(n: f64, x: f64) -> f64 {
    if n == 0.0 || x.is_nan() {
        return digamma(x);
    }
    if n != n.floor() || n < 0.0 || n == f64::INFINITY {
        return f64::NAN;
    }
    // Terms with x + k < 0 have the sign of (−1)ⁿ⁺¹.
    let sign = if n % 2.0 == 0.0 { -1.0 } else { 1.0 };
    if x > 0.0 {
        return sign * tail(n, x);
    }
    if x == x.floor() {
        return sign * f64::INFINITY;
    }
    // The sum over all integers k has period 1; the part to subtract begins at 1 − x.
    let behind = x - x.round();
    let side = if behind < 0.0 { sign } else { 1.0 };
    let all = side * all_terms(n, behind.abs(), sign);
    sign * if all.is_finite() { all - sign * tail(n, 1.0 - x) } else { all }
}

/// The largest order for which derivatives of the cotangent are computed by polynomials.
const POLYNOMIAL: usize = 24;

/// n! · Σ (x + k)⁻ⁿ⁻¹ over all integers k, for 0 < x ≤ ½: (−π)ⁿ⁺¹ times the derivative of order n
/// of −cot at πx.
fn all_terms(n: f64, x: f64, sign: f64) -> f64 {
    let rest = 0.5 - x;
    if rest == 0.0 && sign < 0.0 {
        return 0.0;
    }
    // Near ½, the cosine is the sine of the difference from there.
    let cosine = if x > 0.25 { (PI * rest).sin() } else { (PI * x).cos() };
    let cotangent = cosine / (PI * x).sin();
    if n > POLYNOMIAL as f64 || cotangent > 1e15 {
        // The two nearest terms together, as they may cancel: their ratio is this power.
        let power = (n + 1.0) * (-2.0 * rest / (1.0 - x)).ln_1p();
        let pair = if sign < 0.0 { -power.exp_m1() } else { 1.0 + power.exp() };
        let nearest = if pair == 0.0 { 0.0 } else { pair * first_term(n, x) };
        return match nearest.is_finite() {
            true => nearest + (tail(n, 1.0 + x) + sign * tail(n, 2.0 - x)),
            false => nearest,
        };
    }
    // Each derivative is that of the previous one as a polynomial in the cotangent c, times 1 + c².
    // All coefficients are positive and of one parity, so nothing cancels.
    let order = n as usize;
    let mut q = [0.0; POLYNOMIAL + 3];
    q[1] = 1.0;
    for degree in 1..=order {
        let mut next = [0.0; POLYNOMIAL + 3];
        for k in 1..=degree {
            next[k - 1] += k as f64 * q[k];
            next[k + 1] += k as f64 * q[k];
        }
        q = next;
    }
    let parity = (order + 1) % 2;
    let powers = (parity..=order + 1).rev().step_by(2);
    let sum = powers.fold(0.0, |sum, k| sum * (cotangent * cotangent) + q[k]);
    PI.powi(order as i32 + 1) * if parity == 1 { sum * cotangent } else { sum }
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
    fn polygamma_is_exact_near_its_poles_and_between_them() {
        let values = [
            (1.0, -1e-12, 1e24),
            (2.0, 1e-100, f64::NEG_INFINITY),
            (2.0, -1e-100, f64::INFINITY),
            (3.0, -1.01, 600_000_012.514_909_1),
            (4.0, -1.500_000_000_000_001, -0.313_755_999_523_808_45),
            (6.0, -1.075_726_913_519_146, 50_417_429_070.085_266),
            (12.0, -0.99, -4.790_015_999_999_945e34),
            (25.0, 87.577_518_730_114_4, 1.965_644_835_801_493e-25),
            (40.0, -0.499_999_999, 2.942_515_439_294_684_7e53),
            (171.0, 44.338_333_254_607_01, 7.198_121_233_067_519e25),
            (200.0, -1.5, -8.146_046_727_420_046e294),
        ];
        for (n, x, exact) in values {
            let ours = polygamma(n, x);
            let error = (ours - exact).abs();
            assert!(
                ours == exact || error <= 1e-13 * exact.abs(),
                "{n}, {x}: {ours} is not {exact}"
            );
        }
    }

    #[test]
    fn no_order_takes_long() {
        let start = std::time::Instant::now();
        for n in [1e3, 1e6, 1e9, 1e15, 1e300] {
            for x in [1e-300, 0.5, 11.0, 1e3, 1e9, 1e15, 1e18, 1e299, -0.5, -1e9 + 0.25] {
                std::hint::black_box(polygamma(n, x));
            }
        }
        assert!(start.elapsed().as_millis() < 500, "{:?}", start.elapsed());
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
        assert!(polygamma(-1.0, 0.5).is_nan() && polygamma(1.5, 0.5).is_nan());
        assert!(polygamma(f64::INFINITY, 0.5).is_nan() && polygamma(f64::NAN, 0.5).is_nan());
    }
}
