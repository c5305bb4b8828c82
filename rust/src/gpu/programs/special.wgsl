// Special functions of all floating types, as in `kernels/elementwise/special`.

// Halley's method for erf from Winitzki's estimate; from 1 on for 1 − erf, which is accurate there.
fn erfinv(x: T) -> T {
    let size = abs(x);
    if (!(size < 1.0)) {
        return select(nan(), copysign(infinity(), x), size == 1.0);
    }
    let log_rest = log1p(-size * size);
    let half = 4.330746750799873 + 0.5 * log_rest;
    var y = sqrt(max(sqrt(half * half - log_rest / 0.147) - half, 0.0));
    for (var i = 0; i < 3; i++) {
        var miss = erf(y) - size;
        if (y > 1.0) {
            miss = (1.0 - size) - erf_rest(y);
        }
        let step = miss / (1.1283791670955126 * exp(-y * y));
        y -= step / (1.0 + y * step);
    }
    return copysign(y, x);
}

// Bernoulli's numbers B₂, B₄, …
fn bernoulli(k: u32) -> T {
    var numbers = array<T, 12>(
        1.0 / 6.0, -1.0 / 30.0, 1.0 / 42.0, -1.0 / 30.0, 5.0 / 66.0, -691.0 / 2730.0, 7.0 / 6.0,
        -3617.0 / 510.0, 43867.0 / 798.0, -174611.0 / 330.0, 854513.0 / 138.0,
        -236364091.0 / 2730.0,
    );
    return numbers[k - 1u];
}

// ln Γ(2 + z), by Taylor's series for |z| ≤ ½.
fn lgamma_near(z: T) -> T {
    var factors = array<T, 26>(
        0.42278433509846713, 0.3224670334241132, -0.0673523010531981, 0.020580808427784546,
        -0.007385551028673986, 0.0028905103307415234, -0.001192753911703261, 0.0005096695247430425,
        -0.00022315475845357939, 9.945751278180853e-05, -4.492623673813314e-05,
        2.050721277567069e-05, -9.439488275268397e-06, 4.374866789907488e-06,
        -2.039215753801366e-06, 9.55141213040742e-07, -4.492469198764566e-07,
        2.1207184805554665e-07, -1.0043224823968099e-07, 4.7698101693639804e-08,
        -2.2711094608943164e-08, 1.0838659214896955e-08, -5.183475041970047e-09,
        2.4836745438024785e-09, -1.1921401405860912e-09, 5.731367241678862e-10,
    );
    var sum = T();
    for (var k = 26u; k > 0u; k--) {
        sum = sum * z + factors[k - 1u];
    }
    return sum * z;
}

// ln |Γ(x)|: by steps to a nearby argument, from 8 on by Stirling's series.
fn lgamma(x: T) -> T {
    if (is_nan(x) || is_infinite(x)) {
        return abs(x);
    }
    if (x <= 0.0 && x == floor(x)) {
        return infinity();
    }
    let behind = x < -0.5;
    var z = select(x, 1.0 - x, behind);
    var value = T();
    if (z < 8.0) {
        var product = T(1);
        while (z >= 2.5) {
            z -= 1.0;
            product *= z;
        }
        let whole = floor(z + 0.5);
        value = lgamma_near(z - whole);
        if (whole < 2.0) {
            value -= log1p(z - whole);
        }
        value += select(T(1), T(-1), whole < 1.0) * log(select(product, abs(z), whole < 1.0));
    } else {
        let square = 1.0 / (z * z);
        for (var k = 12u; k > 0u; k--) {
            value = value * square + bernoulli(k) / T(2u * k * (2u * k - 1u));
        }
        value = (z - 0.5) * (log(z) - 1.0) + 0.4189385332046727 + value / z;
    }
    if (behind) {
        return log(3.141592653589793 / abs(sine(3.141592653589793 * (x - round(x))))) - value;
    }
    return value;
}

fn digamma(x: T) -> T {
    if (x == 0.0) {
        return copysign(infinity(), -x);
    }
    let rest = x - round(x);
    let behind = x < 0.0;
    if (behind && rest == 0.0) {
        return nan();
    }
    var z = select(x, 1.0 - x, behind);
    var below = T();
    while (z < 12.0) {
        below += 1.0 / z;
        z += 1.0;
    }
    let square = 1.0 / (z * z);
    var tail = T();
    for (var k = 12u; k > 0u; k--) {
        tail = (tail + bernoulli(k) / T(2u * k)) * square;
    }
    let value = log(z) - 0.5 / z - tail - below;
    if (behind) {
        return value - 3.141592653589793 / tangent(3.141592653589793 * rest);
    }
    return value;
}

// n! · q⁻ⁿ⁻¹, for large n by Stirling's series.
fn first_term(n: T, q: T) -> T {
    if (n > 150.0) {
        let x = n + 1.0;
        let tail = (1.0 / 12.0 - (1.0 / 360.0 - 1.0 / (1260.0 * x * x)) / (x * x)) / x;
        return exp(x * (log(x / q) - 1.0) - 0.5 * log(x) + 0.9189385332046728 + tail);
    }
    var term = 1.0 / q;
    for (var i = T(1); i <= n; i += 1.0) {
        term *= i / q;
    }
    return term;
}

// Σ (q / (q + k))ˢ over k ≥ 0, by the Euler–Maclaurin formula for large terms.
fn zeta_ratio(s: T, q: T) -> T {
    var sum = T();
    var last = T(1);
    var z = q;
    for (var steps = T(1); z < max(s, 12.0); steps += 1.0) {
        sum += last;
        if (last < 1e-17 * sum) {
            return sum;
        }
        z = q + steps;
        last = exp(-s * log1p(steps / q));
    }
    sum += last * (z / (s - 1.0) + 0.5);
    var factor = s * last / z;
    for (var k = 1u; k <= 12u; k++) {
        let order = T(2u * k);
        sum += bernoulli(k) * factor / order;
        factor *= (s + order - 1.0) / z * ((s + order) / z) / (order * (order + 1.0));
    }
    return sum;
}

// n! · Σ (q + k)⁻ⁿ⁻¹ over all integers k, for 0 < q ≤ ½ and n ≤ 24: the derivative of order n of
// the cotangent, which is a polynomial in it.
fn all_terms(n: T, cotangent: T) -> T {
    // Each is that of the previous one, times 1 + c²: its terms lie between those of the previous
    // one.
    var factors = array<T, 27>();
    factors[1] = 1.0;
    let degree = u32(n) + 1u;
    for (var d = 2u; d <= degree; d++) {
        for (var k = d % 2u; k <= d; k += 2u) {
            let before = max(k, 1u) - 1u;
            factors[k] = T(k + 1u) * factors[k + 1u] + T(before) * factors[before];
        }
    }
    var sum = T();
    for (var k = i32(degree); k >= 0; k -= 2) {
        sum = sum * (cotangent * cotangent) + factors[k];
    }
    return pow(3.141592653589793, T(degree)) * select(sum, sum * cotangent, degree % 2u == 1u);
}

// The derivative of digamma of order n, (−1)ⁿ⁺¹ · n! · Σ (x + k)⁻ⁿ⁻¹ over k ≥ 0, for integers n ≥
// 0.
fn polygamma(n: T, x: T) -> T {
    if (n == 0.0 || is_nan(x)) {
        return digamma(x);
    }
    let sign = select(T(1), T(-1), n == 2.0 * floor(0.5 * n));
    if (is_infinite(x) || (x <= 0.0 && x == floor(x))) {
        return select(sign * infinity(), T(), x > 0.0);
    }
    // The sums to add: where they start, and their signs; only one term of the first. Left of 0
    // they are the sum with period 1, less the one that starts at 1 - x.
    var starts = vec4<T>(1.0, 1.0, 1.0, x);
    var shares = vec4<T>(0.0, 0.0, 0.0, 1.0);
    var sum = T();
    if (x < 0.0) {
        let behind = x - round(x);
        let side = select(T(1), sign, behind < 0.0);
        let q = abs(behind);
        let rest = 0.5 - q;
        let angle = 3.141592653589793 * min(q, rest);
        let ratio = near_cosine(angle) / near_sine(angle);
        let cotangent = select(1.0 / ratio, ratio, q < rest);
        starts = vec4<T>(q, 1.0 + q, 2.0 - q, 1.0 - x);
        shares.w = -sign;
        if (n <= 24.0 && cotangent < 1e15) {
            sum = side * all_terms(n, cotangent);
        } else {
            // The two nearest terms together, as they may cancel: their ratio is a power.
            let power = (n + 1.0) * log1p(-2.0 * rest / (1.0 - q));
            let pair = select(1.0 + exp(power), -expm1(power), sign < 0.0);
            shares = vec4<T>(side * pair, side, side * sign, -sign);
            if (rest == 0.0 && sign < 0.0) {
                shares = vec4<T>(0.0, 0.0, 0.0, 1.0);
            }
        }
    }
    for (var i = 0u; i < 4u && !is_infinite(sum); i++) {
        if (shares[i] != 0.0) {
            var terms = first_term(n, starts[i]);
            if (i > 0u) {
                terms *= zeta_ratio(n + 1.0, starts[i]);
            }
            sum += shares[i] * terms;
        }
    }
    return sign * sum;
}
