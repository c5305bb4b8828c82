// WGSL has no such functions for float64. Functions ending in `_of` take or return two numbers, the
// second of which is the rounding error of the first.

const LN2_HIGH: T = 6.93147180369123816490e-01;
const LN2_LOW: T = 1.90821492927058770002e-10;

fn quotient(a: T, b: T) -> T {
    return a / b;
}

fn inverseSqrt(x: T) -> T {
    return 1.0 / sqrt(x);
}

// Splits the binary digits into halves, whose products are exact.
fn halves_of(x: T) -> vec2<T> {
    let high = bitcast<T>(bitcast<Bits>(x) & 0xfffffffff8000000lu);
    return vec2<T>(high, x - high);
}

// The rounding error of the product of two numbers.
fn product_error(a: T, b: T, product: T) -> T {
    let x = halves_of(a);
    let y = halves_of(b);
    return ((x.x * y.x - product) + x.x * y.y + x.y * y.x) + x.y * y.y;
}

// Taylor's series, for less than 0.35.
fn expm1_near(x: T) -> T {
    let end = 1.0 / 39916800.0 + x * (1.0 / 479001600.0 + x / 6227020800.0);
    let tail = 1.0 / 40320.0 + x * (1.0 / 362880.0 + x * (1.0 / 3628800.0 + x * end));
    let middle = 1.0 / 120.0 + x * (1.0 / 720.0 + x * (1.0 / 5040.0 + x * tail));
    return x * (1.0 + x * (0.5 + x * (1.0 / 6.0 + x * (1.0 / 24.0 + x * middle))));
}

fn exp_of(high: T, low: T) -> T {
    let k = round(high * 1.4426950408889634);
    return scaled(1.0 + expm1_near(((high - k * LN2_HIGH) - k * LN2_LOW) + low), i32(k));
}

fn exp(x: T) -> T {
    if (is_nan(x)) {
        return x;
    }
    return exp_of(clamp(x, -800.0, 800.0), 0.0);
}

fn exp2(x: T) -> T {
    if (is_nan(x)) {
        return x;
    }
    let power = clamp(x, -1200.0, 1200.0);
    let k = round(power);
    return scaled(1.0 + expm1_near((power - k) * 0.6931471805599453), i32(k));
}

fn expm1(x: T) -> T {
    if (abs(x) < 0.35) {
        return expm1_near(x);
    }
    return exp(x) - 1.0;
}

// k · ln 2 + 2 artanh(s) with s = (m − 1) / (m + 1), where x = m · 2ᵏ and m is near 1.
fn log_of(x: T) -> vec2<T> {
    let small = x < 0x1p-1022;
    let bits = bitcast<i64>(select(x, x * 0x1p+54, small));
    // m is between √½ and √2.
    let exponent = (bits - 0x3fe6a09e667f3bcdli) >> 52u;
    let f = bitcast<T>(bits - (exponent << 52u)) - 1.0;
    let d = rounded(2.0 + f);
    let s = f / d;
    let product = rounded(s * d);
    let rest = (f - product) - product_error(s, d, product) - s * ((2.0 - d) + f);
    let z = s * s;
    let end = 1.0 / 15.0 + z * (1.0 / 17.0 + z * (1.0 / 19.0 + z / 21.0));
    let tail = 1.0 / 7.0 + z * (1.0 / 9.0 + z * (1.0 / 11.0 + z * (1.0 / 13.0 + z * end)));
    let series = 2.0 * s * z * (1.0 / 3.0 + z * (1.0 / 5.0 + z * tail));
    let k = T(i32(exponent) - select(0, 54, small));
    let power = k * LN2_HIGH;
    let top = rounded(power + 2.0 * s);
    let under = ((power - top) + 2.0 * s) + (2.0 * rest / d + series + k * LN2_LOW);
    let high = rounded(top + under);
    return vec2<T>(high, (top - high) + under);
}

fn log(x: T) -> T {
    if (!(x > 0.0)) {
        return select(nan(), -infinity(), x == 0.0);
    }
    if (is_infinite(x)) {
        return x;
    }
    return log_of(x).x;
}

// With the rounding errors of the logarithm and the factor, it is an integer at powers of two.
fn log2(x: T) -> T {
    let y = log(x);
    if (!(abs(y) < 1000.0)) {
        return y;
    }
    let product = rounded(y * 1.4426950408889634);
    let low = y * 2.0355273740931033e-17 + log_of(x).y * 1.4426950408889634;
    return product + (product_error(y, 1.4426950408889634, product) + low);
}

// Restores what 1 + x has lost.
fn log1p(x: T) -> T {
    let above = rounded(1.0 + x);
    if (!(above > 0.0) || is_infinite(above)) {
        return log(above);
    }
    if (abs(x) < 0x1p-54) {
        return x;
    }
    return log(above) + (x - (above - 1.0)) / above;
}

// For a positive number.
fn pow(x: T, b: T) -> T {
    let y = log_of(x);
    let product = rounded(b * y.x);
    if (!(abs(product) < 800.0)) {
        return select(0.0, infinity(), product > 0.0);
    }
    return exp_of(product, product_error(b, y.x, product) + b * y.y);
}

// Halves of powers do not overflow.
fn cosh(x: T) -> T {
    let size = abs(x);
    if (size > 40.0) {
        let root = exp(0.5 * size);
        return (0.5 * root) * root;
    }
    let power = exp(size);
    return 0.5 * (power + 1.0 / power);
}

fn hyperbolic_sine(x: T) -> T {
    let size = abs(x);
    if (size > 40.0) {
        return copysign(cosh(size), x);
    }
    let above = expm1(size);
    return copysign(0.5 * (above + above / (above + 1.0)), x);
}

// e^(−x²) · Σ 2ⁿ x²ⁿ⁺¹ / (1 · 3 · … · (2n + 1)), of which no term is negative.
fn erf(x: T) -> T {
    if (is_nan(x)) {
        return x;
    }
    let size = min(abs(x), 6.0);
    if (size > 2.0) {
        return copysign(1.0 - erf_rest(size), x);
    }
    let square = rounded(size * size);
    let power = exp_of(-square, -product_error(size, size, square));
    var term = size;
    var sum = size;
    for (var n = 3; term > 1e-17 * sum; n += 2) {
        term *= 2.0 * square / T(n);
        sum += term;
    }
    return copysign(1.1283791670955126 * sum * power, x);
}

// Uses as many binary digits of 2/π as matter: 192 from those on that are worth less than 4.
fn turned(x: T) -> Turned {
    if (abs(x) < 0.785) {
        return Turned(x, 0u);
    }
    var places = array<u32, 39>(
        0u, 0u, 0xa2f9836eu, 0x4e441529u, 0xfc2757d1u, 0xf534ddc0u, 0xdb629599u, 0x3c439041u,
        0xfe5163abu, 0xdebbc561u, 0xb7246e3au, 0x424dd2e0u, 0x06492eeau, 0x09d1921cu, 0xfe1deb1cu,
        0xb129a73eu, 0xe88235f5u, 0x2ebb4484u, 0xe99c7026u, 0xb45f7e41u, 0x3991d639u, 0x835339f4u,
        0x9c845f8bu, 0xbdf9283bu, 0x1ff897ffu, 0xde05980fu, 0xef2f118bu, 0x5a0a6d1fu, 0x6d367ecfu,
        0x27cb09b7u, 0x4f463f66u, 0x9e5fea2du, 0x7527bac7u, 0xebe5f17bu, 0x3d0739f7u, 0x8a5292eau,
        0x6bfb5fb1u, 0x1f8d5d08u, 0x56033046u,
    );
    let bits = bitcast<Bits>(x) & SIZE;
    let digits = digits_of(bits);
    let start = u32(bits >> PLACES) - 1013u;
    var product: array<u32, 6>;
    var carry = 0lu;
    var before = 0lu;
    for (var i = 0u; i < 6u; i++) {
        let at = start / 32u + 5u - i;
        let pair = (Bits(places[at]) << 32u) | Bits(places[at + 1u]);
        let part = (pair << (start % 32u)) >> 32u;
        let low = part * (digits & 0xfffffffflu);
        let high = before * (digits >> 32u);
        let sum = (low & 0xfffffffflu) + (high & 0xfffffffflu) + carry;
        product[i] = u32(sum & 0xfffffffflu);
        carry = (low >> 32u) + (high >> 32u) + (sum >> 32u);
        before = part;
    }
    var high = (Bits(product[5]) << 32u) | Bits(product[4]);
    var low = (Bits(product[3]) << 32u) | Bits(product[2]);
    var quarters = u32(high >> 62u);
    high = (high << 2u) | (low >> 62u);
    low <<= 2u;
    let beyond = (high >> 63u) == 1;
    if (beyond) {
        quarters += 1u;
        high = (high ^ 0xfffffffffffffffflu) + select(0lu, 1lu, low == 0);
        low = (low ^ 0xfffffffffffffffflu) + 1lu;
    }
    var zeros = 0u;
    while ((high >> 63u) == 0 && zeros < 100u) {
        high = (high << 1u) | (low >> 63u);
        low <<= 1u;
        zeros++;
    }
    let rest = T(high) * 1.5707963267948966 * bitcast<T>(Bits(959u - zeros) << PLACES);
    return Turned(
        select(rest, -rest, beyond != is_negative(x)),
        select(quarters, 4u - quarters, is_negative(x)) & 3u,
    );
}

// Taylor's series, for less than π/4.
fn near_sine(x: T) -> T {
    let q = x * x;
    let end = 1.0 / 6227020800.0 - q * (1.0 / 1307674368000.0 - q / 355687428096000.0);
    let tail = 1.0 / 362880.0 - q * (1.0 / 39916800.0 - q * end);
    return x * (1.0 - q * (1.0 / 6.0 - q * (1.0 / 120.0 - q * (1.0 / 5040.0 - q * tail))));
}

fn near_cosine(x: T) -> T {
    let q = x * x;
    let end = 1.0 / 479001600.0 - q * (1.0 / 87178291200.0 - q / 20922789888000.0);
    let tail = 1.0 / 40320.0 - q * (1.0 / 3628800.0 - q * end);
    return 1.0 - q * (0.5 - q * (1.0 / 24.0 - q * (1.0 / 720.0 - q * tail)));
}

// By the series at a quarter of the angle, or of its difference from π/2.
fn arctangent(x: T) -> T {
    if (is_nan(x)) {
        return x;
    }
    let size = abs(x);
    let steep = size > 1.0;
    let slope = select(size, 1.0 / size, steep);
    let half = slope / (1.0 + sqrt(1.0 + slope * slope));
    let quarter = half / (1.0 + sqrt(1.0 + half * half));
    let q = quarter * quarter;
    let end = 1.0 / 17.0 - q * (1.0 / 19.0 - q * (1.0 / 21.0 - q * (1.0 / 23.0 - q / 25.0)));
    let tail = 1.0 / 9.0 - q * (1.0 / 11.0 - q * (1.0 / 13.0 - q * (1.0 / 15.0 - q * end)));
    let series = 1.0 - q * (1.0 / 3.0 - q * (1.0 / 5.0 - q * (1.0 / 7.0 - q * tail)));
    let angle = 4.0 * quarter * series;
    return copysign(select(angle, less_than(1.5707963267948966, angle), steep), x);
}

// A quarter or half turn, with its rounding error, less an angle.
fn less_than(turn: T, angle: T) -> T {
    return (turn - angle) + turn * 3.8981718325193755e-17;
}

// For a point near the axis from which angles are counted.
fn atan2(a: T, b: T) -> T {
    let sides = vec2<T>(abs(a), abs(b));
    let steep = sides.x > sides.y;
    let ratio = select(sides.x / sides.y, sides.y / sides.x, steep);
    var angle = arctangent(select(ratio, 1.0, is_infinite(a) && is_infinite(b)));
    if (steep) {
        angle = less_than(1.5707963267948966, angle);
    }
    if (is_negative(b)) {
        angle = less_than(3.141592653589793, angle);
    }
    return copysign(angle, a);
}
