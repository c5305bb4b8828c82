// The language lets no constant be one of these.
fn nan() -> f32 {
    return bitcast<f32>(0x7fc00000u + word(0u) * 0u);
}

fn infinity() -> f32 {
    return bitcast<f32>(0x7f800000u + word(0u) * 0u);
}

// By their bits, as a compiler may take it that there is no NaN and that zeros have no sign.
fn is_nan(x: f32) -> bool {
    return (bitcast<u32>(x) & 0x7fffffffu) > 0x7f800000u;
}

fn is_infinite(x: f32) -> bool {
    return (bitcast<u32>(x) & 0x7fffffffu) == 0x7f800000u;
}

fn is_negative(x: f32) -> bool {
    return (bitcast<u32>(x) >> 31u) != 0u;
}

fn copysign(x: f32, sign: f32) -> f32 {
    return bitcast<f32>((bitcast<u32>(x) & 0x7fffffffu) | (bitcast<u32>(sign) & 0x80000000u));
}

// WGSL leaves powers of negative numbers open, and those at the ends of the range too.
fn power(a: f32, b: f32) -> f32 {
    let size = abs(a);
    if (b == 0.0 || a == 1.0 || (size == 1.0 && is_infinite(b))) {
        return 1.0;
    }
    if (is_nan(a) || is_nan(b)) {
        return nan();
    }
    let extreme = size == 0.0 || is_infinite(a);
    var result = pow(size, b);
    if (extreme || is_infinite(b)) {
        result = select(0.0, infinity(), (b < 0.0) == (size < 1.0));
    }
    if (!is_negative(a)) {
        return result;
    }
    if (b != floor(b)) {
        return select(nan(), result, extreme);
    }
    let odd = abs(b) < 16777216.0 && (i32(b) & 1) != 0;
    return select(result, -result, odd);
}

// Near 0 the difference would cancel.
fn expm1(x: f32) -> f32 {
    if (abs(x) > 0.5) {
        return exp(x) - 1.0;
    }
    let tail = 1.0 / 24.0 + x * (1.0 / 120.0 + x * (1.0 / 720.0 + x * (1.0 / 5040.0 + x / 40320.0)));
    return x * (1.0 + x * (0.5 + x * (1.0 / 6.0 + x * tail)));
}

// Near 0, where a logarithm may be off by 2⁻²¹, 2 artanh(x / (2 + x)) by its series.
fn log1p(x: f32) -> f32 {
    if (abs(x) > 0.25) {
        return log(1.0 + x);
    }
    let s = x / (2.0 + x);
    let q = s * s;
    return 2.0 * s * (1.0 + q * (1.0 / 3.0 + q * (1.0 / 5.0 + q * (1.0 / 7.0 + q / 9.0))));
}

// (e²ˣ − 1) / (e²ˣ + 1), which is 1 before the power overflows.
fn hyperbolic_tangent(x: f32) -> f32 {
    if (is_nan(x)) {
        return x;
    }
    let above = expm1(2.0 * min(abs(x), 15.0));
    return copysign(above / (above + 2.0), x);
}

// Near 0 the difference of powers would cancel.
fn hyperbolic_sine(x: f32) -> f32 {
    if (!(abs(x) < 1.0)) {
        return sinh(x);
    }
    let q = x * x;
    return x * (1.0 + q / 6.0 * (1.0 + q / 20.0 * (1.0 + q / 42.0 * (1.0 + q / 72.0))));
}

// Abramowitz and Stegun 7.1.26 is good to 1.5e-7; near 0 the series keeps the relative error small.
fn erf(x: f32) -> f32 {
    let size = abs(x);
    if (size < 0.5) {
        let s = x * x;
        let tail = 1.0 / 42.0 - s * (1.0 / 216.0 - s * (1.0 / 1320.0 - s / 9360.0));
        return 1.1283792 * x * (1.0 - s * (1.0 / 3.0 - s * (1.0 / 10.0 - s * tail)));
    }
    let t = 1.0 / (1.0 + 0.3275911 * size);
    let tail = -0.28449674 + t * (1.4214138 + t * (-1.4531521 + t * 1.0614054));
    return sign(x) * (1.0 - t * (0.25482959 + t * tail) * exp(-size * size));
}

// Halley's steps on erf from Winitzki's estimate.
fn erfinv(x: f32) -> f32 {
    if (is_nan(x) || abs(x) > 1.0) {
        return nan();
    }
    if (x == 0.0) {
        return x;
    }
    if (abs(x) == 1.0) {
        return copysign(infinity(), x);
    }
    let log_rest = log((1.0 - x) * (1.0 + x));
    let half = 2.0 / (3.14159265 * 0.147) + log_rest / 2.0;
    var y = sign(x) * sqrt(max(sqrt(half * half - log_rest / 0.147) - half, 0.0));
    for (var i = 0; i < 2; i++) {
        let step = (erf(y) - x) / (1.1283792 * exp(-y * y));
        y -= step / (1.0 + y * step);
    }
    return y;
}

// ln |Γ(x)|, by Stirling's series from 8 on, below it less the logarithm of what lies between.
fn lgamma(x: f32) -> f32 {
    if (x <= 0.0 && x == floor(x)) {
        return infinity();
    }
    if (x < 0.5) {
        return log(3.14159265 / abs(sin(3.14159265 * (x - round(x))))) - lgamma_above(1.0 - x);
    }
    return lgamma_above(x);
}

fn lgamma_above(x: f32) -> f32 {
    var z = x;
    var product = 1.0;
    while (z < 8.0) {
        product *= z;
        z += 1.0;
    }
    if (z == infinity()) {
        return z;
    }
    let square = 1.0 / (z * z);
    let tail = (1.0 / 12.0 - square * (1.0 / 360.0 - square / 1260.0)) / z;
    return (z - 0.5) * log(z) - z + 0.9189385332 + tail - log(product);
}

fn digamma(x: f32) -> f32 {
    if (x == 0.0) {
        return select(-infinity(), infinity(), is_negative(x));
    }
    if (x < 0.0) {
        let rest = x - round(x);
        if (rest == 0.0) {
            return nan();
        }
        return digamma_above(1.0 - x) - 3.14159265 / tan(3.14159265 * rest);
    }
    return digamma_above(x);
}

fn digamma_above(x: f32) -> f32 {
    var z = x;
    var below = 0.0;
    while (z < 6.0) {
        below += 1.0 / z;
        z += 1.0;
    }
    let square = 1.0 / (z * z);
    let tail = square * (1.0 / 12.0 - square * (1.0 / 120.0 - square / 252.0));
    return log(z) - 0.5 / z - tail - below;
}

// Hurwitz's zeta function for whole s > 1 and q > 0, by Euler and Maclaurin.
fn zeta(s: f32, q: f32) -> f32 {
    var z = q;
    var sum = 0.0;
    while (z < 6.0) {
        sum += pow(z, -s);
        z += 1.0;
    }
    let last = pow(z, -s);
    let second = s * (s + 1.0) * (s + 2.0) / (720.0 * z * z * z);
    return sum + last * (z / (s - 1.0) + 0.5 + s / (12.0 * z) - second);
}

// Derivative number n of digamma.
fn polygamma(n: f32, x: f32) -> f32 {
    if (n == 0.0) {
        return digamma(x);
    }
    let s = n + 1.0;
    var factor = select(-1.0, 1.0, (i32(n) & 1) != 0);
    var sum = infinity();
    if (!(x <= 0.0)) {
        sum = zeta(s, x);
    } else if (x != floor(x)) {
        // Over all whole numbers, beginning with the two nearest, less what begins at 1 - x.
        let behind = x - round(x);
        let near = abs(behind);
        let all = pow(near, -s) + zeta(s, 1.0 + near) + factor * zeta(s, 1.0 - near);
        sum = select(1.0, factor, behind < 0.0) * all - factor * zeta(s, 1.0 - x);
    }
    for (var i = 2.0; i <= n; i += 1.0) {
        factor *= i;
    }
    return factor * sum;
}

// The angle of the point (b, a), with the sides that the signs of zeros tell.
fn angle(a: f32, b: f32) -> f32 {
    if (is_nan(a) || is_nan(b)) {
        return nan();
    }
    if (a == 0.0) {
        return copysign(select(0.0, 3.14159265, is_negative(b)), a);
    }
    return atan2(a, b);
}

fn arctangent(x: f32) -> f32 {
    if (is_nan(x) || x == 0.0) {
        return x;
    }
    return atan(x);
}

fn arcsine(x: f32) -> f32 {
    if (abs(x) > 1.0) {
        return nan();
    }
    return angle(x, sqrt((1.0 - x) * (1.0 + x)));
}

fn arccosine(x: f32) -> f32 {
    if (abs(x) > 1.0) {
        return nan();
    }
    return angle(sqrt((1.0 - x) * (1.0 + x)), x);
}

fn remainder(a: f32, b: f32) -> f32 {
    var rest = a % b;
    if (is_infinite(b) && !is_infinite(a)) {
        rest = a;
    }
    // Division is not rounded correctly: a quotient may be a hair below the whole number that it is.
    if (abs(rest) >= abs(b)) {
        rest -= copysign(b, rest);
    }
    if (rest == 0.0) {
        return copysign(rest, a);
    }
    return select(rest, rest + b, (rest < 0.0) != (b < 0.0));
}

fn floor_of(x: f32) -> f32 {
    return floor(x);
}

fn ceil_of(x: f32) -> f32 {
    return ceil(x);
}

fn round_of(x: f32) -> f32 {
    return round(x);
}

fn trunc_of(x: f32) -> f32 {
    return trunc(x);
}

// What is reduced before it is multiplied is 0 at whole numbers.
fn sinc(x: f32) -> f32 {
    if (x == 0.0) {
        return 1.0;
    }
    let whole = round(x);
    let sine = sin(3.14159265 * (x - whole));
    let odd = whole != 2.0 * floor(whole / 2.0);
    return select(sine, -sine, odd) / (3.14159265 * x);
}

// Squares of ratios do not overflow.
fn hypot(a: f32, b: f32) -> f32 {
    if (is_infinite(a) || is_infinite(b)) {
        return infinity();
    }
    if (is_nan(a) || is_nan(b)) {
        return nan();
    }
    let large = max(abs(a), abs(b));
    let small = min(abs(a), abs(b));
    if (large == 0.0) {
        return 0.0;
    }
    let ratio = small / large;
    return large * sqrt(1.0 + ratio * ratio);
}

fn logaddexp(a: f32, b: f32) -> f32 {
    if (a == b) {
        return a + 0.69314718;
    }
    if (is_nan(a) || is_nan(b)) {
        return nan();
    }
    let high = max(a, b);
    return high + log1p(exp(min(a, b) - high));
}

fn gelu(x: f32) -> f32 {
    return 0.5 * x * (1.0 + erf(x * 0.70710678));
}

fn gelu_slope(x: f32) -> f32 {
    return 0.5 * (1.0 + erf(x * 0.70710678)) + x * exp(-0.5 * x * x) * 0.39894228;
}

// Beyond 15 the tangent is 1, and what it is taken of may leave the range.
fn gelu_tangent(x: f32) -> f32 {
    return tanh(clamp(0.79788456 * (x + 0.044715 * x * x * x), -15.0, 15.0));
}

fn gelu_tanh(x: f32) -> f32 {
    return 0.5 * x * (1.0 + gelu_tangent(x));
}

fn gelu_tanh_slope(x: f32) -> f32 {
    let tangent = gelu_tangent(x);
    let slope = 0.79788456 * (1.0 + 0.134145 * x * x);
    return 0.5 * (1.0 + tangent + x * (1.0 - tangent * tangent) * slope);
}
