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
    if (abs(x) < 0x1p-24) {
        return x;
    }
    if (abs(x) > 0.25) {
        return log(1.0 + x);
    }
    let s = x / (2.0 + x);
    let q = s * s;
    return 2.0 * s * (1.0 + q * (1.0 / 3.0 + q * (1.0 / 5.0 + q * (1.0 / 7.0 + q / 9.0))));
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
        return log(3.14159265 / abs(sine(3.14159265 * (x - round(x))))) - lgamma_above(1.0 - x);
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
        return digamma_above(1.0 - x) - 3.14159265 / tangent(3.14159265 * rest);
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

fn arctangent(x: f32) -> f32 {
    if (is_nan(x) || x == 0.0) {
        return x;
    }
    return atan(x);
}

// A divisor near the end of the range has a reciprocal below the normal numbers.
fn quotient(a: f32, b: f32) -> f32 {
    let scale = select(1.0, 0x1p-24, abs(b) > 0x1p+100);
    return (a * scale) / (b * scale);
}

// All 64 bits of a product.
fn wide_product(a: u32, b: u32) -> vec2<u32> {
    let low = (a & 0xffffu) * (b & 0xffffu);
    let cross = (a >> 16u) * (b & 0xffffu) + (low >> 16u);
    let other = (a & 0xffffu) * (b >> 16u) + (cross & 0xffffu);
    return vec2<u32>((other << 16u) | (low & 0xffffu),
        (a >> 16u) * (b >> 16u) + (cross >> 16u) + (other >> 16u));
}

// By as many binary places of 2/π as matter.
fn turned(x: f32) -> Turned {
    if (abs(x) < 0.785) {
        return Turned(x, 0u);
    }
    var places = array<u32, 6>(
        0x3c439041u, 0xdb629599u, 0xf534ddc0u, 0xfc2757d1u, 0x4e441529u, 0xa2f9836eu,
    );
    let digits = (bitcast<u32>(x) << 8u) | 0x80000000u;
    var product: array<u32, 7>;
    var carry = 0u;
    for (var i = 0u; i < 6u; i++) {
        let part = wide_product(places[i], digits);
        product[i] = part.x + carry;
        carry = part.y + select(0u, 1u, product[i] < carry);
    }
    product[6] = carry;
    // At 2, where the exponent is 0, the first two places of the product stand before the point.
    let exponent = i32((bitcast<u32>(x) >> 23u) & 0xffu) - 128;
    let first = 4u - u32(max(exponent, 0)) / 32u;
    let shift = u32(abs(exponent)) % 32u;
    var high = product[first + 2u];
    var low = product[first + 1u];
    if (exponent < 0) {
        low = (low >> shift) | (high << (32u - shift));
        high >>= shift;
    } else if (shift > 0u) {
        high = (high << shift) | (low >> (32u - shift));
        low = (low << shift) | (product[first] >> (32u - shift));
    }
    var quarters = high >> 30u;
    high = (high << 2u) | (low >> 30u);
    low <<= 2u;
    let beyond = high >= 0x80000000u;
    if (beyond) {
        quarters += 1u;
        high = ~high + select(0u, 1u, low == 0u);
        low = ~low + 1u;
    }
    let zeros = countLeadingZeros(high);
    if (zeros > 0u) {
        high = (high << zeros) | (low >> (32u - zeros));
    }
    let rest = copysign(f32(high) * 1.5707964 * bitcast<f32>((95u - zeros) << 23u), x);
    let signed = select(rest, -rest, beyond);
    return Turned(signed, select(quarters, 4u - quarters, is_negative(x)) & 3u);
}

fn near_sine(x: f32) -> f32 {
    let q = x * x;
    return x * (1.0 + q * (-0.16666655 + q * (0.008332161 - q * 0.00019515296)));
}

fn near_cosine(x: f32) -> f32 {
    let q = x * x;
    return 1.0 - 0.5 * q + q * q * (0.041666646 - q * (0.0013887316 - q * 0.000024433157));
}
