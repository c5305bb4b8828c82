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

// Abramowitz and Stegun 7.1.26 is accurate to 1.5e-7; near 0 the series keeps the relative error
// small.
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

fn arctangent(x: f32) -> f32 {
    if (is_nan(x) || x == 0.0) {
        return x;
    }
    return atan(x);
}

// The reciprocal of a divisor near the end of the range is subnormal.
fn quotient(a: f32, b: f32) -> f32 {
    let scale = select(1.0, 0x1p-24, abs(b) > 0x1p+100);
    return (a * scale) / (b * scale);
}

// Uses as many binary digits of 2/π as matter.
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
    // At 2, where the exponent is 0, the first two digits of the product are before the point.
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
