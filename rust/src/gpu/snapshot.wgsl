// add [(F32, [64]), (F32, [64]), (F32, [64])], dispatch 0

alias T = f32;
alias R = f32;
@group(0) @binding(0) var<uniform> parameters: array<vec4<u32>, 16>;
@group(0) @binding(1) var<storage, read_write> m0: array<vec4<f32>>;
@group(0) @binding(2) var<storage, read> m1: array<vec4<f32>>;
@group(0) @binding(3) var<storage, read> m2: array<vec4<f32>>;
fn word(i: u32) -> u32 {
    return parameters[i / 4u][i % 4u];
}

// The position of the element with a given row-major number, for axes whose extents and strides are
// the words from the given ones on.
fn position(number: u32, axes: u32, extents: u32, strides: u32) -> u32 {
    var at = 0u;
    var rest = number;
    for (var axis = axes; axis > 0u; axis--) {
        let extent = word(extents + axis - 1u);
        at += (rest % extent) * word(strides + axis - 1u);
        rest /= extent;
    }
    return at;
}
alias N = f32;

fn number_at(first: u32, i: u32) -> N {
    return bitcast<f32>(word(first + i));
}

alias Bits = u32;
const SIGN: Bits = 0x80000000u;
const SIZE: Bits = 0x7fffffffu;
const ONES: Bits = 0xffffffffu;
const INFINITE: Bits = 0x7f800000u;
const POINT: Bits = 0x800000u;
const PLACES = 23u;
const BIAS = 127;
const ONE: Bits = 0x3f800000u;
const LARGEST: T = 3.4028234e38;
// WGSL allows no constants of these values.
fn infinity() -> T {
    return bitcast<T>(INFINITE + Bits(word(0u) * 0u));
}

fn nan() -> T {
    let bits = INFINITE + Bits(word(0u) * 0u);
    return bitcast<T>(bits | (bits >> 1u));
}

// A number as it was rounded: a compiler may assume that (a + b) - a is b. The last word is 0,
// which it does not know.
fn rounded(x: T) -> T {
    return bitcast<T>(bitcast<Bits>(x) ^ Bits(word(63u)));
}

// By their bits, as a compiler may assume that there is no NaN and that zeros have no sign.
fn is_nan(x: T) -> bool {
    return (bitcast<Bits>(x) & SIZE) > INFINITE;
}

fn is_infinite(x: T) -> bool {
    return (bitcast<Bits>(x) & SIZE) == INFINITE;
}

fn is_negative(x: T) -> bool {
    return bitcast<Bits>(x) > SIZE;
}

fn copysign(x: T, sign: T) -> T {
    return bitcast<T>((bitcast<Bits>(x) & SIZE) | (bitcast<Bits>(sign) & SIGN));
}

// x · 2ᵏ, in two steps, as the power alone may overflow or underflow.
fn scaled(x: T, k: i32) -> T {
    let half = k / 2;
    return x * bitcast<T>(Bits(half + BIAS) << PLACES) * bitcast<T>(Bits(k - half + BIAS) << PLACES);
}
const RANK = 1u;
// Shared by all floating types.

// WGSL leaves powers of negative numbers undefined, and those at the ends of the range.
fn power(a: T, b: T) -> T {
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
    let odd = b != 2.0 * floor(0.5 * b);
    return select(result, -result, odd);
}

// (e²ˣ − 1) / (e²ˣ + 1), which is 1 long before the power overflows.
fn hyperbolic_tangent(x: T) -> T {
    if (is_nan(x)) {
        return x;
    }
    let above = expm1(2.0 * min(abs(x), 20.0));
    return copysign(above / (above + 2.0), x);
}

// The remainder of integers, some binary digits at a time, is exact.
fn remainder(a: T, b: T) -> T {
    let dividend = bitcast<Bits>(a) & SIZE;
    let divisor = bitcast<Bits>(b) & SIZE;
    if (is_nan(a) || is_nan(b) || is_infinite(a) || divisor == 0) {
        return nan();
    }
    var rest = dividend;
    if (dividend >= divisor) {
        let digits = digits_of(divisor);
        var exponent = max(u32(divisor >> PLACES), 1u);
        var left = digits_of(dividend) % digits;
        for (var places = max(u32(dividend >> PLACES), 1u) - exponent; places > 0u;) {
            let step = min(places, 8u);
            left = (left << step) % digits;
            places -= step;
        }
        while (left > 0 && left < POINT && exponent > 1u) {
            left <<= 1u;
            exponent--;
        }
        rest = select(left, left + (Bits(exponent - 1u) << PLACES), left >= POINT);
    }
    let signed = bitcast<T>(rest | (bitcast<Bits>(a) & SIGN));
    return select(signed, signed + b, rest != 0 && is_negative(a) != is_negative(b));
}

// All binary digits of a number, as an integer.
fn digits_of(bits: Bits) -> Bits {
    return select(bits, bits % POINT + POINT, bits >= POINT);
}

fn relu_of(x: T) -> T {
    return select(max(x, 0.0), x, is_nan(x));
}

fn floor_of(x: T) -> T {
    return floor(x);
}

fn ceil_of(x: T) -> T {
    return ceil(x);
}

// By floor, as some devices have wrong round and trunc for float64.
fn round_of(x: T) -> T {
    let below = floor(x);
    let odd = below != 2.0 * floor(0.5 * below);
    let up = x - below > 0.5 || (x - below == 0.5 && odd);
    return copysign(select(below, below + 1.0, up), x);
}

fn trunc_of(x: T) -> T {
    return copysign(floor(abs(x)), x);
}

// Squares of ratios do not overflow.
fn hypot(a: T, b: T) -> T {
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
    let ratio = quotient(small, large);
    return large * sqrt(1.0 + ratio * ratio);
}

fn logaddexp(a: T, b: T) -> T {
    if (a == b) {
        return a + 0.6931471805599453;
    }
    if (is_nan(a) || is_nan(b)) {
        return nan();
    }
    let high = max(a, b);
    return high + log1p(exp(min(a, b) - high));
}

// All 64 bits of a product.
fn wide_product(a: u32, b: u32) -> vec2<u32> {
    let low = (a & 0xffffu) * (b & 0xffffu);
    let cross = (a >> 16u) * (b & 0xffffu) + (low >> 16u);
    let other = (a & 0xffffu) * (b >> 16u) + (cross & 0xffffu);
    return vec2<u32>((other << 16u) | (low & 0xffffu),
        (a >> 16u) * (b >> 16u) + (cross >> 16u) + (other >> 16u));
}

// 1 − erf for 1 and more, as the fraction e^(−x²) / √π / (x + ½ / (x + 1 / (x + 3⁄2 / (x + …)))).
fn erf_rest(x: T) -> T {
    let square = x * x;
    var fraction = x;
    for (var n = 8 + i32(T(4u * PLACES) / square); n > 0; n--) {
        fraction = x + 0.5 * T(n) / fraction;
    }
    return 0.5641895835477563 * exp(-square) / fraction;
}

fn gelu(x: T) -> T {
    return 0.5 * x * (1.0 + erf(x * 0.7071067811865476));
}

fn gelu_slope(x: T) -> T {
    return 0.5 * (1.0 + erf(x * 0.7071067811865476)) + x * exp(-0.5 * x * x) * 0.3989422804014327;
}

fn gelu_tangent(x: T) -> T {
    return hyperbolic_tangent(0.7978845608028654 * (x + 0.044715 * x * x * x));
}

fn gelu_tanh(x: T) -> T {
    return 0.5 * x * (1.0 + gelu_tangent(x));
}

fn gelu_tanh_slope(x: T) -> T {
    let tangent = gelu_tangent(x);
    // Beyond, the derivative of tanh is 0, which must not be multiplied by an infinity.
    let slope = 0.7978845608028654 * (1.0 + 0.134145 * min(x * x, 100.0));
    return 0.5 * (1.0 + tangent + x * (1.0 - tangent * tangent) * slope);
}

// The difference of an angle from the nearest multiple of π/2, and the number of these, modulo 4.
struct Turned {
    rest: T,
    quarters: u32,
}

fn sine(x: T) -> T {
    if (is_nan(x) || is_infinite(x)) {
        return nan();
    }
    let angle = turned(x);
    let value = select(near_sine(angle.rest), near_cosine(angle.rest), (angle.quarters & 1u) != 0u);
    return select(value, -value, angle.quarters > 1u);
}

fn cosine(x: T) -> T {
    if (is_nan(x) || is_infinite(x)) {
        return nan();
    }
    let angle = turned(x);
    let value = select(near_cosine(angle.rest), near_sine(angle.rest), (angle.quarters & 1u) != 0u);
    return select(value, -value, angle.quarters == 1u || angle.quarters == 2u);
}

fn tangent(x: T) -> T {
    if (is_nan(x) || is_infinite(x)) {
        return nan();
    }
    let angle = turned(x);
    let ratio = near_sine(angle.rest) / near_cosine(angle.rest);
    return select(ratio, -1.0 / ratio, (angle.quarters & 1u) != 0u);
}

// Reduced before the multiplication, so that integers give 0.
fn sinc(x: T) -> T {
    if (x == 0.0) {
        return 1.0;
    }
    let whole = round(x);
    let value = sine(3.141592653589793 * (x - whole));
    let odd = whole != 2.0 * floor(whole / 2.0);
    return select(value, -value, odd) / (3.141592653589793 * x);
}

// The angle of the point (b, a), with the side given by the signs of zeros.
fn angle(a: T, b: T) -> T {
    if (is_nan(a) || is_nan(b)) {
        return nan();
    }
    if (a == 0.0) {
        return copysign(select(T(0), T(3.141592653589793), is_negative(b)), a);
    }
    return atan2(a, b);
}

fn arcsine(x: T) -> T {
    if (abs(x) > 1.0) {
        return nan();
    }
    return angle(x, sqrt((1.0 - x) * (1.0 + x)));
}

fn arccosine(x: T) -> T {
    if (abs(x) > 1.0) {
        return nan();
    }
    return angle(sqrt((1.0 - x) * (1.0 + x)), x);
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
// Words: items, elements, extents from 2, and for each operand from 10 on its offset and eight
// strides.

fn value(a: T, b: T) -> R {
    return R(a + b);
}

fn run(group: u32, own: u32) {
    let i = group * 256u + own;
    if (i >= word(0u)) {
        return;
    }
    var rest = i;
    var p0 = word(10u);
    var p1 = word(19u);
    var p2 = word(28u);
    for (var axis = RANK - 1u; axis > 0u; axis--) {
        let extent = word(2u + axis);
        let at = rest % extent;
        rest /= extent;
        p0 += at * word(11u + axis);
        p1 += at * word(20u + axis);
        p2 += at * word(29u + axis);
    }
    p0 += rest * word(11u);
    p1 += rest * word(20u);
    p2 += rest * word(29u);
    let a = m1[p1];
    let b = m2[p2];
    let y = vec4<R>(value(a.x, b.x), value(a.y, b.y), value(a.z, b.z), value(a.w, b.w));
    m0[p0] = y;
}

// A launch is spread over two axes of workgroups, which programs see as one.
@compute @workgroup_size(256)
fn main(
    @builtin(workgroup_id) group: vec3<u32>,
    @builtin(num_workgroups) groups: vec3<u32>,
    @builtin(local_invocation_index) own: u32,
) {
    run(group.y * groups.x + group.x, own);
}

// exp [(F64, [64]), (F64, [64])], dispatch 0

alias T = f64;
alias R = f64;
@group(0) @binding(0) var<uniform> parameters: array<vec4<u32>, 16>;
@group(0) @binding(1) var<storage, read_write> m0: array<vec4<f64>>;
@group(0) @binding(2) var<storage, read> m1: array<vec4<f64>>;
fn word(i: u32) -> u32 {
    return parameters[i / 4u][i % 4u];
}

// The position of the element with a given row-major number, for axes whose extents and strides are
// the words from the given ones on.
fn position(number: u32, axes: u32, extents: u32, strides: u32) -> u32 {
    var at = 0u;
    var rest = number;
    for (var axis = axes; axis > 0u; axis--) {
        let extent = word(extents + axis - 1u);
        at += (rest % extent) * word(strides + axis - 1u);
        rest /= extent;
    }
    return at;
}
alias N = f64;

fn number_at(first: u32, i: u32) -> N {
    let at = first + 2u * i;
    return bitcast<f64>(u64(word(at)) | (u64(word(at + 1u)) << 32u));
}

alias Bits = u64;
const SIGN: Bits = 0x8000000000000000lu;
const SIZE: Bits = 0x7ffffffffffffffflu;
const ONES: Bits = 0xfffffffffffffffflu;
const INFINITE: Bits = 0x7ff0000000000000lu;
const POINT: Bits = 0x10000000000000lu;
const PLACES = 52u;
const BIAS = 1023;
const ONE: Bits = 0x3ff0000000000000lu;
const LARGEST: T = 1.7976931348623157e308;
// WGSL allows no constants of these values.
fn infinity() -> T {
    return bitcast<T>(INFINITE + Bits(word(0u) * 0u));
}

fn nan() -> T {
    let bits = INFINITE + Bits(word(0u) * 0u);
    return bitcast<T>(bits | (bits >> 1u));
}

// A number as it was rounded: a compiler may assume that (a + b) - a is b. The last word is 0,
// which it does not know.
fn rounded(x: T) -> T {
    return bitcast<T>(bitcast<Bits>(x) ^ Bits(word(63u)));
}

// By their bits, as a compiler may assume that there is no NaN and that zeros have no sign.
fn is_nan(x: T) -> bool {
    return (bitcast<Bits>(x) & SIZE) > INFINITE;
}

fn is_infinite(x: T) -> bool {
    return (bitcast<Bits>(x) & SIZE) == INFINITE;
}

fn is_negative(x: T) -> bool {
    return bitcast<Bits>(x) > SIZE;
}

fn copysign(x: T, sign: T) -> T {
    return bitcast<T>((bitcast<Bits>(x) & SIZE) | (bitcast<Bits>(sign) & SIGN));
}

// x · 2ᵏ, in two steps, as the power alone may overflow or underflow.
fn scaled(x: T, k: i32) -> T {
    let half = k / 2;
    return x * bitcast<T>(Bits(half + BIAS) << PLACES) * bitcast<T>(Bits(k - half + BIAS) << PLACES);
}
const RANK = 1u;
// Shared by all floating types.

// WGSL leaves powers of negative numbers undefined, and those at the ends of the range.
fn power(a: T, b: T) -> T {
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
    let odd = b != 2.0 * floor(0.5 * b);
    return select(result, -result, odd);
}

// (e²ˣ − 1) / (e²ˣ + 1), which is 1 long before the power overflows.
fn hyperbolic_tangent(x: T) -> T {
    if (is_nan(x)) {
        return x;
    }
    let above = expm1(2.0 * min(abs(x), 20.0));
    return copysign(above / (above + 2.0), x);
}

// The remainder of integers, some binary digits at a time, is exact.
fn remainder(a: T, b: T) -> T {
    let dividend = bitcast<Bits>(a) & SIZE;
    let divisor = bitcast<Bits>(b) & SIZE;
    if (is_nan(a) || is_nan(b) || is_infinite(a) || divisor == 0) {
        return nan();
    }
    var rest = dividend;
    if (dividend >= divisor) {
        let digits = digits_of(divisor);
        var exponent = max(u32(divisor >> PLACES), 1u);
        var left = digits_of(dividend) % digits;
        for (var places = max(u32(dividend >> PLACES), 1u) - exponent; places > 0u;) {
            let step = min(places, 8u);
            left = (left << step) % digits;
            places -= step;
        }
        while (left > 0 && left < POINT && exponent > 1u) {
            left <<= 1u;
            exponent--;
        }
        rest = select(left, left + (Bits(exponent - 1u) << PLACES), left >= POINT);
    }
    let signed = bitcast<T>(rest | (bitcast<Bits>(a) & SIGN));
    return select(signed, signed + b, rest != 0 && is_negative(a) != is_negative(b));
}

// All binary digits of a number, as an integer.
fn digits_of(bits: Bits) -> Bits {
    return select(bits, bits % POINT + POINT, bits >= POINT);
}

fn relu_of(x: T) -> T {
    return select(max(x, 0.0), x, is_nan(x));
}

fn floor_of(x: T) -> T {
    return floor(x);
}

fn ceil_of(x: T) -> T {
    return ceil(x);
}

// By floor, as some devices have wrong round and trunc for float64.
fn round_of(x: T) -> T {
    let below = floor(x);
    let odd = below != 2.0 * floor(0.5 * below);
    let up = x - below > 0.5 || (x - below == 0.5 && odd);
    return copysign(select(below, below + 1.0, up), x);
}

fn trunc_of(x: T) -> T {
    return copysign(floor(abs(x)), x);
}

// Squares of ratios do not overflow.
fn hypot(a: T, b: T) -> T {
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
    let ratio = quotient(small, large);
    return large * sqrt(1.0 + ratio * ratio);
}

fn logaddexp(a: T, b: T) -> T {
    if (a == b) {
        return a + 0.6931471805599453;
    }
    if (is_nan(a) || is_nan(b)) {
        return nan();
    }
    let high = max(a, b);
    return high + log1p(exp(min(a, b) - high));
}

// All 64 bits of a product.
fn wide_product(a: u32, b: u32) -> vec2<u32> {
    let low = (a & 0xffffu) * (b & 0xffffu);
    let cross = (a >> 16u) * (b & 0xffffu) + (low >> 16u);
    let other = (a & 0xffffu) * (b >> 16u) + (cross & 0xffffu);
    return vec2<u32>((other << 16u) | (low & 0xffffu),
        (a >> 16u) * (b >> 16u) + (cross >> 16u) + (other >> 16u));
}

// 1 − erf for 1 and more, as the fraction e^(−x²) / √π / (x + ½ / (x + 1 / (x + 3⁄2 / (x + …)))).
fn erf_rest(x: T) -> T {
    let square = x * x;
    var fraction = x;
    for (var n = 8 + i32(T(4u * PLACES) / square); n > 0; n--) {
        fraction = x + 0.5 * T(n) / fraction;
    }
    return 0.5641895835477563 * exp(-square) / fraction;
}

fn gelu(x: T) -> T {
    return 0.5 * x * (1.0 + erf(x * 0.7071067811865476));
}

fn gelu_slope(x: T) -> T {
    return 0.5 * (1.0 + erf(x * 0.7071067811865476)) + x * exp(-0.5 * x * x) * 0.3989422804014327;
}

fn gelu_tangent(x: T) -> T {
    return hyperbolic_tangent(0.7978845608028654 * (x + 0.044715 * x * x * x));
}

fn gelu_tanh(x: T) -> T {
    return 0.5 * x * (1.0 + gelu_tangent(x));
}

fn gelu_tanh_slope(x: T) -> T {
    let tangent = gelu_tangent(x);
    // Beyond, the derivative of tanh is 0, which must not be multiplied by an infinity.
    let slope = 0.7978845608028654 * (1.0 + 0.134145 * min(x * x, 100.0));
    return 0.5 * (1.0 + tangent + x * (1.0 - tangent * tangent) * slope);
}

// The difference of an angle from the nearest multiple of π/2, and the number of these, modulo 4.
struct Turned {
    rest: T,
    quarters: u32,
}

fn sine(x: T) -> T {
    if (is_nan(x) || is_infinite(x)) {
        return nan();
    }
    let angle = turned(x);
    let value = select(near_sine(angle.rest), near_cosine(angle.rest), (angle.quarters & 1u) != 0u);
    return select(value, -value, angle.quarters > 1u);
}

fn cosine(x: T) -> T {
    if (is_nan(x) || is_infinite(x)) {
        return nan();
    }
    let angle = turned(x);
    let value = select(near_cosine(angle.rest), near_sine(angle.rest), (angle.quarters & 1u) != 0u);
    return select(value, -value, angle.quarters == 1u || angle.quarters == 2u);
}

fn tangent(x: T) -> T {
    if (is_nan(x) || is_infinite(x)) {
        return nan();
    }
    let angle = turned(x);
    let ratio = near_sine(angle.rest) / near_cosine(angle.rest);
    return select(ratio, -1.0 / ratio, (angle.quarters & 1u) != 0u);
}

// Reduced before the multiplication, so that integers give 0.
fn sinc(x: T) -> T {
    if (x == 0.0) {
        return 1.0;
    }
    let whole = round(x);
    let value = sine(3.141592653589793 * (x - whole));
    let odd = whole != 2.0 * floor(whole / 2.0);
    return select(value, -value, odd) / (3.141592653589793 * x);
}

// The angle of the point (b, a), with the side given by the signs of zeros.
fn angle(a: T, b: T) -> T {
    if (is_nan(a) || is_nan(b)) {
        return nan();
    }
    if (a == 0.0) {
        return copysign(select(T(0), T(3.141592653589793), is_negative(b)), a);
    }
    return atan2(a, b);
}

fn arcsine(x: T) -> T {
    if (abs(x) > 1.0) {
        return nan();
    }
    return angle(x, sqrt((1.0 - x) * (1.0 + x)));
}

fn arccosine(x: T) -> T {
    if (abs(x) > 1.0) {
        return nan();
    }
    return angle(sqrt((1.0 - x) * (1.0 + x)), x);
}
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
// Words: items, elements, extents from 2, and for each operand from 10 on its offset and eight
// strides.

fn value(x: T) -> R {
    return R(exp(x));
}

fn run(group: u32, own: u32) {
    let i = group * 256u + own;
    if (i >= word(0u)) {
        return;
    }
    var rest = i;
    var p0 = word(10u);
    var p1 = word(19u);
    for (var axis = RANK - 1u; axis > 0u; axis--) {
        let extent = word(2u + axis);
        let at = rest % extent;
        rest /= extent;
        p0 += at * word(11u + axis);
        p1 += at * word(20u + axis);
    }
    p0 += rest * word(11u);
    p1 += rest * word(20u);
    let x = m1[p1];
    let y = vec4<R>(value(x.x), value(x.y), value(x.z), value(x.w));
    m0[p0] = y;
}

// A launch is spread over two axes of workgroups, which programs see as one.
@compute @workgroup_size(256)
fn main(
    @builtin(workgroup_id) group: vec3<u32>,
    @builtin(num_workgroups) groups: vec3<u32>,
    @builtin(local_invocation_index) own: u32,
) {
    run(group.y * groups.x + group.x, own);
}

// lt [(Bool, [2, 3]), (F32, [2, 3]), (F32, [2, 3])], dispatch 0

alias T = f32;
alias R = u32;
@group(0) @binding(0) var<uniform> parameters: array<vec4<u32>, 16>;
@group(0) @binding(1) var<storage, read_write> m0: array<vec4<u32>>;
@group(0) @binding(2) var<storage, read> m1: array<vec4<f32>>;
@group(0) @binding(3) var<storage, read> m2: array<vec4<f32>>;
fn word(i: u32) -> u32 {
    return parameters[i / 4u][i % 4u];
}

// The position of the element with a given row-major number, for axes whose extents and strides are
// the words from the given ones on.
fn position(number: u32, axes: u32, extents: u32, strides: u32) -> u32 {
    var at = 0u;
    var rest = number;
    for (var axis = axes; axis > 0u; axis--) {
        let extent = word(extents + axis - 1u);
        at += (rest % extent) * word(strides + axis - 1u);
        rest /= extent;
    }
    return at;
}
alias N = f32;

fn number_at(first: u32, i: u32) -> N {
    return bitcast<f32>(word(first + i));
}

alias Bits = u32;
const SIGN: Bits = 0x80000000u;
const SIZE: Bits = 0x7fffffffu;
const ONES: Bits = 0xffffffffu;
const INFINITE: Bits = 0x7f800000u;
const POINT: Bits = 0x800000u;
const PLACES = 23u;
const BIAS = 127;
const ONE: Bits = 0x3f800000u;
const LARGEST: T = 3.4028234e38;
// WGSL allows no constants of these values.
fn infinity() -> T {
    return bitcast<T>(INFINITE + Bits(word(0u) * 0u));
}

fn nan() -> T {
    let bits = INFINITE + Bits(word(0u) * 0u);
    return bitcast<T>(bits | (bits >> 1u));
}

// A number as it was rounded: a compiler may assume that (a + b) - a is b. The last word is 0,
// which it does not know.
fn rounded(x: T) -> T {
    return bitcast<T>(bitcast<Bits>(x) ^ Bits(word(63u)));
}

// By their bits, as a compiler may assume that there is no NaN and that zeros have no sign.
fn is_nan(x: T) -> bool {
    return (bitcast<Bits>(x) & SIZE) > INFINITE;
}

fn is_infinite(x: T) -> bool {
    return (bitcast<Bits>(x) & SIZE) == INFINITE;
}

fn is_negative(x: T) -> bool {
    return bitcast<Bits>(x) > SIZE;
}

fn copysign(x: T, sign: T) -> T {
    return bitcast<T>((bitcast<Bits>(x) & SIZE) | (bitcast<Bits>(sign) & SIGN));
}

// x · 2ᵏ, in two steps, as the power alone may overflow or underflow.
fn scaled(x: T, k: i32) -> T {
    let half = k / 2;
    return x * bitcast<T>(Bits(half + BIAS) << PLACES) * bitcast<T>(Bits(k - half + BIAS) << PLACES);
}
const RANK = 1u;
// Shared by all floating types.

// WGSL leaves powers of negative numbers undefined, and those at the ends of the range.
fn power(a: T, b: T) -> T {
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
    let odd = b != 2.0 * floor(0.5 * b);
    return select(result, -result, odd);
}

// (e²ˣ − 1) / (e²ˣ + 1), which is 1 long before the power overflows.
fn hyperbolic_tangent(x: T) -> T {
    if (is_nan(x)) {
        return x;
    }
    let above = expm1(2.0 * min(abs(x), 20.0));
    return copysign(above / (above + 2.0), x);
}

// The remainder of integers, some binary digits at a time, is exact.
fn remainder(a: T, b: T) -> T {
    let dividend = bitcast<Bits>(a) & SIZE;
    let divisor = bitcast<Bits>(b) & SIZE;
    if (is_nan(a) || is_nan(b) || is_infinite(a) || divisor == 0) {
        return nan();
    }
    var rest = dividend;
    if (dividend >= divisor) {
        let digits = digits_of(divisor);
        var exponent = max(u32(divisor >> PLACES), 1u);
        var left = digits_of(dividend) % digits;
        for (var places = max(u32(dividend >> PLACES), 1u) - exponent; places > 0u;) {
            let step = min(places, 8u);
            left = (left << step) % digits;
            places -= step;
        }
        while (left > 0 && left < POINT && exponent > 1u) {
            left <<= 1u;
            exponent--;
        }
        rest = select(left, left + (Bits(exponent - 1u) << PLACES), left >= POINT);
    }
    let signed = bitcast<T>(rest | (bitcast<Bits>(a) & SIGN));
    return select(signed, signed + b, rest != 0 && is_negative(a) != is_negative(b));
}

// All binary digits of a number, as an integer.
fn digits_of(bits: Bits) -> Bits {
    return select(bits, bits % POINT + POINT, bits >= POINT);
}

fn relu_of(x: T) -> T {
    return select(max(x, 0.0), x, is_nan(x));
}

fn floor_of(x: T) -> T {
    return floor(x);
}

fn ceil_of(x: T) -> T {
    return ceil(x);
}

// By floor, as some devices have wrong round and trunc for float64.
fn round_of(x: T) -> T {
    let below = floor(x);
    let odd = below != 2.0 * floor(0.5 * below);
    let up = x - below > 0.5 || (x - below == 0.5 && odd);
    return copysign(select(below, below + 1.0, up), x);
}

fn trunc_of(x: T) -> T {
    return copysign(floor(abs(x)), x);
}

// Squares of ratios do not overflow.
fn hypot(a: T, b: T) -> T {
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
    let ratio = quotient(small, large);
    return large * sqrt(1.0 + ratio * ratio);
}

fn logaddexp(a: T, b: T) -> T {
    if (a == b) {
        return a + 0.6931471805599453;
    }
    if (is_nan(a) || is_nan(b)) {
        return nan();
    }
    let high = max(a, b);
    return high + log1p(exp(min(a, b) - high));
}

// All 64 bits of a product.
fn wide_product(a: u32, b: u32) -> vec2<u32> {
    let low = (a & 0xffffu) * (b & 0xffffu);
    let cross = (a >> 16u) * (b & 0xffffu) + (low >> 16u);
    let other = (a & 0xffffu) * (b >> 16u) + (cross & 0xffffu);
    return vec2<u32>((other << 16u) | (low & 0xffffu),
        (a >> 16u) * (b >> 16u) + (cross >> 16u) + (other >> 16u));
}

// 1 − erf for 1 and more, as the fraction e^(−x²) / √π / (x + ½ / (x + 1 / (x + 3⁄2 / (x + …)))).
fn erf_rest(x: T) -> T {
    let square = x * x;
    var fraction = x;
    for (var n = 8 + i32(T(4u * PLACES) / square); n > 0; n--) {
        fraction = x + 0.5 * T(n) / fraction;
    }
    return 0.5641895835477563 * exp(-square) / fraction;
}

fn gelu(x: T) -> T {
    return 0.5 * x * (1.0 + erf(x * 0.7071067811865476));
}

fn gelu_slope(x: T) -> T {
    return 0.5 * (1.0 + erf(x * 0.7071067811865476)) + x * exp(-0.5 * x * x) * 0.3989422804014327;
}

fn gelu_tangent(x: T) -> T {
    return hyperbolic_tangent(0.7978845608028654 * (x + 0.044715 * x * x * x));
}

fn gelu_tanh(x: T) -> T {
    return 0.5 * x * (1.0 + gelu_tangent(x));
}

fn gelu_tanh_slope(x: T) -> T {
    let tangent = gelu_tangent(x);
    // Beyond, the derivative of tanh is 0, which must not be multiplied by an infinity.
    let slope = 0.7978845608028654 * (1.0 + 0.134145 * min(x * x, 100.0));
    return 0.5 * (1.0 + tangent + x * (1.0 - tangent * tangent) * slope);
}

// The difference of an angle from the nearest multiple of π/2, and the number of these, modulo 4.
struct Turned {
    rest: T,
    quarters: u32,
}

fn sine(x: T) -> T {
    if (is_nan(x) || is_infinite(x)) {
        return nan();
    }
    let angle = turned(x);
    let value = select(near_sine(angle.rest), near_cosine(angle.rest), (angle.quarters & 1u) != 0u);
    return select(value, -value, angle.quarters > 1u);
}

fn cosine(x: T) -> T {
    if (is_nan(x) || is_infinite(x)) {
        return nan();
    }
    let angle = turned(x);
    let value = select(near_cosine(angle.rest), near_sine(angle.rest), (angle.quarters & 1u) != 0u);
    return select(value, -value, angle.quarters == 1u || angle.quarters == 2u);
}

fn tangent(x: T) -> T {
    if (is_nan(x) || is_infinite(x)) {
        return nan();
    }
    let angle = turned(x);
    let ratio = near_sine(angle.rest) / near_cosine(angle.rest);
    return select(ratio, -1.0 / ratio, (angle.quarters & 1u) != 0u);
}

// Reduced before the multiplication, so that integers give 0.
fn sinc(x: T) -> T {
    if (x == 0.0) {
        return 1.0;
    }
    let whole = round(x);
    let value = sine(3.141592653589793 * (x - whole));
    let odd = whole != 2.0 * floor(whole / 2.0);
    return select(value, -value, odd) / (3.141592653589793 * x);
}

// The angle of the point (b, a), with the side given by the signs of zeros.
fn angle(a: T, b: T) -> T {
    if (is_nan(a) || is_nan(b)) {
        return nan();
    }
    if (a == 0.0) {
        return copysign(select(T(0), T(3.141592653589793), is_negative(b)), a);
    }
    return atan2(a, b);
}

fn arcsine(x: T) -> T {
    if (abs(x) > 1.0) {
        return nan();
    }
    return angle(x, sqrt((1.0 - x) * (1.0 + x)));
}

fn arccosine(x: T) -> T {
    if (abs(x) > 1.0) {
        return nan();
    }
    return angle(sqrt((1.0 - x) * (1.0 + x)), x);
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
// Words: items, elements, extents from 2, and for each operand from 10 on its offset and eight
// strides.

fn value(a: T, b: T) -> R {
    return u32(bool(a < b));
}

fn run(group: u32, own: u32) {
    let i = group * 256u + own;
    if (i >= word(0u)) {
        return;
    }
    var rest = i;
    var p0 = word(10u);
    var p1 = word(19u);
    var p2 = word(28u);
    for (var axis = RANK - 1u; axis > 0u; axis--) {
        let extent = word(2u + axis);
        let at = rest % extent;
        rest /= extent;
        p0 += at * word(11u + axis);
        p1 += at * word(20u + axis);
        p2 += at * word(29u + axis);
    }
    p0 += rest * word(11u);
    p1 += rest * word(20u);
    p2 += rest * word(29u);
    let a = m1[p1];
    let b = m2[p2];
    let y = vec4<R>(value(a.x, b.x), value(a.y, b.y), value(a.z, b.z), value(a.w, b.w));
    for (var part = 0u; part < min(4u, word(1u) - 4u * i); part++) {
        m0[p0][part] = y[part];
    }
}

// A launch is spread over two axes of workgroups, which programs see as one.
@compute @workgroup_size(256)
fn main(
    @builtin(workgroup_id) group: vec3<u32>,
    @builtin(num_workgroups) groups: vec3<u32>,
    @builtin(local_invocation_index) own: u32,
) {
    run(group.y * groups.x + group.x, own);
}

// sum [(F32, []), (F32, [1048576])], dispatch 0

alias T = f32;
alias R = f32;
@group(0) @binding(0) var<uniform> parameters: array<vec4<u32>, 16>;
@group(0) @binding(1) var<storage, read_write> m0: array<State>;
@group(0) @binding(2) var<storage, read> m1: array<vec4<f32>>;
fn word(i: u32) -> u32 {
    return parameters[i / 4u][i % 4u];
}

// The position of the element with a given row-major number, for axes whose extents and strides are
// the words from the given ones on.
fn position(number: u32, axes: u32, extents: u32, strides: u32) -> u32 {
    var at = 0u;
    var rest = number;
    for (var axis = axes; axis > 0u; axis--) {
        let extent = word(extents + axis - 1u);
        at += (rest % extent) * word(strides + axis - 1u);
        rest /= extent;
    }
    return at;
}
alias N = f32;

fn number_at(first: u32, i: u32) -> N {
    return bitcast<f32>(word(first + i));
}

alias Bits = u32;
const SIGN: Bits = 0x80000000u;
const SIZE: Bits = 0x7fffffffu;
const ONES: Bits = 0xffffffffu;
const INFINITE: Bits = 0x7f800000u;
const POINT: Bits = 0x800000u;
const PLACES = 23u;
const BIAS = 127;
const ONE: Bits = 0x3f800000u;
const LARGEST: T = 3.4028234e38;
// WGSL allows no constants of these values.
fn infinity() -> T {
    return bitcast<T>(INFINITE + Bits(word(0u) * 0u));
}

fn nan() -> T {
    let bits = INFINITE + Bits(word(0u) * 0u);
    return bitcast<T>(bits | (bits >> 1u));
}

// A number as it was rounded: a compiler may assume that (a + b) - a is b. The last word is 0,
// which it does not know.
fn rounded(x: T) -> T {
    return bitcast<T>(bitcast<Bits>(x) ^ Bits(word(63u)));
}

// By their bits, as a compiler may assume that there is no NaN and that zeros have no sign.
fn is_nan(x: T) -> bool {
    return (bitcast<Bits>(x) & SIZE) > INFINITE;
}

fn is_infinite(x: T) -> bool {
    return (bitcast<Bits>(x) & SIZE) == INFINITE;
}

fn is_negative(x: T) -> bool {
    return bitcast<Bits>(x) > SIZE;
}

fn copysign(x: T, sign: T) -> T {
    return bitcast<T>((bitcast<Bits>(x) & SIZE) | (bitcast<Bits>(sign) & SIGN));
}

// x · 2ᵏ, in two steps, as the power alone may overflow or underflow.
fn scaled(x: T, k: i32) -> T {
    let half = k / 2;
    return x * bitcast<T>(Bits(half + BIAS) << PLACES) * bitcast<T>(Bits(k - half + BIAS) << PLACES);
}
const LANES = 256u;
const KEPT = 0u;
const REDUCED = 1u;
alias State = R;
fn identity() -> R { return R(0); }
fn state_of(x: T, i: u32) -> R { return R(x); }
fn combined(a: R, b: R) -> R { return a + b; }
fn finish(total: R) -> R {
    let divisor = number_at(24u, 0u);
    return select(R(N(total) / divisor), total, divisor == 1.0);
}
// Several invocations compute a result, or a part of one, which a second dispatch combines. Words:
// items (results times parts), results, elements of each result, elements of a part, offset,
// unused, offsets of the results; extents from 8 and strides from 16, of the KEPT axes first; from
// 24 on the divisor.

var<workgroup> states: array<State, 256>;

fn run(group: u32, own: u32) {
    let item = group * (256u / LANES) + own / LANES;
    let lane = own % LANES;
    var state = identity();
    if (item < word(0u)) {
        let start = item / word(1u) * word(3u);
        let end = min(start + word(3u), word(2u));
        let base = word(4u) + position(item % word(1u), KEPT, 8u, 16u);
        for (var i = start + lane; i < end; i += LANES) {
            let v = m1[base + i];
            let four = 4u * i;
            let low = combined(state_of(v.x, four), state_of(v.y, four + 1u));
            let high = combined(state_of(v.z, four + 2u), state_of(v.w, four + 3u));
            state = combined(state, combined(low, high));
        }
    }
    if (LANES > 1u) {
        states[own] = state;
        for (var half = LANES / 2u; half > 0u; half /= 2u) {
            workgroupBarrier();
            if (lane < half) {
                states[own] = combined(states[own], states[own + half]);
            }
        }
        state = states[own];
    }
    if (lane == 0u && item < word(0u)) {
        m0[item] = state;
    }
}

// A launch is spread over two axes of workgroups, which programs see as one.
@compute @workgroup_size(256)
fn main(
    @builtin(workgroup_id) group: vec3<u32>,
    @builtin(num_workgroups) groups: vec3<u32>,
    @builtin(local_invocation_index) own: u32,
) {
    run(group.y * groups.x + group.x, own);
}

// sum [(F32, []), (F32, [1048576])], dispatch 1

alias T = f32;
alias R = f32;
@group(0) @binding(0) var<uniform> parameters: array<vec4<u32>, 16>;
@group(0) @binding(1) var<storage, read_write> m0: array<f32>;
@group(0) @binding(2) var<storage, read> m1: array<State>;
fn word(i: u32) -> u32 {
    return parameters[i / 4u][i % 4u];
}

// The position of the element with a given row-major number, for axes whose extents and strides are
// the words from the given ones on.
fn position(number: u32, axes: u32, extents: u32, strides: u32) -> u32 {
    var at = 0u;
    var rest = number;
    for (var axis = axes; axis > 0u; axis--) {
        let extent = word(extents + axis - 1u);
        at += (rest % extent) * word(strides + axis - 1u);
        rest /= extent;
    }
    return at;
}
alias N = f32;

fn number_at(first: u32, i: u32) -> N {
    return bitcast<f32>(word(first + i));
}

alias Bits = u32;
const SIGN: Bits = 0x80000000u;
const SIZE: Bits = 0x7fffffffu;
const ONES: Bits = 0xffffffffu;
const INFINITE: Bits = 0x7f800000u;
const POINT: Bits = 0x800000u;
const PLACES = 23u;
const BIAS = 127;
const ONE: Bits = 0x3f800000u;
const LARGEST: T = 3.4028234e38;
// WGSL allows no constants of these values.
fn infinity() -> T {
    return bitcast<T>(INFINITE + Bits(word(0u) * 0u));
}

fn nan() -> T {
    let bits = INFINITE + Bits(word(0u) * 0u);
    return bitcast<T>(bits | (bits >> 1u));
}

// A number as it was rounded: a compiler may assume that (a + b) - a is b. The last word is 0,
// which it does not know.
fn rounded(x: T) -> T {
    return bitcast<T>(bitcast<Bits>(x) ^ Bits(word(63u)));
}

// By their bits, as a compiler may assume that there is no NaN and that zeros have no sign.
fn is_nan(x: T) -> bool {
    return (bitcast<Bits>(x) & SIZE) > INFINITE;
}

fn is_infinite(x: T) -> bool {
    return (bitcast<Bits>(x) & SIZE) == INFINITE;
}

fn is_negative(x: T) -> bool {
    return bitcast<Bits>(x) > SIZE;
}

fn copysign(x: T, sign: T) -> T {
    return bitcast<T>((bitcast<Bits>(x) & SIZE) | (bitcast<Bits>(sign) & SIGN));
}

// x · 2ᵏ, in two steps, as the power alone may overflow or underflow.
fn scaled(x: T, k: i32) -> T {
    let half = k / 2;
    return x * bitcast<T>(Bits(half + BIAS) << PLACES) * bitcast<T>(Bits(k - half + BIAS) << PLACES);
}
const LANES = 256u;
const KEPT = 1u;
const REDUCED = 1u;
alias State = R;
fn identity() -> R { return R(0); }
fn state_of(x: T, i: u32) -> R { return R(x); }
fn combined(a: R, b: R) -> R { return a + b; }
fn finish(total: R) -> R {
    let divisor = number_at(24u, 0u);
    return select(R(N(total) / divisor), total, divisor == 1.0);
}
// Several invocations compute a result, or a part of one, which a second dispatch combines. Words:
// items (results times parts), results, elements of each result, elements of a part, offset,
// unused, offsets of the results; extents from 8 and strides from 16, of the KEPT axes first; from
// 24 on the divisor.

var<workgroup> states: array<State, 256>;

fn run(group: u32, own: u32) {
    let item = group * (256u / LANES) + own / LANES;
    let lane = own % LANES;
    var state = identity();
    if (item < word(0u)) {
        let start = item / word(1u) * word(3u);
        let end = min(start + word(3u), word(2u));
        let base = word(4u) + position(item % word(1u), KEPT, 8u, 16u);
        for (var i = start + lane; i < end; i += LANES) {
            state = combined(state, m1[base + i * word(16u + KEPT)]);
        }
    }
    if (LANES > 1u) {
        states[own] = state;
        for (var half = LANES / 2u; half > 0u; half /= 2u) {
            workgroupBarrier();
            if (lane < half) {
                states[own] = combined(states[own], states[own + half]);
            }
        }
        state = states[own];
    }
    if (lane == 0u && item < word(0u)) {
        m0[word(6u) + item] = finish(state);
    }
}

// A launch is spread over two axes of workgroups, which programs see as one.
@compute @workgroup_size(256)
fn main(
    @builtin(workgroup_id) group: vec3<u32>,
    @builtin(num_workgroups) groups: vec3<u32>,
    @builtin(local_invocation_index) own: u32,
) {
    run(group.y * groups.x + group.x, own);
}

// sum [(F64, []), (F64, [1048576])], dispatch 0

alias T = f64;
alias R = f64;
@group(0) @binding(0) var<uniform> parameters: array<vec4<u32>, 16>;
@group(0) @binding(1) var<storage, read_write> m0: array<State>;
@group(0) @binding(2) var<storage, read> m1: array<vec4<f64>>;
fn word(i: u32) -> u32 {
    return parameters[i / 4u][i % 4u];
}

// The position of the element with a given row-major number, for axes whose extents and strides are
// the words from the given ones on.
fn position(number: u32, axes: u32, extents: u32, strides: u32) -> u32 {
    var at = 0u;
    var rest = number;
    for (var axis = axes; axis > 0u; axis--) {
        let extent = word(extents + axis - 1u);
        at += (rest % extent) * word(strides + axis - 1u);
        rest /= extent;
    }
    return at;
}
alias N = f64;

fn number_at(first: u32, i: u32) -> N {
    let at = first + 2u * i;
    return bitcast<f64>(u64(word(at)) | (u64(word(at + 1u)) << 32u));
}

alias Bits = u64;
const SIGN: Bits = 0x8000000000000000lu;
const SIZE: Bits = 0x7ffffffffffffffflu;
const ONES: Bits = 0xfffffffffffffffflu;
const INFINITE: Bits = 0x7ff0000000000000lu;
const POINT: Bits = 0x10000000000000lu;
const PLACES = 52u;
const BIAS = 1023;
const ONE: Bits = 0x3ff0000000000000lu;
const LARGEST: T = 1.7976931348623157e308;
// WGSL allows no constants of these values.
fn infinity() -> T {
    return bitcast<T>(INFINITE + Bits(word(0u) * 0u));
}

fn nan() -> T {
    let bits = INFINITE + Bits(word(0u) * 0u);
    return bitcast<T>(bits | (bits >> 1u));
}

// A number as it was rounded: a compiler may assume that (a + b) - a is b. The last word is 0,
// which it does not know.
fn rounded(x: T) -> T {
    return bitcast<T>(bitcast<Bits>(x) ^ Bits(word(63u)));
}

// By their bits, as a compiler may assume that there is no NaN and that zeros have no sign.
fn is_nan(x: T) -> bool {
    return (bitcast<Bits>(x) & SIZE) > INFINITE;
}

fn is_infinite(x: T) -> bool {
    return (bitcast<Bits>(x) & SIZE) == INFINITE;
}

fn is_negative(x: T) -> bool {
    return bitcast<Bits>(x) > SIZE;
}

fn copysign(x: T, sign: T) -> T {
    return bitcast<T>((bitcast<Bits>(x) & SIZE) | (bitcast<Bits>(sign) & SIGN));
}

// x · 2ᵏ, in two steps, as the power alone may overflow or underflow.
fn scaled(x: T, k: i32) -> T {
    let half = k / 2;
    return x * bitcast<T>(Bits(half + BIAS) << PLACES) * bitcast<T>(Bits(k - half + BIAS) << PLACES);
}
const LANES = 256u;
const KEPT = 0u;
const REDUCED = 1u;
alias State = R;
fn identity() -> R { return R(0); }
fn state_of(x: T, i: u32) -> R { return R(x); }
fn combined(a: R, b: R) -> R { return a + b; }
fn finish(total: R) -> R {
    let divisor = number_at(24u, 0u);
    return select(R(N(total) / divisor), total, divisor == 1.0);
}
// Several invocations compute a result, or a part of one, which a second dispatch combines. Words:
// items (results times parts), results, elements of each result, elements of a part, offset,
// unused, offsets of the results; extents from 8 and strides from 16, of the KEPT axes first; from
// 24 on the divisor.

var<workgroup> states: array<State, 256>;

fn run(group: u32, own: u32) {
    let item = group * (256u / LANES) + own / LANES;
    let lane = own % LANES;
    var state = identity();
    if (item < word(0u)) {
        let start = item / word(1u) * word(3u);
        let end = min(start + word(3u), word(2u));
        let base = word(4u) + position(item % word(1u), KEPT, 8u, 16u);
        for (var i = start + lane; i < end; i += LANES) {
            let v = m1[base + i];
            let four = 4u * i;
            let low = combined(state_of(v.x, four), state_of(v.y, four + 1u));
            let high = combined(state_of(v.z, four + 2u), state_of(v.w, four + 3u));
            state = combined(state, combined(low, high));
        }
    }
    if (LANES > 1u) {
        states[own] = state;
        for (var half = LANES / 2u; half > 0u; half /= 2u) {
            workgroupBarrier();
            if (lane < half) {
                states[own] = combined(states[own], states[own + half]);
            }
        }
        state = states[own];
    }
    if (lane == 0u && item < word(0u)) {
        m0[item] = state;
    }
}

// A launch is spread over two axes of workgroups, which programs see as one.
@compute @workgroup_size(256)
fn main(
    @builtin(workgroup_id) group: vec3<u32>,
    @builtin(num_workgroups) groups: vec3<u32>,
    @builtin(local_invocation_index) own: u32,
) {
    run(group.y * groups.x + group.x, own);
}

// sum [(F64, []), (F64, [1048576])], dispatch 1

alias T = f64;
alias R = f64;
@group(0) @binding(0) var<uniform> parameters: array<vec4<u32>, 16>;
@group(0) @binding(1) var<storage, read_write> m0: array<f64>;
@group(0) @binding(2) var<storage, read> m1: array<State>;
fn word(i: u32) -> u32 {
    return parameters[i / 4u][i % 4u];
}

// The position of the element with a given row-major number, for axes whose extents and strides are
// the words from the given ones on.
fn position(number: u32, axes: u32, extents: u32, strides: u32) -> u32 {
    var at = 0u;
    var rest = number;
    for (var axis = axes; axis > 0u; axis--) {
        let extent = word(extents + axis - 1u);
        at += (rest % extent) * word(strides + axis - 1u);
        rest /= extent;
    }
    return at;
}
alias N = f64;

fn number_at(first: u32, i: u32) -> N {
    let at = first + 2u * i;
    return bitcast<f64>(u64(word(at)) | (u64(word(at + 1u)) << 32u));
}

alias Bits = u64;
const SIGN: Bits = 0x8000000000000000lu;
const SIZE: Bits = 0x7ffffffffffffffflu;
const ONES: Bits = 0xfffffffffffffffflu;
const INFINITE: Bits = 0x7ff0000000000000lu;
const POINT: Bits = 0x10000000000000lu;
const PLACES = 52u;
const BIAS = 1023;
const ONE: Bits = 0x3ff0000000000000lu;
const LARGEST: T = 1.7976931348623157e308;
// WGSL allows no constants of these values.
fn infinity() -> T {
    return bitcast<T>(INFINITE + Bits(word(0u) * 0u));
}

fn nan() -> T {
    let bits = INFINITE + Bits(word(0u) * 0u);
    return bitcast<T>(bits | (bits >> 1u));
}

// A number as it was rounded: a compiler may assume that (a + b) - a is b. The last word is 0,
// which it does not know.
fn rounded(x: T) -> T {
    return bitcast<T>(bitcast<Bits>(x) ^ Bits(word(63u)));
}

// By their bits, as a compiler may assume that there is no NaN and that zeros have no sign.
fn is_nan(x: T) -> bool {
    return (bitcast<Bits>(x) & SIZE) > INFINITE;
}

fn is_infinite(x: T) -> bool {
    return (bitcast<Bits>(x) & SIZE) == INFINITE;
}

fn is_negative(x: T) -> bool {
    return bitcast<Bits>(x) > SIZE;
}

fn copysign(x: T, sign: T) -> T {
    return bitcast<T>((bitcast<Bits>(x) & SIZE) | (bitcast<Bits>(sign) & SIGN));
}

// x · 2ᵏ, in two steps, as the power alone may overflow or underflow.
fn scaled(x: T, k: i32) -> T {
    let half = k / 2;
    return x * bitcast<T>(Bits(half + BIAS) << PLACES) * bitcast<T>(Bits(k - half + BIAS) << PLACES);
}
const LANES = 256u;
const KEPT = 1u;
const REDUCED = 1u;
alias State = R;
fn identity() -> R { return R(0); }
fn state_of(x: T, i: u32) -> R { return R(x); }
fn combined(a: R, b: R) -> R { return a + b; }
fn finish(total: R) -> R {
    let divisor = number_at(24u, 0u);
    return select(R(N(total) / divisor), total, divisor == 1.0);
}
// Several invocations compute a result, or a part of one, which a second dispatch combines. Words:
// items (results times parts), results, elements of each result, elements of a part, offset,
// unused, offsets of the results; extents from 8 and strides from 16, of the KEPT axes first; from
// 24 on the divisor.

var<workgroup> states: array<State, 256>;

fn run(group: u32, own: u32) {
    let item = group * (256u / LANES) + own / LANES;
    let lane = own % LANES;
    var state = identity();
    if (item < word(0u)) {
        let start = item / word(1u) * word(3u);
        let end = min(start + word(3u), word(2u));
        let base = word(4u) + position(item % word(1u), KEPT, 8u, 16u);
        for (var i = start + lane; i < end; i += LANES) {
            state = combined(state, m1[base + i * word(16u + KEPT)]);
        }
    }
    if (LANES > 1u) {
        states[own] = state;
        for (var half = LANES / 2u; half > 0u; half /= 2u) {
            workgroupBarrier();
            if (lane < half) {
                states[own] = combined(states[own], states[own + half]);
            }
        }
        state = states[own];
    }
    if (lane == 0u && item < word(0u)) {
        m0[word(6u) + item] = finish(state);
    }
}

// A launch is spread over two axes of workgroups, which programs see as one.
@compute @workgroup_size(256)
fn main(
    @builtin(workgroup_id) group: vec3<u32>,
    @builtin(num_workgroups) groups: vec3<u32>,
    @builtin(local_invocation_index) own: u32,
) {
    run(group.y * groups.x + group.x, own);
}

// max [(F32, [8]), (I32, [8]), (F32, [8, 100])], dispatch 0

alias T = f32;
alias R = f32;
@group(0) @binding(0) var<uniform> parameters: array<vec4<u32>, 16>;
@group(0) @binding(1) var<storage, read_write> m0: array<f32>;
@group(0) @binding(2) var<storage, read_write> m1: array<i32>;
@group(0) @binding(3) var<storage, read> m2: array<vec4<f32>>;
fn word(i: u32) -> u32 {
    return parameters[i / 4u][i % 4u];
}

// The position of the element with a given row-major number, for axes whose extents and strides are
// the words from the given ones on.
fn position(number: u32, axes: u32, extents: u32, strides: u32) -> u32 {
    var at = 0u;
    var rest = number;
    for (var axis = axes; axis > 0u; axis--) {
        let extent = word(extents + axis - 1u);
        at += (rest % extent) * word(strides + axis - 1u);
        rest /= extent;
    }
    return at;
}
alias N = f32;

fn number_at(first: u32, i: u32) -> N {
    return bitcast<f32>(word(first + i));
}

alias Bits = u32;
const SIGN: Bits = 0x80000000u;
const SIZE: Bits = 0x7fffffffu;
const ONES: Bits = 0xffffffffu;
const INFINITE: Bits = 0x7f800000u;
const POINT: Bits = 0x800000u;
const PLACES = 23u;
const BIAS = 127;
const ONE: Bits = 0x3f800000u;
const LARGEST: T = 3.4028234e38;
// WGSL allows no constants of these values.
fn infinity() -> T {
    return bitcast<T>(INFINITE + Bits(word(0u) * 0u));
}

fn nan() -> T {
    let bits = INFINITE + Bits(word(0u) * 0u);
    return bitcast<T>(bits | (bits >> 1u));
}

// A number as it was rounded: a compiler may assume that (a + b) - a is b. The last word is 0,
// which it does not know.
fn rounded(x: T) -> T {
    return bitcast<T>(bitcast<Bits>(x) ^ Bits(word(63u)));
}

// By their bits, as a compiler may assume that there is no NaN and that zeros have no sign.
fn is_nan(x: T) -> bool {
    return (bitcast<Bits>(x) & SIZE) > INFINITE;
}

fn is_infinite(x: T) -> bool {
    return (bitcast<Bits>(x) & SIZE) == INFINITE;
}

fn is_negative(x: T) -> bool {
    return bitcast<Bits>(x) > SIZE;
}

fn copysign(x: T, sign: T) -> T {
    return bitcast<T>((bitcast<Bits>(x) & SIZE) | (bitcast<Bits>(sign) & SIGN));
}

// x · 2ᵏ, in two steps, as the power alone may overflow or underflow.
fn scaled(x: T, k: i32) -> T {
    let half = k / 2;
    return x * bitcast<T>(Bits(half + BIAS) << PLACES) * bitcast<T>(Bits(k - half + BIAS) << PLACES);
}
const LANES = 32u;
const KEPT = 1u;
const REDUCED = 1u;
// An element and its position. NaN wins, and of equal elements the first.
struct State {
    value: T,
    at: u32,
}

fn identity() -> State {
    return State(T(0), 0xffffffffu);
}

fn state_of(x: T, i: u32) -> State {
    return State(x, i);
}

fn combined(a: State, b: State) -> State {
    if (a.at == 0xffffffffu) {
        return b;
    }
    if (b.at == 0xffffffffu) {
        return a;
    }
    let a_is_nan = is_nan(a.value);
    if (a_is_nan != is_nan(b.value)) {
        if (a_is_nan) {
            return a;
        }
        return b;
    }
    if (!a_is_nan) {
        if (is_better(b.value, a.value)) {
            return b;
        }
        if (is_better(a.value, b.value)) {
            return a;
        }
    }
    if (b.at < a.at) {
        return b;
    }
    return a;
}

fn is_better(a: T, b: T) -> bool { return a > b; }
// Several invocations compute a result, or a part of one, which a second dispatch combines. Words:
// items (results times parts), results, elements of each result, elements of a part, offset,
// unused, offsets of the results; extents from 8 and strides from 16, of the KEPT axes first; from
// 24 on the divisor.

var<workgroup> states: array<State, 256>;

fn run(group: u32, own: u32) {
    let item = group * (256u / LANES) + own / LANES;
    let lane = own % LANES;
    var state = identity();
    if (item < word(0u)) {
        let start = item / word(1u) * word(3u);
        let end = min(start + word(3u), word(2u));
        let base = word(4u) + position(item % word(1u), KEPT, 8u, 16u);
        for (var i = start + lane; i < end; i += LANES) {
            let v = m2[base + i];
            let four = 4u * i;
            let low = combined(state_of(v.x, four), state_of(v.y, four + 1u));
            let high = combined(state_of(v.z, four + 2u), state_of(v.w, four + 3u));
            state = combined(state, combined(low, high));
        }
    }
    if (LANES > 1u) {
        states[own] = state;
        for (var half = LANES / 2u; half > 0u; half /= 2u) {
            workgroupBarrier();
            if (lane < half) {
                states[own] = combined(states[own], states[own + half]);
            }
        }
        state = states[own];
    }
    if (lane == 0u && item < word(0u)) {
        m0[word(6u) + item] = state.value;
        m1[word(7u) + item] = i32(state.at);
    }
}

// A launch is spread over two axes of workgroups, which programs see as one.
@compute @workgroup_size(256)
fn main(
    @builtin(workgroup_id) group: vec3<u32>,
    @builtin(num_workgroups) groups: vec3<u32>,
    @builtin(local_invocation_index) own: u32,
) {
    run(group.y * groups.x + group.x, own);
}

// matmul [(F32, [64, 64]), (F32, [64, 512]), (F32, [512, 64])], dispatch 0

alias T = f32;
alias R = f32;
@group(0) @binding(0) var<uniform> parameters: array<vec4<u32>, 16>;
@group(0) @binding(1) var<storage, read_write> m0: array<vec4<f32>>;
@group(0) @binding(2) var<storage, read> m1: array<vec4<f32>>;
@group(0) @binding(3) var<storage, read> m2: array<vec4<f32>>;
fn word(i: u32) -> u32 {
    return parameters[i / 4u][i % 4u];
}

// The position of the element with a given row-major number, for axes whose extents and strides are
// the words from the given ones on.
fn position(number: u32, axes: u32, extents: u32, strides: u32) -> u32 {
    var at = 0u;
    var rest = number;
    for (var axis = axes; axis > 0u; axis--) {
        let extent = word(extents + axis - 1u);
        at += (rest % extent) * word(strides + axis - 1u);
        rest /= extent;
    }
    return at;
}
alias N = f32;

fn number_at(first: u32, i: u32) -> N {
    return bitcast<f32>(word(first + i));
}

alias Bits = u32;
const SIGN: Bits = 0x80000000u;
const SIZE: Bits = 0x7fffffffu;
const ONES: Bits = 0xffffffffu;
const INFINITE: Bits = 0x7f800000u;
const POINT: Bits = 0x800000u;
const PLACES = 23u;
const BIAS = 127;
const ONE: Bits = 0x3f800000u;
const LARGEST: T = 3.4028234e38;
// WGSL allows no constants of these values.
fn infinity() -> T {
    return bitcast<T>(INFINITE + Bits(word(0u) * 0u));
}

fn nan() -> T {
    let bits = INFINITE + Bits(word(0u) * 0u);
    return bitcast<T>(bits | (bits >> 1u));
}

// A number as it was rounded: a compiler may assume that (a + b) - a is b. The last word is 0,
// which it does not know.
fn rounded(x: T) -> T {
    return bitcast<T>(bitcast<Bits>(x) ^ Bits(word(63u)));
}

// By their bits, as a compiler may assume that there is no NaN and that zeros have no sign.
fn is_nan(x: T) -> bool {
    return (bitcast<Bits>(x) & SIZE) > INFINITE;
}

fn is_infinite(x: T) -> bool {
    return (bitcast<Bits>(x) & SIZE) == INFINITE;
}

fn is_negative(x: T) -> bool {
    return bitcast<Bits>(x) > SIZE;
}

fn copysign(x: T, sign: T) -> T {
    return bitcast<T>((bitcast<Bits>(x) & SIZE) | (bitcast<Bits>(sign) & SIGN));
}

// x · 2ᵏ, in two steps, as the power alone may overflow or underflow.
fn scaled(x: T, k: i32) -> T {
    let half = k / 2;
    return x * bitcast<T>(Bits(half + BIAS) << PLACES) * bitcast<T>(Bits(k - half + BIAS) << PLACES);
}
const SIDE = 32u;
const ROW_PARTS = 1u;
const COLUMN_PARTS = 1u;
const INVOCATIONS = 64u;
const EXACT = true;
const LEFT_INNER = true;
const RIGHT_INNER = false;
// Tiles of SIDE × SIDE results from tiles of SIDE × 16 elements in workgroup memory. Half of the
// invocations fetch four by four elements of the left side and the other half those of the right
// one, each tile while the product of the previous one is computed. Each invocation has four rows
// (or twice four, SIDE / 2 apart) of four columns (or twice four) of results. Words: rows, inner,
// columns, axes of the batch, offsets of the left side, the right side and the result, strides
// along the rows, inner and columns: left row, left inner, right inner, right column; inner
// elements of a part, products of the batch; tiles along the columns, along the rows, and of all
// products together; from 16 on the shape of the batch, from 24 its strides on the left, from 32 on
// the right. For a side that is read as vectors, the numbers count vectors.

const DEPTH = 16u;
const QUADS = SIDE / 4u;
// A compiler does not check an index that it sees to be in range.
const LAST = 4u * SIDE - 1u;
const ACROSS = SIDE / (4u * COLUMN_PARTS);

alias V = vec4<T>;

/// Four elements along the tile's side, for each of four inner positions.
struct Quad {
    a: V,
    b: V,
    c: V,
    d: V,
}

/// The index of the product in the batch.
var<private> product: u32;

var<workgroup> left: array<V, 4u * SIDE>;
var<workgroup> right: array<V, 4u * SIDE>;

fn left_at(first: u32, side: u32, inner: u32, sides: u32, end: u32) -> Quad {
    var quad: Quad;
    
    let at = first + inner / 4u + side * word(7u);
    var e = V();
    var f = V();
    var g = V();
    var h = V();
    { e = m1[at + 0u * word(7u)]; }
    { f = m1[at + 1u * word(7u)]; }
    { g = m1[at + 2u * word(7u)]; }
    { h = m1[at + 3u * word(7u)]; }
    quad.a = V(e.x, f.x, g.x, h.x);
    quad.b = V(e.y, f.y, g.y, h.y);
    quad.c = V(e.z, f.z, g.z, h.z);
    quad.d = V(e.w, f.w, g.w, h.w);
    return quad;
}
fn right_at(first: u32, side: u32, inner: u32, sides: u32, end: u32) -> Quad {
    var quad: Quad;
    
    let at = first + side / 4u + inner * word(9u);
    { quad.a = m2[at + 0u * word(9u)]; }
    { quad.b = m2[at + 1u * word(9u)]; }
    { quad.c = m2[at + 2u * word(9u)]; }
    { quad.d = m2[at + 3u * word(9u)]; }
    return quad;
}

@compute @workgroup_size(INVOCATIONS)
fn main(
    @builtin(workgroup_id) group: vec3<u32>,
    @builtin(num_workgroups) groups: vec3<u32>,
    @builtin(local_invocation_index) own: u32,
) {
    let tile = group.y * groups.x + group.x;
    // From word 15, in a form that shows that the whole workgroup takes the same branch.
    if (tile >= parameters[3u].w) {
        return;
    }
    let rows = word(0u);
    let columns = word(2u);
    let made = tile / word(13u) / word(14u);
    product = made % word(12u);
    let part = made / word(12u);
    let first_left = word(4u) + position(product, word(3u), 16u, 24u);
    let first_right = word(5u) + position(product, word(3u), 16u, 32u);
    let start = part * word(11u);
    let end = min(start + word(11u), word(1u));
    let row = tile / word(13u) % word(14u) * SIDE;
    let column = tile % word(13u) * SIDE;
    let is_left = own < SIDE;
    let block = own % SIDE;
    let left_quad = select(block % QUADS, block / 4u, LEFT_INNER);
    let left_deep = 4u * select(block / QUADS, block % 4u, LEFT_INNER);
    let right_quad = select(block % QUADS, block / 4u, RIGHT_INNER);
    let right_deep = 4u * select(block / QUADS, block % 4u, RIGHT_INNER);
    let down = own / ACROSS;
    let across = own % ACROSS;
    var r0 = V(); var r1 = V(); var r2 = V(); var r3 = V();
    var r4 = V(); var r5 = V(); var r6 = V(); var r7 = V();
    var s0 = V(); var s1 = V(); var s2 = V(); var s3 = V();
    var s4 = V(); var s5 = V(); var s6 = V(); var s7 = V();
        var next: Quad;
    if (is_left) {
        next = left_at(first_left, row + 4u * left_quad, start + left_deep, rows, end);
    } else {
        next = right_at(first_right, column + 4u * right_quad, start + right_deep, columns, end);
    }
    for (var from_inner = start; from_inner < end; from_inner += DEPTH) {
        workgroupBarrier();
        if (is_left) {
            let to = left_deep * QUADS + left_quad;
            left[(to) & LAST] = next.a;
            left[(to + QUADS) & LAST] = next.b;
            left[(to + 2u * QUADS) & LAST] = next.c;
            left[(to + 3u * QUADS) & LAST] = next.d;
        } else {
            let to = right_deep * QUADS + right_quad;
            right[(to) & LAST] = next.a;
            right[(to + QUADS) & LAST] = next.b;
            right[(to + 2u * QUADS) & LAST] = next.c;
            right[(to + 3u * QUADS) & LAST] = next.d;
        }
        workgroupBarrier();
        let further = from_inner + DEPTH;
        if (further < end) {
            if (is_left) {
                next = left_at(first_left, row + 4u * left_quad, further + left_deep, rows, end);
            } else {
                next =
                    right_at(first_right, column + 4u * right_quad, further + right_deep, columns, end);
            }
        }
        for (var half = 0u; half < DEPTH; half += 8u) {
            {
    let k = half + 0u;
    let a = left[(k * QUADS + down) & LAST];
    let b = right[(k * QUADS + across) & LAST];
    r0 += a.x * b;
    r1 += a.y * b;
    r2 += a.z * b;
    r3 += a.w * b;
    if (COLUMN_PARTS > 1u) {
        let c = right[(k * QUADS + QUADS / 2u + across) & LAST];
        s0 += a.x * c;
        s1 += a.y * c;
        s2 += a.z * c;
        s3 += a.w * c;
        let d = left[(k * QUADS + QUADS / 2u + down) & LAST];
        r4 += d.x * b;
        r5 += d.y * b;
        r6 += d.z * b;
        r7 += d.w * b;
        s4 += d.x * c;
        s5 += d.y * c;
        s6 += d.z * c;
        s7 += d.w * c;
    } else if (ROW_PARTS > 1u) {
        let d = left[(k * QUADS + QUADS / 2u + down) & LAST];
        r4 += d.x * b;
        r5 += d.y * b;
        r6 += d.z * b;
        r7 += d.w * b;
    }
}
{
    let k = half + 1u;
    let a = left[(k * QUADS + down) & LAST];
    let b = right[(k * QUADS + across) & LAST];
    r0 += a.x * b;
    r1 += a.y * b;
    r2 += a.z * b;
    r3 += a.w * b;
    if (COLUMN_PARTS > 1u) {
        let c = right[(k * QUADS + QUADS / 2u + across) & LAST];
        s0 += a.x * c;
        s1 += a.y * c;
        s2 += a.z * c;
        s3 += a.w * c;
        let d = left[(k * QUADS + QUADS / 2u + down) & LAST];
        r4 += d.x * b;
        r5 += d.y * b;
        r6 += d.z * b;
        r7 += d.w * b;
        s4 += d.x * c;
        s5 += d.y * c;
        s6 += d.z * c;
        s7 += d.w * c;
    } else if (ROW_PARTS > 1u) {
        let d = left[(k * QUADS + QUADS / 2u + down) & LAST];
        r4 += d.x * b;
        r5 += d.y * b;
        r6 += d.z * b;
        r7 += d.w * b;
    }
}
{
    let k = half + 2u;
    let a = left[(k * QUADS + down) & LAST];
    let b = right[(k * QUADS + across) & LAST];
    r0 += a.x * b;
    r1 += a.y * b;
    r2 += a.z * b;
    r3 += a.w * b;
    if (COLUMN_PARTS > 1u) {
        let c = right[(k * QUADS + QUADS / 2u + across) & LAST];
        s0 += a.x * c;
        s1 += a.y * c;
        s2 += a.z * c;
        s3 += a.w * c;
        let d = left[(k * QUADS + QUADS / 2u + down) & LAST];
        r4 += d.x * b;
        r5 += d.y * b;
        r6 += d.z * b;
        r7 += d.w * b;
        s4 += d.x * c;
        s5 += d.y * c;
        s6 += d.z * c;
        s7 += d.w * c;
    } else if (ROW_PARTS > 1u) {
        let d = left[(k * QUADS + QUADS / 2u + down) & LAST];
        r4 += d.x * b;
        r5 += d.y * b;
        r6 += d.z * b;
        r7 += d.w * b;
    }
}
{
    let k = half + 3u;
    let a = left[(k * QUADS + down) & LAST];
    let b = right[(k * QUADS + across) & LAST];
    r0 += a.x * b;
    r1 += a.y * b;
    r2 += a.z * b;
    r3 += a.w * b;
    if (COLUMN_PARTS > 1u) {
        let c = right[(k * QUADS + QUADS / 2u + across) & LAST];
        s0 += a.x * c;
        s1 += a.y * c;
        s2 += a.z * c;
        s3 += a.w * c;
        let d = left[(k * QUADS + QUADS / 2u + down) & LAST];
        r4 += d.x * b;
        r5 += d.y * b;
        r6 += d.z * b;
        r7 += d.w * b;
        s4 += d.x * c;
        s5 += d.y * c;
        s6 += d.z * c;
        s7 += d.w * c;
    } else if (ROW_PARTS > 1u) {
        let d = left[(k * QUADS + QUADS / 2u + down) & LAST];
        r4 += d.x * b;
        r5 += d.y * b;
        r6 += d.z * b;
        r7 += d.w * b;
    }
}
{
    let k = half + 4u;
    let a = left[(k * QUADS + down) & LAST];
    let b = right[(k * QUADS + across) & LAST];
    r0 += a.x * b;
    r1 += a.y * b;
    r2 += a.z * b;
    r3 += a.w * b;
    if (COLUMN_PARTS > 1u) {
        let c = right[(k * QUADS + QUADS / 2u + across) & LAST];
        s0 += a.x * c;
        s1 += a.y * c;
        s2 += a.z * c;
        s3 += a.w * c;
        let d = left[(k * QUADS + QUADS / 2u + down) & LAST];
        r4 += d.x * b;
        r5 += d.y * b;
        r6 += d.z * b;
        r7 += d.w * b;
        s4 += d.x * c;
        s5 += d.y * c;
        s6 += d.z * c;
        s7 += d.w * c;
    } else if (ROW_PARTS > 1u) {
        let d = left[(k * QUADS + QUADS / 2u + down) & LAST];
        r4 += d.x * b;
        r5 += d.y * b;
        r6 += d.z * b;
        r7 += d.w * b;
    }
}
{
    let k = half + 5u;
    let a = left[(k * QUADS + down) & LAST];
    let b = right[(k * QUADS + across) & LAST];
    r0 += a.x * b;
    r1 += a.y * b;
    r2 += a.z * b;
    r3 += a.w * b;
    if (COLUMN_PARTS > 1u) {
        let c = right[(k * QUADS + QUADS / 2u + across) & LAST];
        s0 += a.x * c;
        s1 += a.y * c;
        s2 += a.z * c;
        s3 += a.w * c;
        let d = left[(k * QUADS + QUADS / 2u + down) & LAST];
        r4 += d.x * b;
        r5 += d.y * b;
        r6 += d.z * b;
        r7 += d.w * b;
        s4 += d.x * c;
        s5 += d.y * c;
        s6 += d.z * c;
        s7 += d.w * c;
    } else if (ROW_PARTS > 1u) {
        let d = left[(k * QUADS + QUADS / 2u + down) & LAST];
        r4 += d.x * b;
        r5 += d.y * b;
        r6 += d.z * b;
        r7 += d.w * b;
    }
}
{
    let k = half + 6u;
    let a = left[(k * QUADS + down) & LAST];
    let b = right[(k * QUADS + across) & LAST];
    r0 += a.x * b;
    r1 += a.y * b;
    r2 += a.z * b;
    r3 += a.w * b;
    if (COLUMN_PARTS > 1u) {
        let c = right[(k * QUADS + QUADS / 2u + across) & LAST];
        s0 += a.x * c;
        s1 += a.y * c;
        s2 += a.z * c;
        s3 += a.w * c;
        let d = left[(k * QUADS + QUADS / 2u + down) & LAST];
        r4 += d.x * b;
        r5 += d.y * b;
        r6 += d.z * b;
        r7 += d.w * b;
        s4 += d.x * c;
        s5 += d.y * c;
        s6 += d.z * c;
        s7 += d.w * c;
    } else if (ROW_PARTS > 1u) {
        let d = left[(k * QUADS + QUADS / 2u + down) & LAST];
        r4 += d.x * b;
        r5 += d.y * b;
        r6 += d.z * b;
        r7 += d.w * b;
    }
}
{
    let k = half + 7u;
    let a = left[(k * QUADS + down) & LAST];
    let b = right[(k * QUADS + across) & LAST];
    r0 += a.x * b;
    r1 += a.y * b;
    r2 += a.z * b;
    r3 += a.w * b;
    if (COLUMN_PARTS > 1u) {
        let c = right[(k * QUADS + QUADS / 2u + across) & LAST];
        s0 += a.x * c;
        s1 += a.y * c;
        s2 += a.z * c;
        s3 += a.w * c;
        let d = left[(k * QUADS + QUADS / 2u + down) & LAST];
        r4 += d.x * b;
        r5 += d.y * b;
        r6 += d.z * b;
        r7 += d.w * b;
        s4 += d.x * c;
        s5 += d.y * c;
        s6 += d.z * c;
        s7 += d.w * c;
    } else if (ROW_PARTS > 1u) {
        let d = left[(k * QUADS + QUADS / 2u + down) & LAST];
        r4 += d.x * b;
        r5 += d.y * b;
        r6 += d.z * b;
        r7 += d.w * b;
    }
}
        }
    }
    let to = word(6u) + made * rows * columns;
    let y = row + 4u * down;
    let x = column + 4u * across;
    store(to, y, x, r0);
    store(to, y + 1u, x, r1);
    store(to, y + 2u, x, r2);
    store(to, y + 3u, x, r3);
    if (ROW_PARTS > 1u) {
        let low = y + SIDE / 2u;
        store(to, low, x, r4);
        store(to, low + 1u, x, r5);
        store(to, low + 2u, x, r6);
        store(to, low + 3u, x, r7);
        if (COLUMN_PARTS > 1u) {
            let far = x + SIDE / 2u;
            store(to, low, far, s4);
            store(to, low + 1u, far, s5);
            store(to, low + 2u, far, s6);
            store(to, low + 3u, far, s7);
        }
    }
    if (COLUMN_PARTS > 1u) {
        let far = x + SIDE / 2u;
        store(to, y, far, s0);
        store(to, y + 1u, far, s1);
        store(to, y + 2u, far, s2);
        store(to, y + 3u, far, s3);
    }
}

fn store(to: u32, row: u32, column: u32, values: V) {
    if (!EXACT && (row >= word(0u) || column >= word(2u))) {
        return;
    }
    m0[(to + row * word(2u) + column) / 4u] = values;
}

// matmul [(F32, [64, 64]), (F32, [64, 512]), (F32, [512, 64])], dispatch 1

alias T = f32;
alias R = f32;
@group(0) @binding(0) var<uniform> parameters: array<vec4<u32>, 16>;
@group(0) @binding(1) var<storage, read_write> m0: array<f32>;
@group(0) @binding(2) var<storage, read> m1: array<State>;
fn word(i: u32) -> u32 {
    return parameters[i / 4u][i % 4u];
}

// The position of the element with a given row-major number, for axes whose extents and strides are
// the words from the given ones on.
fn position(number: u32, axes: u32, extents: u32, strides: u32) -> u32 {
    var at = 0u;
    var rest = number;
    for (var axis = axes; axis > 0u; axis--) {
        let extent = word(extents + axis - 1u);
        at += (rest % extent) * word(strides + axis - 1u);
        rest /= extent;
    }
    return at;
}
alias N = f32;

fn number_at(first: u32, i: u32) -> N {
    return bitcast<f32>(word(first + i));
}

alias Bits = u32;
const SIGN: Bits = 0x80000000u;
const SIZE: Bits = 0x7fffffffu;
const ONES: Bits = 0xffffffffu;
const INFINITE: Bits = 0x7f800000u;
const POINT: Bits = 0x800000u;
const PLACES = 23u;
const BIAS = 127;
const ONE: Bits = 0x3f800000u;
const LARGEST: T = 3.4028234e38;
// WGSL allows no constants of these values.
fn infinity() -> T {
    return bitcast<T>(INFINITE + Bits(word(0u) * 0u));
}

fn nan() -> T {
    let bits = INFINITE + Bits(word(0u) * 0u);
    return bitcast<T>(bits | (bits >> 1u));
}

// A number as it was rounded: a compiler may assume that (a + b) - a is b. The last word is 0,
// which it does not know.
fn rounded(x: T) -> T {
    return bitcast<T>(bitcast<Bits>(x) ^ Bits(word(63u)));
}

// By their bits, as a compiler may assume that there is no NaN and that zeros have no sign.
fn is_nan(x: T) -> bool {
    return (bitcast<Bits>(x) & SIZE) > INFINITE;
}

fn is_infinite(x: T) -> bool {
    return (bitcast<Bits>(x) & SIZE) == INFINITE;
}

fn is_negative(x: T) -> bool {
    return bitcast<Bits>(x) > SIZE;
}

fn copysign(x: T, sign: T) -> T {
    return bitcast<T>((bitcast<Bits>(x) & SIZE) | (bitcast<Bits>(sign) & SIGN));
}

// x · 2ᵏ, in two steps, as the power alone may overflow or underflow.
fn scaled(x: T, k: i32) -> T {
    let half = k / 2;
    return x * bitcast<T>(Bits(half + BIAS) << PLACES) * bitcast<T>(Bits(k - half + BIAS) << PLACES);
}
const LANES = 1u;
const KEPT = 1u;
const REDUCED = 1u;
alias State = R;
fn identity() -> R { return R(0); }
fn state_of(x: T, i: u32) -> R { return R(x); }
fn combined(a: R, b: R) -> R { return a + b; }
fn finish(total: R) -> R {
    let divisor = number_at(24u, 0u);
    return select(R(N(total) / divisor), total, divisor == 1.0);
}
// Several invocations compute a result, or a part of one, which a second dispatch combines. Words:
// items (results times parts), results, elements of each result, elements of a part, offset,
// unused, offsets of the results; extents from 8 and strides from 16, of the KEPT axes first; from
// 24 on the divisor.

var<workgroup> states: array<State, 256>;

fn run(group: u32, own: u32) {
    let item = group * (256u / LANES) + own / LANES;
    let lane = own % LANES;
    var state = identity();
    if (item < word(0u)) {
        let start = item / word(1u) * word(3u);
        let end = min(start + word(3u), word(2u));
        let base = word(4u) + position(item % word(1u), KEPT, 8u, 16u);
        for (var i = start + lane; i < end; i += LANES) {
            state = combined(state, m1[base + i * word(16u + KEPT)]);
        }
    }
    if (LANES > 1u) {
        states[own] = state;
        for (var half = LANES / 2u; half > 0u; half /= 2u) {
            workgroupBarrier();
            if (lane < half) {
                states[own] = combined(states[own], states[own + half]);
            }
        }
        state = states[own];
    }
    if (lane == 0u && item < word(0u)) {
        m0[word(6u) + item] = finish(state);
    }
}

// A launch is spread over two axes of workgroups, which programs see as one.
@compute @workgroup_size(256)
fn main(
    @builtin(workgroup_id) group: vec3<u32>,
    @builtin(num_workgroups) groups: vec3<u32>,
    @builtin(local_invocation_index) own: u32,
) {
    run(group.y * groups.x + group.x, own);
}

// matmul [(F32, [3, 5]), (F32, [3, 7]), (F32, [7, 5])], dispatch 0

alias T = f32;
alias R = f32;
@group(0) @binding(0) var<uniform> parameters: array<vec4<u32>, 16>;
@group(0) @binding(1) var<storage, read_write> m0: array<f32>;
@group(0) @binding(2) var<storage, read> m1: array<f32>;
@group(0) @binding(3) var<storage, read> m2: array<f32>;
fn word(i: u32) -> u32 {
    return parameters[i / 4u][i % 4u];
}

// The position of the element with a given row-major number, for axes whose extents and strides are
// the words from the given ones on.
fn position(number: u32, axes: u32, extents: u32, strides: u32) -> u32 {
    var at = 0u;
    var rest = number;
    for (var axis = axes; axis > 0u; axis--) {
        let extent = word(extents + axis - 1u);
        at += (rest % extent) * word(strides + axis - 1u);
        rest /= extent;
    }
    return at;
}
alias N = f32;

fn number_at(first: u32, i: u32) -> N {
    return bitcast<f32>(word(first + i));
}

alias Bits = u32;
const SIGN: Bits = 0x80000000u;
const SIZE: Bits = 0x7fffffffu;
const ONES: Bits = 0xffffffffu;
const INFINITE: Bits = 0x7f800000u;
const POINT: Bits = 0x800000u;
const PLACES = 23u;
const BIAS = 127;
const ONE: Bits = 0x3f800000u;
const LARGEST: T = 3.4028234e38;
// WGSL allows no constants of these values.
fn infinity() -> T {
    return bitcast<T>(INFINITE + Bits(word(0u) * 0u));
}

fn nan() -> T {
    let bits = INFINITE + Bits(word(0u) * 0u);
    return bitcast<T>(bits | (bits >> 1u));
}

// A number as it was rounded: a compiler may assume that (a + b) - a is b. The last word is 0,
// which it does not know.
fn rounded(x: T) -> T {
    return bitcast<T>(bitcast<Bits>(x) ^ Bits(word(63u)));
}

// By their bits, as a compiler may assume that there is no NaN and that zeros have no sign.
fn is_nan(x: T) -> bool {
    return (bitcast<Bits>(x) & SIZE) > INFINITE;
}

fn is_infinite(x: T) -> bool {
    return (bitcast<Bits>(x) & SIZE) == INFINITE;
}

fn is_negative(x: T) -> bool {
    return bitcast<Bits>(x) > SIZE;
}

fn copysign(x: T, sign: T) -> T {
    return bitcast<T>((bitcast<Bits>(x) & SIZE) | (bitcast<Bits>(sign) & SIGN));
}

// x · 2ᵏ, in two steps, as the power alone may overflow or underflow.
fn scaled(x: T, k: i32) -> T {
    let half = k / 2;
    return x * bitcast<T>(Bits(half + BIAS) << PLACES) * bitcast<T>(Bits(k - half + BIAS) << PLACES);
}
const SIDE = 32u;
const ROW_PARTS = 1u;
const COLUMN_PARTS = 1u;
const INVOCATIONS = 64u;
const EXACT = false;
const LEFT_INNER = false;
const RIGHT_INNER = false;
// Tiles of SIDE × SIDE results from tiles of SIDE × 16 elements in workgroup memory. Half of the
// invocations fetch four by four elements of the left side and the other half those of the right
// one, each tile while the product of the previous one is computed. Each invocation has four rows
// (or twice four, SIDE / 2 apart) of four columns (or twice four) of results. Words: rows, inner,
// columns, axes of the batch, offsets of the left side, the right side and the result, strides
// along the rows, inner and columns: left row, left inner, right inner, right column; inner
// elements of a part, products of the batch; tiles along the columns, along the rows, and of all
// products together; from 16 on the shape of the batch, from 24 its strides on the left, from 32 on
// the right. For a side that is read as vectors, the numbers count vectors.

const DEPTH = 16u;
const QUADS = SIDE / 4u;
// A compiler does not check an index that it sees to be in range.
const LAST = 4u * SIDE - 1u;
const ACROSS = SIDE / (4u * COLUMN_PARTS);

alias V = vec4<T>;

/// Four elements along the tile's side, for each of four inner positions.
struct Quad {
    a: V,
    b: V,
    c: V,
    d: V,
}

/// The index of the product in the batch.
var<private> product: u32;

var<workgroup> left: array<V, 4u * SIDE>;
var<workgroup> right: array<V, 4u * SIDE>;

fn left_single(first: u32, side: u32, inner: u32, sides: u32, end: u32) -> T {
    if (side >= sides || inner >= end) { return T(0); }
    return m1[first + side * word(7u) + inner * word(8u)];
}
fn left_at(first: u32, side: u32, inner: u32, sides: u32, end: u32) -> Quad {
    var quad: Quad;
    quad.a = V(left_single(first, side + 0u, inner + 0u, sides, end), left_single(first, side + 1u, inner + 0u, sides, end), left_single(first, side + 2u, inner + 0u, sides, end), left_single(first, side + 3u, inner + 0u, sides, end));
    quad.b = V(left_single(first, side + 0u, inner + 1u, sides, end), left_single(first, side + 1u, inner + 1u, sides, end), left_single(first, side + 2u, inner + 1u, sides, end), left_single(first, side + 3u, inner + 1u, sides, end));
    quad.c = V(left_single(first, side + 0u, inner + 2u, sides, end), left_single(first, side + 1u, inner + 2u, sides, end), left_single(first, side + 2u, inner + 2u, sides, end), left_single(first, side + 3u, inner + 2u, sides, end));
    quad.d = V(left_single(first, side + 0u, inner + 3u, sides, end), left_single(first, side + 1u, inner + 3u, sides, end), left_single(first, side + 2u, inner + 3u, sides, end), left_single(first, side + 3u, inner + 3u, sides, end));
    return quad;
}
fn right_single(first: u32, side: u32, inner: u32, sides: u32, end: u32) -> T {
    if (side >= sides || inner >= end) { return T(0); }
    return m2[first + side * word(10u) + inner * word(9u)];
}
fn right_at(first: u32, side: u32, inner: u32, sides: u32, end: u32) -> Quad {
    var quad: Quad;
    quad.a = V(right_single(first, side + 0u, inner + 0u, sides, end), right_single(first, side + 1u, inner + 0u, sides, end), right_single(first, side + 2u, inner + 0u, sides, end), right_single(first, side + 3u, inner + 0u, sides, end));
    quad.b = V(right_single(first, side + 0u, inner + 1u, sides, end), right_single(first, side + 1u, inner + 1u, sides, end), right_single(first, side + 2u, inner + 1u, sides, end), right_single(first, side + 3u, inner + 1u, sides, end));
    quad.c = V(right_single(first, side + 0u, inner + 2u, sides, end), right_single(first, side + 1u, inner + 2u, sides, end), right_single(first, side + 2u, inner + 2u, sides, end), right_single(first, side + 3u, inner + 2u, sides, end));
    quad.d = V(right_single(first, side + 0u, inner + 3u, sides, end), right_single(first, side + 1u, inner + 3u, sides, end), right_single(first, side + 2u, inner + 3u, sides, end), right_single(first, side + 3u, inner + 3u, sides, end));
    return quad;
}

@compute @workgroup_size(INVOCATIONS)
fn main(
    @builtin(workgroup_id) group: vec3<u32>,
    @builtin(num_workgroups) groups: vec3<u32>,
    @builtin(local_invocation_index) own: u32,
) {
    let tile = group.y * groups.x + group.x;
    // From word 15, in a form that shows that the whole workgroup takes the same branch.
    if (tile >= parameters[3u].w) {
        return;
    }
    let rows = word(0u);
    let columns = word(2u);
    let made = tile / word(13u) / word(14u);
    product = made % word(12u);
    let part = made / word(12u);
    let first_left = word(4u) + position(product, word(3u), 16u, 24u);
    let first_right = word(5u) + position(product, word(3u), 16u, 32u);
    let start = part * word(11u);
    let end = min(start + word(11u), word(1u));
    let row = tile / word(13u) % word(14u) * SIDE;
    let column = tile % word(13u) * SIDE;
    let is_left = own < SIDE;
    let block = own % SIDE;
    let left_quad = select(block % QUADS, block / 4u, LEFT_INNER);
    let left_deep = 4u * select(block / QUADS, block % 4u, LEFT_INNER);
    let right_quad = select(block % QUADS, block / 4u, RIGHT_INNER);
    let right_deep = 4u * select(block / QUADS, block % 4u, RIGHT_INNER);
    let down = own / ACROSS;
    let across = own % ACROSS;
    var r0 = V(); var r1 = V(); var r2 = V(); var r3 = V();
    var r4 = V(); var r5 = V(); var r6 = V(); var r7 = V();
    var s0 = V(); var s1 = V(); var s2 = V(); var s3 = V();
    var s4 = V(); var s5 = V(); var s6 = V(); var s7 = V();
        var next: Quad;
    if (is_left) {
        next = left_at(first_left, row + 4u * left_quad, start + left_deep, rows, end);
    } else {
        next = right_at(first_right, column + 4u * right_quad, start + right_deep, columns, end);
    }
    for (var from_inner = start; from_inner < end; from_inner += DEPTH) {
        workgroupBarrier();
        if (is_left) {
            let to = left_deep * QUADS + left_quad;
            left[(to) & LAST] = next.a;
            left[(to + QUADS) & LAST] = next.b;
            left[(to + 2u * QUADS) & LAST] = next.c;
            left[(to + 3u * QUADS) & LAST] = next.d;
        } else {
            let to = right_deep * QUADS + right_quad;
            right[(to) & LAST] = next.a;
            right[(to + QUADS) & LAST] = next.b;
            right[(to + 2u * QUADS) & LAST] = next.c;
            right[(to + 3u * QUADS) & LAST] = next.d;
        }
        workgroupBarrier();
        let further = from_inner + DEPTH;
        if (further < end) {
            if (is_left) {
                next = left_at(first_left, row + 4u * left_quad, further + left_deep, rows, end);
            } else {
                next =
                    right_at(first_right, column + 4u * right_quad, further + right_deep, columns, end);
            }
        }
        for (var half = 0u; half < DEPTH; half += 8u) {
            {
    let k = half + 0u;
    let a = left[(k * QUADS + down) & LAST];
    let b = right[(k * QUADS + across) & LAST];
    r0 += a.x * b;
    r1 += a.y * b;
    r2 += a.z * b;
    r3 += a.w * b;
    if (COLUMN_PARTS > 1u) {
        let c = right[(k * QUADS + QUADS / 2u + across) & LAST];
        s0 += a.x * c;
        s1 += a.y * c;
        s2 += a.z * c;
        s3 += a.w * c;
        let d = left[(k * QUADS + QUADS / 2u + down) & LAST];
        r4 += d.x * b;
        r5 += d.y * b;
        r6 += d.z * b;
        r7 += d.w * b;
        s4 += d.x * c;
        s5 += d.y * c;
        s6 += d.z * c;
        s7 += d.w * c;
    } else if (ROW_PARTS > 1u) {
        let d = left[(k * QUADS + QUADS / 2u + down) & LAST];
        r4 += d.x * b;
        r5 += d.y * b;
        r6 += d.z * b;
        r7 += d.w * b;
    }
}
{
    let k = half + 1u;
    let a = left[(k * QUADS + down) & LAST];
    let b = right[(k * QUADS + across) & LAST];
    r0 += a.x * b;
    r1 += a.y * b;
    r2 += a.z * b;
    r3 += a.w * b;
    if (COLUMN_PARTS > 1u) {
        let c = right[(k * QUADS + QUADS / 2u + across) & LAST];
        s0 += a.x * c;
        s1 += a.y * c;
        s2 += a.z * c;
        s3 += a.w * c;
        let d = left[(k * QUADS + QUADS / 2u + down) & LAST];
        r4 += d.x * b;
        r5 += d.y * b;
        r6 += d.z * b;
        r7 += d.w * b;
        s4 += d.x * c;
        s5 += d.y * c;
        s6 += d.z * c;
        s7 += d.w * c;
    } else if (ROW_PARTS > 1u) {
        let d = left[(k * QUADS + QUADS / 2u + down) & LAST];
        r4 += d.x * b;
        r5 += d.y * b;
        r6 += d.z * b;
        r7 += d.w * b;
    }
}
{
    let k = half + 2u;
    let a = left[(k * QUADS + down) & LAST];
    let b = right[(k * QUADS + across) & LAST];
    r0 += a.x * b;
    r1 += a.y * b;
    r2 += a.z * b;
    r3 += a.w * b;
    if (COLUMN_PARTS > 1u) {
        let c = right[(k * QUADS + QUADS / 2u + across) & LAST];
        s0 += a.x * c;
        s1 += a.y * c;
        s2 += a.z * c;
        s3 += a.w * c;
        let d = left[(k * QUADS + QUADS / 2u + down) & LAST];
        r4 += d.x * b;
        r5 += d.y * b;
        r6 += d.z * b;
        r7 += d.w * b;
        s4 += d.x * c;
        s5 += d.y * c;
        s6 += d.z * c;
        s7 += d.w * c;
    } else if (ROW_PARTS > 1u) {
        let d = left[(k * QUADS + QUADS / 2u + down) & LAST];
        r4 += d.x * b;
        r5 += d.y * b;
        r6 += d.z * b;
        r7 += d.w * b;
    }
}
{
    let k = half + 3u;
    let a = left[(k * QUADS + down) & LAST];
    let b = right[(k * QUADS + across) & LAST];
    r0 += a.x * b;
    r1 += a.y * b;
    r2 += a.z * b;
    r3 += a.w * b;
    if (COLUMN_PARTS > 1u) {
        let c = right[(k * QUADS + QUADS / 2u + across) & LAST];
        s0 += a.x * c;
        s1 += a.y * c;
        s2 += a.z * c;
        s3 += a.w * c;
        let d = left[(k * QUADS + QUADS / 2u + down) & LAST];
        r4 += d.x * b;
        r5 += d.y * b;
        r6 += d.z * b;
        r7 += d.w * b;
        s4 += d.x * c;
        s5 += d.y * c;
        s6 += d.z * c;
        s7 += d.w * c;
    } else if (ROW_PARTS > 1u) {
        let d = left[(k * QUADS + QUADS / 2u + down) & LAST];
        r4 += d.x * b;
        r5 += d.y * b;
        r6 += d.z * b;
        r7 += d.w * b;
    }
}
{
    let k = half + 4u;
    let a = left[(k * QUADS + down) & LAST];
    let b = right[(k * QUADS + across) & LAST];
    r0 += a.x * b;
    r1 += a.y * b;
    r2 += a.z * b;
    r3 += a.w * b;
    if (COLUMN_PARTS > 1u) {
        let c = right[(k * QUADS + QUADS / 2u + across) & LAST];
        s0 += a.x * c;
        s1 += a.y * c;
        s2 += a.z * c;
        s3 += a.w * c;
        let d = left[(k * QUADS + QUADS / 2u + down) & LAST];
        r4 += d.x * b;
        r5 += d.y * b;
        r6 += d.z * b;
        r7 += d.w * b;
        s4 += d.x * c;
        s5 += d.y * c;
        s6 += d.z * c;
        s7 += d.w * c;
    } else if (ROW_PARTS > 1u) {
        let d = left[(k * QUADS + QUADS / 2u + down) & LAST];
        r4 += d.x * b;
        r5 += d.y * b;
        r6 += d.z * b;
        r7 += d.w * b;
    }
}
{
    let k = half + 5u;
    let a = left[(k * QUADS + down) & LAST];
    let b = right[(k * QUADS + across) & LAST];
    r0 += a.x * b;
    r1 += a.y * b;
    r2 += a.z * b;
    r3 += a.w * b;
    if (COLUMN_PARTS > 1u) {
        let c = right[(k * QUADS + QUADS / 2u + across) & LAST];
        s0 += a.x * c;
        s1 += a.y * c;
        s2 += a.z * c;
        s3 += a.w * c;
        let d = left[(k * QUADS + QUADS / 2u + down) & LAST];
        r4 += d.x * b;
        r5 += d.y * b;
        r6 += d.z * b;
        r7 += d.w * b;
        s4 += d.x * c;
        s5 += d.y * c;
        s6 += d.z * c;
        s7 += d.w * c;
    } else if (ROW_PARTS > 1u) {
        let d = left[(k * QUADS + QUADS / 2u + down) & LAST];
        r4 += d.x * b;
        r5 += d.y * b;
        r6 += d.z * b;
        r7 += d.w * b;
    }
}
{
    let k = half + 6u;
    let a = left[(k * QUADS + down) & LAST];
    let b = right[(k * QUADS + across) & LAST];
    r0 += a.x * b;
    r1 += a.y * b;
    r2 += a.z * b;
    r3 += a.w * b;
    if (COLUMN_PARTS > 1u) {
        let c = right[(k * QUADS + QUADS / 2u + across) & LAST];
        s0 += a.x * c;
        s1 += a.y * c;
        s2 += a.z * c;
        s3 += a.w * c;
        let d = left[(k * QUADS + QUADS / 2u + down) & LAST];
        r4 += d.x * b;
        r5 += d.y * b;
        r6 += d.z * b;
        r7 += d.w * b;
        s4 += d.x * c;
        s5 += d.y * c;
        s6 += d.z * c;
        s7 += d.w * c;
    } else if (ROW_PARTS > 1u) {
        let d = left[(k * QUADS + QUADS / 2u + down) & LAST];
        r4 += d.x * b;
        r5 += d.y * b;
        r6 += d.z * b;
        r7 += d.w * b;
    }
}
{
    let k = half + 7u;
    let a = left[(k * QUADS + down) & LAST];
    let b = right[(k * QUADS + across) & LAST];
    r0 += a.x * b;
    r1 += a.y * b;
    r2 += a.z * b;
    r3 += a.w * b;
    if (COLUMN_PARTS > 1u) {
        let c = right[(k * QUADS + QUADS / 2u + across) & LAST];
        s0 += a.x * c;
        s1 += a.y * c;
        s2 += a.z * c;
        s3 += a.w * c;
        let d = left[(k * QUADS + QUADS / 2u + down) & LAST];
        r4 += d.x * b;
        r5 += d.y * b;
        r6 += d.z * b;
        r7 += d.w * b;
        s4 += d.x * c;
        s5 += d.y * c;
        s6 += d.z * c;
        s7 += d.w * c;
    } else if (ROW_PARTS > 1u) {
        let d = left[(k * QUADS + QUADS / 2u + down) & LAST];
        r4 += d.x * b;
        r5 += d.y * b;
        r6 += d.z * b;
        r7 += d.w * b;
    }
}
        }
    }
    let to = word(6u) + made * rows * columns;
    let y = row + 4u * down;
    let x = column + 4u * across;
    store(to, y, x, r0);
    store(to, y + 1u, x, r1);
    store(to, y + 2u, x, r2);
    store(to, y + 3u, x, r3);
    if (ROW_PARTS > 1u) {
        let low = y + SIDE / 2u;
        store(to, low, x, r4);
        store(to, low + 1u, x, r5);
        store(to, low + 2u, x, r6);
        store(to, low + 3u, x, r7);
        if (COLUMN_PARTS > 1u) {
            let far = x + SIDE / 2u;
            store(to, low, far, s4);
            store(to, low + 1u, far, s5);
            store(to, low + 2u, far, s6);
            store(to, low + 3u, far, s7);
        }
    }
    if (COLUMN_PARTS > 1u) {
        let far = x + SIDE / 2u;
        store(to, y, far, s0);
        store(to, y + 1u, far, s1);
        store(to, y + 2u, far, s2);
        store(to, y + 3u, far, s3);
    }
}

fn store(to: u32, row: u32, column: u32, values: V) {
    if (!EXACT && (row >= word(0u) || column >= word(2u))) {
        return;
    }
    let all = values;
    for (var part = 0u; part < min(4u, word(2u) - column); part++) {
        m0[to + row * word(2u) + column + part] = all[part];
    }
}

// softmax [(F32, [8, 100]), (F32, [8, 100])], dispatch 0

alias T = f32;
alias R = f32;
@group(0) @binding(0) var<uniform> parameters: array<vec4<u32>, 16>;
@group(0) @binding(1) var<storage, read_write> m0: array<f32>;
@group(0) @binding(2) var<storage, read> m1: array<f32>;
fn word(i: u32) -> u32 {
    return parameters[i / 4u][i % 4u];
}

// The position of the element with a given row-major number, for axes whose extents and strides are
// the words from the given ones on.
fn position(number: u32, axes: u32, extents: u32, strides: u32) -> u32 {
    var at = 0u;
    var rest = number;
    for (var axis = axes; axis > 0u; axis--) {
        let extent = word(extents + axis - 1u);
        at += (rest % extent) * word(strides + axis - 1u);
        rest /= extent;
    }
    return at;
}
alias N = f32;

fn number_at(first: u32, i: u32) -> N {
    return bitcast<f32>(word(first + i));
}

alias Bits = u32;
const SIGN: Bits = 0x80000000u;
const SIZE: Bits = 0x7fffffffu;
const ONES: Bits = 0xffffffffu;
const INFINITE: Bits = 0x7f800000u;
const POINT: Bits = 0x800000u;
const PLACES = 23u;
const BIAS = 127;
const ONE: Bits = 0x3f800000u;
const LARGEST: T = 3.4028234e38;
// WGSL allows no constants of these values.
fn infinity() -> T {
    return bitcast<T>(INFINITE + Bits(word(0u) * 0u));
}

fn nan() -> T {
    let bits = INFINITE + Bits(word(0u) * 0u);
    return bitcast<T>(bits | (bits >> 1u));
}

// A number as it was rounded: a compiler may assume that (a + b) - a is b. The last word is 0,
// which it does not know.
fn rounded(x: T) -> T {
    return bitcast<T>(bitcast<Bits>(x) ^ Bits(word(63u)));
}

// By their bits, as a compiler may assume that there is no NaN and that zeros have no sign.
fn is_nan(x: T) -> bool {
    return (bitcast<Bits>(x) & SIZE) > INFINITE;
}

fn is_infinite(x: T) -> bool {
    return (bitcast<Bits>(x) & SIZE) == INFINITE;
}

fn is_negative(x: T) -> bool {
    return bitcast<Bits>(x) > SIZE;
}

fn copysign(x: T, sign: T) -> T {
    return bitcast<T>((bitcast<Bits>(x) & SIZE) | (bitcast<Bits>(sign) & SIGN));
}

// x · 2ᵏ, in two steps, as the power alone may overflow or underflow.
fn scaled(x: T, k: i32) -> T {
    let half = k / 2;
    return x * bitcast<T>(Bits(half + BIAS) << PLACES) * bitcast<T>(Bits(k - half + BIAS) << PLACES);
}
const LANES = 32u;
const KEPT = 1u;
fn exponentials(x: vec4<T>) -> vec4<T> {
    return exp(x);
}
var<workgroup> held: array<T, 256>;

fn sum_across(own: u32, value: T) -> T {
    if (LANES == 1u) {
        return value;
    }
    workgroupBarrier();
    held[own] = value;
    for (var half = LANES / 2u; half > 0u; half /= 2u) {
        workgroupBarrier();
        if (own % LANES < half) {
            let a = held[own];
            let b = held[own + half];
            held[own] = a + b;
        }
    }
    workgroupBarrier();
    return held[own - own % LANES];
}

fn largest_across(own: u32, value: T) -> T {
    if (LANES == 1u) {
        return value;
    }
    workgroupBarrier();
    held[own] = value;
    for (var half = LANES / 2u; half > 0u; half /= 2u) {
        workgroupBarrier();
        if (own % LANES < half) {
            let a = held[own];
            let b = held[own + half];
            held[own] = larger(a, b);
        }
    }
    workgroupBarrier();
    return held[own - own % LANES];
}

// Several invocations process a row along an axis of a tensor. Words: rows, their length, offsets
// and strides along the axis of the first and the second input and of the output; extents of the
// other axes from 8, their strides in the inputs from 16 and 24; from 40 offset and stride of the
// labels, from 42 those of the factors.

fn larger(a: T, b: T) -> T {
    return select(a, b, b > a);
}

// Four elements of the first input, repeating the last one at the end of a row: so many are read at
// once.
fn four(x: u32, i: u32, length: u32) -> vec4<T> {
    let places = x + min(i + vec4<u32>(0u, 1u, 2u, 3u) * LANES, vec4<u32>(length - 1u)) * word(3u);
    return vec4<T>(m1[places.x], m1[places.y], m1[places.z], m1[places.w]);
}

fn run(group: u32, own: u32) {
    let row = group * (256u / LANES) + own / LANES;
    let lane = own % LANES;
    let there = row < word(0u);
    let length = select(0u, word(1u), there);
    let x = word(2u) + position(row, KEPT, 8u, 16u);
    let second = word(4u) + position(row, KEPT, 8u, 24u);
    let out = word(6u) + row / word(7u) * word(7u) * word(1u) + row % word(7u);
    var top = -LARGEST;
    for (var i = lane; i < length; i += 4u * LANES) {
        let values = four(x, i, length);
        let near = select(values, vec4<T>(LARGEST), values > vec4<T>(LARGEST));
        top = larger(top, larger(larger(near.x, near.y), larger(near.z, near.w)));
    }
    top = largest_across(own, top);
    top = select(0.0, top, abs(top) < LARGEST);
    var total = T();
    for (var i = lane; i < length; i += 4u * LANES) {
        let places = i + vec4<u32>(0u, 1u, 2u, 3u) * LANES;
        let values = exponentials(four(x, i, length) - top);
        let there = select(vec4<T>(), values, places < vec4<u32>(length));
        total += (there.x + there.y) + (there.z + there.w);
    }
    total = sum_across(own, total);
    for (var i = lane; i < length; i += LANES) {
        m0[out + i * word(7u)] = exp(m1[x + i * word(3u)] - top) / total;
    }
}

// A launch is spread over two axes of workgroups, which programs see as one.
@compute @workgroup_size(256)
fn main(
    @builtin(workgroup_id) group: vec3<u32>,
    @builtin(num_workgroups) groups: vec3<u32>,
    @builtin(local_invocation_index) own: u32,
) {
    run(group.y * groups.x + group.x, own);
}

// gather [(F32, [2, 3]), (F32, [9, 3]), (I32, [2, 3])], dispatch 0

alias T = f32;
alias R = f32;
@group(0) @binding(0) var<uniform> parameters: array<vec4<u32>, 16>;
@group(0) @binding(1) var<storage, read_write> m0: array<f32>;
@group(0) @binding(2) var<storage, read> m1: array<f32>;
@group(0) @binding(3) var<storage, read> m2: array<i32>;
fn word(i: u32) -> u32 {
    return parameters[i / 4u][i % 4u];
}

// The position of the element with a given row-major number, for axes whose extents and strides are
// the words from the given ones on.
fn position(number: u32, axes: u32, extents: u32, strides: u32) -> u32 {
    var at = 0u;
    var rest = number;
    for (var axis = axes; axis > 0u; axis--) {
        let extent = word(extents + axis - 1u);
        at += (rest % extent) * word(strides + axis - 1u);
        rest /= extent;
    }
    return at;
}
alias N = f32;

fn number_at(first: u32, i: u32) -> N {
    return bitcast<f32>(word(first + i));
}

alias Bits = u32;
const SIGN: Bits = 0x80000000u;
const SIZE: Bits = 0x7fffffffu;
const ONES: Bits = 0xffffffffu;
const INFINITE: Bits = 0x7f800000u;
const POINT: Bits = 0x800000u;
const PLACES = 23u;
const BIAS = 127;
const ONE: Bits = 0x3f800000u;
const LARGEST: T = 3.4028234e38;
// WGSL allows no constants of these values.
fn infinity() -> T {
    return bitcast<T>(INFINITE + Bits(word(0u) * 0u));
}

fn nan() -> T {
    let bits = INFINITE + Bits(word(0u) * 0u);
    return bitcast<T>(bits | (bits >> 1u));
}

// A number as it was rounded: a compiler may assume that (a + b) - a is b. The last word is 0,
// which it does not know.
fn rounded(x: T) -> T {
    return bitcast<T>(bitcast<Bits>(x) ^ Bits(word(63u)));
}

// By their bits, as a compiler may assume that there is no NaN and that zeros have no sign.
fn is_nan(x: T) -> bool {
    return (bitcast<Bits>(x) & SIZE) > INFINITE;
}

fn is_infinite(x: T) -> bool {
    return (bitcast<Bits>(x) & SIZE) == INFINITE;
}

fn is_negative(x: T) -> bool {
    return bitcast<Bits>(x) > SIZE;
}

fn copysign(x: T, sign: T) -> T {
    return bitcast<T>((bitcast<Bits>(x) & SIZE) | (bitcast<Bits>(sign) & SIGN));
}

// x · 2ᵏ, in two steps, as the power alone may overflow or underflow.
fn scaled(x: T, k: i32) -> T {
    let half = k / 2;
    return x * bitcast<T>(Bits(half + BIAS) << PLACES) * bitcast<T>(Bits(k - half + BIAS) << PLACES);
}
const SCATTERS = false;
// Words: elements of the output, axes of the index, offsets of the output, the index and the
// values, stride of the axis in the indexed tensor, extent of the axis in it and in the index,
// number of the axis, first pair of a sorted index; extents of the output from 16, of the index
// from 24; strides of the index from 32 and of the values from 40, including the axis; from 48 on
// distances between the rows of a sorted index.

fn run(group: u32, own: u32) {
    let number = group * 256u + own;
    if (number >= word(0u)) {
        return;
    }
    var rest = number;
    var at = word(3u);
    var value = word(4u);
    var inside = true;
    var line = word(9u);
    var place = 0u;
    for (var axis = word(1u); axis > 0u;) {
        axis--;
        let extent = word(16u + axis);
        let step = rest % extent;
        rest /= extent;
        if (SCATTERS && axis == word(8u)) {
            place = step;
            continue;
        }
        inside = inside && step < word(24u + axis);
        at += step * word(32u + axis);
        line += step * word(48u + axis);
        if (SCATTERS || axis != word(8u)) {
            value += step * word(40u + axis);
        }
    }
    let found = min(u32(m2[at]), word(6u) - 1u);
    m0[word(2u) + number] = m1[value + found * word(5u)];
}

// A launch is spread over two axes of workgroups, which programs see as one.
@compute @workgroup_size(256)
fn main(
    @builtin(workgroup_id) group: vec3<u32>,
    @builtin(num_workgroups) groups: vec3<u32>,
    @builtin(local_invocation_index) own: u32,
) {
    run(group.y * groups.x + group.x, own);
}

// scatter_add [(F32, [3]), (I32, [300]), (F32, [300])], dispatch 0

alias T = i32;
alias R = i32;
@group(0) @binding(0) var<uniform> parameters: array<vec4<u32>, 16>;
@group(0) @binding(1) var<storage, read_write> m0: array<State>;
@group(0) @binding(2) var<storage, read> m1: array<i32>;
fn word(i: u32) -> u32 {
    return parameters[i / 4u][i % 4u];
}

// The position of the element with a given row-major number, for axes whose extents and strides are
// the words from the given ones on.
fn position(number: u32, axes: u32, extents: u32, strides: u32) -> u32 {
    var at = 0u;
    var rest = number;
    for (var axis = axes; axis > 0u; axis--) {
        let extent = word(extents + axis - 1u);
        at += (rest % extent) * word(strides + axis - 1u);
        rest /= extent;
    }
    return at;
}
alias N = f32;

fn number_at(first: u32, i: u32) -> N {
    return bitcast<f32>(word(first + i));
}

fn is_nan(x: T) -> bool {
    return false;
}
const WIDTH = 512u;
const KEPT = 0u;
const TILE = 1024u;
alias State = vec2<u32>;
fn before(a: State, b: State) -> bool { return a.x < b.x || (a.x == b.x && a.y < b.y); }
const LAST = 0xffffffffu;
fn key_of(x: T) -> u32 { return bitcast<u32>(x) ^ 0x80000000u; }
// A workgroup sorts a tile: segments of WIDTH pairs, each of a row or of a part of one.
// Words: segments, segments of a row, elements of a row, results of a row; offset of the input, whether the
// largest comes first, offset of the results, stride along the row; extents of the KEPT axes of the
// rows from 8, their strides from 16; the first row at 24.

var<workgroup> pairs: array<State, TILE>;

fn run(group: u32, own: u32) {
    let first = group * (TILE / WIDTH);
    for (var k = own; k < TILE; k += 256u) {
        let segment = first + k / WIDTH;
        let i = segment % word(1u) * WIDTH + k % WIDTH;
        // Padding after the end of a row comes after all of its elements.
        var pair = State(LAST, i);
        if (segment < word(0u) && i < word(2u)) {
            let row = word(24u) + segment / word(1u);
            let at = word(4u) + position(row, KEPT, 8u, 16u) + i * word(7u);
            let key = key_of(m1[at]);
            pair.x = select(key, LAST - key, word(5u) != 0u);
        }
        pairs[k] = pair;
    }
    for (var size = 2u; size <= WIDTH; size *= 2u) {
        for (var step = size / 2u; step > 0u; step /= 2u) {
            workgroupBarrier();
            for (var k = own; k < TILE / 2u; k += 256u) {
                let low = 2u * k - k % step;
                let a = pairs[low];
                let b = pairs[low + step];
                if (before(b, a) == (((low % WIDTH) & size) == 0u)) {
                    pairs[low] = b;
                    pairs[low + step] = a;
                }
            }
        }
    }
    workgroupBarrier();
    for (var k = own; k < TILE; k += 256u) {
        let segment = first + k / WIDTH;
        if (segment >= word(0u)) {
            continue;
        }
        let row = segment / word(1u);
        let i = segment % word(1u) * WIDTH + k % WIDTH;
        if (i < word(2u)) {
            m0[row * word(2u) + i] = pairs[k];
        }
    }
}

// A launch is spread over two axes of workgroups, which programs see as one.
@compute @workgroup_size(256)
fn main(
    @builtin(workgroup_id) group: vec3<u32>,
    @builtin(num_workgroups) groups: vec3<u32>,
    @builtin(local_invocation_index) own: u32,
) {
    run(group.y * groups.x + group.x, own);
}

// scatter_add [(F32, [3]), (I32, [300]), (F32, [300])], dispatch 1

alias T = f32;
alias R = f32;
@group(0) @binding(0) var<uniform> parameters: array<vec4<u32>, 16>;
@group(0) @binding(1) var<storage, read_write> m0: array<f32>;
@group(0) @binding(2) var<storage, read> m1: array<State>;
@group(0) @binding(3) var<storage, read> m2: array<f32>;
fn word(i: u32) -> u32 {
    return parameters[i / 4u][i % 4u];
}

// The position of the element with a given row-major number, for axes whose extents and strides are
// the words from the given ones on.
fn position(number: u32, axes: u32, extents: u32, strides: u32) -> u32 {
    var at = 0u;
    var rest = number;
    for (var axis = axes; axis > 0u; axis--) {
        let extent = word(extents + axis - 1u);
        at += (rest % extent) * word(strides + axis - 1u);
        rest /= extent;
    }
    return at;
}
alias N = f32;

fn number_at(first: u32, i: u32) -> N {
    return bitcast<f32>(word(first + i));
}

alias Bits = u32;
const SIGN: Bits = 0x80000000u;
const SIZE: Bits = 0x7fffffffu;
const ONES: Bits = 0xffffffffu;
const INFINITE: Bits = 0x7f800000u;
const POINT: Bits = 0x800000u;
const PLACES = 23u;
const BIAS = 127;
const ONE: Bits = 0x3f800000u;
const LARGEST: T = 3.4028234e38;
// WGSL allows no constants of these values.
fn infinity() -> T {
    return bitcast<T>(INFINITE + Bits(word(0u) * 0u));
}

fn nan() -> T {
    let bits = INFINITE + Bits(word(0u) * 0u);
    return bitcast<T>(bits | (bits >> 1u));
}

// A number as it was rounded: a compiler may assume that (a + b) - a is b. The last word is 0,
// which it does not know.
fn rounded(x: T) -> T {
    return bitcast<T>(bitcast<Bits>(x) ^ Bits(word(63u)));
}

// By their bits, as a compiler may assume that there is no NaN and that zeros have no sign.
fn is_nan(x: T) -> bool {
    return (bitcast<Bits>(x) & SIZE) > INFINITE;
}

fn is_infinite(x: T) -> bool {
    return (bitcast<Bits>(x) & SIZE) == INFINITE;
}

fn is_negative(x: T) -> bool {
    return bitcast<Bits>(x) > SIZE;
}

fn copysign(x: T, sign: T) -> T {
    return bitcast<T>((bitcast<Bits>(x) & SIZE) | (bitcast<Bits>(sign) & SIGN));
}

// x · 2ᵏ, in two steps, as the power alone may overflow or underflow.
fn scaled(x: T, k: i32) -> T {
    let half = k / 2;
    return x * bitcast<T>(Bits(half + BIAS) << PLACES) * bitcast<T>(Bits(k - half + BIAS) << PLACES);
}
const SCATTERS = true;
alias State = vec2<u32>;
fn before(a: State, b: State) -> bool { return a.x < b.x || (a.x == b.x && a.y < b.y); }
// Words: elements of the output, axes of the index, offsets of the output, the index and the
// values, stride of the axis in the indexed tensor, extent of the axis in it and in the index,
// number of the axis, first pair of a sorted index; extents of the output from 16, of the index
// from 24; strides of the index from 32 and of the values from 40, including the axis; from 48 on
// distances between the rows of a sorted index.

fn run(group: u32, own: u32) {
    let number = group * 256u + own;
    if (number >= word(0u)) {
        return;
    }
    var rest = number;
    var at = word(3u);
    var value = word(4u);
    var inside = true;
    var line = word(9u);
    var place = 0u;
    for (var axis = word(1u); axis > 0u;) {
        axis--;
        let extent = word(16u + axis);
        let step = rest % extent;
        rest /= extent;
        if (SCATTERS && axis == word(8u)) {
            place = step;
            continue;
        }
        inside = inside && step < word(24u + axis);
        at += step * word(32u + axis);
        line += step * word(48u + axis);
        if (SCATTERS || axis != word(8u)) {
            value += step * word(40u + axis);
        }
    }
    if (!inside) { return; }
    let to = word(2u) + number;
    let value_stride = word(40u + word(8u));
    let key = place ^ 0x80000000u;
    let end = line + word(7u);
    var high = end;
    while (line < high) {
        let middle = (line + high) / 2u;
        if (m1[middle].x < key) {
            line = middle + 1u;
        } else {
            high = middle;
        }
    }
    var result = m0[to];
    for (; line < end && m1[line].x == key; line++) {
        let i = m1[line].y;
        result = result + m2[value + i * value_stride];
    }
    m0[to] = result;
}

// A launch is spread over two axes of workgroups, which programs see as one.
@compute @workgroup_size(256)
fn main(
    @builtin(workgroup_id) group: vec3<u32>,
    @builtin(num_workgroups) groups: vec3<u32>,
    @builtin(local_invocation_index) own: u32,
) {
    run(group.y * groups.x + group.x, own);
}

// cumsum [(F32, [131072]), (F32, [131072])], dispatch 0

alias T = f32;
alias R = f32;
@group(0) @binding(0) var<uniform> parameters: array<vec4<u32>, 16>;
@group(0) @binding(1) var<storage, read_write> m0: array<State>;
@group(0) @binding(2) var<storage, read> m1: array<f32>;
fn word(i: u32) -> u32 {
    return parameters[i / 4u][i % 4u];
}

// The position of the element with a given row-major number, for axes whose extents and strides are
// the words from the given ones on.
fn position(number: u32, axes: u32, extents: u32, strides: u32) -> u32 {
    var at = 0u;
    var rest = number;
    for (var axis = axes; axis > 0u; axis--) {
        let extent = word(extents + axis - 1u);
        at += (rest % extent) * word(strides + axis - 1u);
        rest /= extent;
    }
    return at;
}
alias N = f32;

fn number_at(first: u32, i: u32) -> N {
    return bitcast<f32>(word(first + i));
}

alias Bits = u32;
const SIGN: Bits = 0x80000000u;
const SIZE: Bits = 0x7fffffffu;
const ONES: Bits = 0xffffffffu;
const INFINITE: Bits = 0x7f800000u;
const POINT: Bits = 0x800000u;
const PLACES = 23u;
const BIAS = 127;
const ONE: Bits = 0x3f800000u;
const LARGEST: T = 3.4028234e38;
// WGSL allows no constants of these values.
fn infinity() -> T {
    return bitcast<T>(INFINITE + Bits(word(0u) * 0u));
}

fn nan() -> T {
    let bits = INFINITE + Bits(word(0u) * 0u);
    return bitcast<T>(bits | (bits >> 1u));
}

// A number as it was rounded: a compiler may assume that (a + b) - a is b. The last word is 0,
// which it does not know.
fn rounded(x: T) -> T {
    return bitcast<T>(bitcast<Bits>(x) ^ Bits(word(63u)));
}

// By their bits, as a compiler may assume that there is no NaN and that zeros have no sign.
fn is_nan(x: T) -> bool {
    return (bitcast<Bits>(x) & SIZE) > INFINITE;
}

fn is_infinite(x: T) -> bool {
    return (bitcast<Bits>(x) & SIZE) == INFINITE;
}

fn is_negative(x: T) -> bool {
    return bitcast<Bits>(x) > SIZE;
}

fn copysign(x: T, sign: T) -> T {
    return bitcast<T>((bitcast<Bits>(x) & SIZE) | (bitcast<Bits>(sign) & SIGN));
}

// x · 2ᵏ, in two steps, as the power alone may overflow or underflow.
fn scaled(x: T, k: i32) -> T {
    let half = k / 2;
    return x * bitcast<T>(Bits(half + BIAS) << PLACES) * bitcast<T>(Bits(k - half + BIAS) << PLACES);
}
const LANES = 256u;
const KEPT = 0u;
const RUN = 8u;
alias State = T;
fn identity() -> State { return T(0); }
fn state_of(x: T) -> State { return x; }
fn joined(a: State, b: State) -> State { return a + b; }
fn finish(a: State) -> T { return a; }
// The accumulated value up to each element of a row. LANES invocations process an item, which is a
// row or a part of one, RUN elements each at a time: each combines its own, then they learn the
// total before them. Words: items (rows times parts), parts of a row, elements of a row and of a
// part; offset and stride of the input, offset and stride of the results, where strides may be
// negative; extents of the KEPT axes of the rows from 8, their strides from 16.

var<workgroup> held: array<State, 256>;

fn run(group: u32, own: u32) {
    let item = group * (256u / LANES) + own / LANES;
    let lane = own % LANES;
    let there = item < word(0u);
    let row = item / word(1u);
    let start = item % word(1u) * word(3u);
    let end = select(0u, min(start + word(3u), word(2u)), there);
    let base = word(4u) + position(row, KEPT, 8u, 16u);
    let out = word(6u) + row * word(2u);
    var carry = identity();
    
    for (var done = 0u; done < word(3u); done += LANES * RUN) {
        let first = start + done + lane * RUN;
        var run: array<State, RUN>;
        var state = identity();
        for (var k = 0u; k < RUN; k++) {
            let i = first + k;
            if (i < end) {
                state = joined(state, state_of(m1[base + i * word(5u)]));
            }
            run[k] = state;
        }
        var ahead = carry;
        if (LANES > 1u) {
            workgroupBarrier();
            held[own] = state;
            for (var step = 1u; step < LANES; step *= 2u) {
                workgroupBarrier();
                if (lane >= step) {
                    state = joined(held[own - step], state);
                }
                workgroupBarrier();
                held[own] = state;
            }
            workgroupBarrier();
            if (lane > 0u) {
                ahead = joined(carry, held[own - 1u]);
            }
            state = held[own - lane + LANES - 1u];
        }
        carry = joined(carry, state);
        for (var k = 0u; k < RUN; k++) {
            let i = first + k;
            if (i < end) {
                
            }
        }
    }
    if (there && lane == 0u) {
        m0[item] = carry;
    }
}

// A launch is spread over two axes of workgroups, which programs see as one.
@compute @workgroup_size(256)
fn main(
    @builtin(workgroup_id) group: vec3<u32>,
    @builtin(num_workgroups) groups: vec3<u32>,
    @builtin(local_invocation_index) own: u32,
) {
    run(group.y * groups.x + group.x, own);
}

// cumsum [(F32, [131072]), (F32, [131072])], dispatch 1

alias T = f32;
alias R = f32;
@group(0) @binding(0) var<uniform> parameters: array<vec4<u32>, 16>;
@group(0) @binding(1) var<storage, read_write> m0: array<State>;
fn word(i: u32) -> u32 {
    return parameters[i / 4u][i % 4u];
}

// The position of the element with a given row-major number, for axes whose extents and strides are
// the words from the given ones on.
fn position(number: u32, axes: u32, extents: u32, strides: u32) -> u32 {
    var at = 0u;
    var rest = number;
    for (var axis = axes; axis > 0u; axis--) {
        let extent = word(extents + axis - 1u);
        at += (rest % extent) * word(strides + axis - 1u);
        rest /= extent;
    }
    return at;
}
alias N = f32;

fn number_at(first: u32, i: u32) -> N {
    return bitcast<f32>(word(first + i));
}

alias Bits = u32;
const SIGN: Bits = 0x80000000u;
const SIZE: Bits = 0x7fffffffu;
const ONES: Bits = 0xffffffffu;
const INFINITE: Bits = 0x7f800000u;
const POINT: Bits = 0x800000u;
const PLACES = 23u;
const BIAS = 127;
const ONE: Bits = 0x3f800000u;
const LARGEST: T = 3.4028234e38;
// WGSL allows no constants of these values.
fn infinity() -> T {
    return bitcast<T>(INFINITE + Bits(word(0u) * 0u));
}

fn nan() -> T {
    let bits = INFINITE + Bits(word(0u) * 0u);
    return bitcast<T>(bits | (bits >> 1u));
}

// A number as it was rounded: a compiler may assume that (a + b) - a is b. The last word is 0,
// which it does not know.
fn rounded(x: T) -> T {
    return bitcast<T>(bitcast<Bits>(x) ^ Bits(word(63u)));
}

// By their bits, as a compiler may assume that there is no NaN and that zeros have no sign.
fn is_nan(x: T) -> bool {
    return (bitcast<Bits>(x) & SIZE) > INFINITE;
}

fn is_infinite(x: T) -> bool {
    return (bitcast<Bits>(x) & SIZE) == INFINITE;
}

fn is_negative(x: T) -> bool {
    return bitcast<Bits>(x) > SIZE;
}

fn copysign(x: T, sign: T) -> T {
    return bitcast<T>((bitcast<Bits>(x) & SIZE) | (bitcast<Bits>(sign) & SIGN));
}

// x · 2ᵏ, in two steps, as the power alone may overflow or underflow.
fn scaled(x: T, k: i32) -> T {
    let half = k / 2;
    return x * bitcast<T>(Bits(half + BIAS) << PLACES) * bitcast<T>(Bits(k - half + BIAS) << PLACES);
}
const LANES = 1u;
const KEPT = 1u;
const RUN = 8u;
alias State = T;
fn identity() -> State { return T(0); }
fn state_of(x: T) -> State { return x; }
fn joined(a: State, b: State) -> State { return a + b; }
fn finish(a: State) -> T { return a; }
// The accumulated value up to each element of a row. LANES invocations process an item, which is a
// row or a part of one, RUN elements each at a time: each combines its own, then they learn the
// total before them. Words: items (rows times parts), parts of a row, elements of a row and of a
// part; offset and stride of the input, offset and stride of the results, where strides may be
// negative; extents of the KEPT axes of the rows from 8, their strides from 16.

var<workgroup> held: array<State, 256>;

fn run(group: u32, own: u32) {
    let item = group * (256u / LANES) + own / LANES;
    let lane = own % LANES;
    let there = item < word(0u);
    let row = item / word(1u);
    let start = item % word(1u) * word(3u);
    let end = select(0u, min(start + word(3u), word(2u)), there);
    let base = word(4u) + position(row, KEPT, 8u, 16u);
    let out = word(6u) + row * word(2u);
    var carry = identity();
    
    for (var done = 0u; done < word(3u); done += LANES * RUN) {
        let first = start + done + lane * RUN;
        var run: array<State, RUN>;
        var state = identity();
        for (var k = 0u; k < RUN; k++) {
            let i = first + k;
            if (i < end) {
                state = joined(state, m0[base + i]);
            }
            run[k] = state;
        }
        var ahead = carry;
        if (LANES > 1u) {
            workgroupBarrier();
            held[own] = state;
            for (var step = 1u; step < LANES; step *= 2u) {
                workgroupBarrier();
                if (lane >= step) {
                    state = joined(held[own - step], state);
                }
                workgroupBarrier();
                held[own] = state;
            }
            workgroupBarrier();
            if (lane > 0u) {
                ahead = joined(carry, held[own - 1u]);
            }
            state = held[own - lane + LANES - 1u];
        }
        carry = joined(carry, state);
        for (var k = 0u; k < RUN; k++) {
            let i = first + k;
            if (i < end) {
                m0[base + i] = joined(ahead, run[k]);
            }
        }
    }
    
}

// A launch is spread over two axes of workgroups, which programs see as one.
@compute @workgroup_size(256)
fn main(
    @builtin(workgroup_id) group: vec3<u32>,
    @builtin(num_workgroups) groups: vec3<u32>,
    @builtin(local_invocation_index) own: u32,
) {
    run(group.y * groups.x + group.x, own);
}

// cumsum [(F32, [131072]), (F32, [131072])], dispatch 2

alias T = f32;
alias R = f32;
@group(0) @binding(0) var<uniform> parameters: array<vec4<u32>, 16>;
@group(0) @binding(1) var<storage, read_write> m0: array<f32>;
@group(0) @binding(2) var<storage, read> m1: array<f32>;
@group(0) @binding(3) var<storage, read> m2: array<State>;
fn word(i: u32) -> u32 {
    return parameters[i / 4u][i % 4u];
}

// The position of the element with a given row-major number, for axes whose extents and strides are
// the words from the given ones on.
fn position(number: u32, axes: u32, extents: u32, strides: u32) -> u32 {
    var at = 0u;
    var rest = number;
    for (var axis = axes; axis > 0u; axis--) {
        let extent = word(extents + axis - 1u);
        at += (rest % extent) * word(strides + axis - 1u);
        rest /= extent;
    }
    return at;
}
alias N = f32;

fn number_at(first: u32, i: u32) -> N {
    return bitcast<f32>(word(first + i));
}

alias Bits = u32;
const SIGN: Bits = 0x80000000u;
const SIZE: Bits = 0x7fffffffu;
const ONES: Bits = 0xffffffffu;
const INFINITE: Bits = 0x7f800000u;
const POINT: Bits = 0x800000u;
const PLACES = 23u;
const BIAS = 127;
const ONE: Bits = 0x3f800000u;
const LARGEST: T = 3.4028234e38;
// WGSL allows no constants of these values.
fn infinity() -> T {
    return bitcast<T>(INFINITE + Bits(word(0u) * 0u));
}

fn nan() -> T {
    let bits = INFINITE + Bits(word(0u) * 0u);
    return bitcast<T>(bits | (bits >> 1u));
}

// A number as it was rounded: a compiler may assume that (a + b) - a is b. The last word is 0,
// which it does not know.
fn rounded(x: T) -> T {
    return bitcast<T>(bitcast<Bits>(x) ^ Bits(word(63u)));
}

// By their bits, as a compiler may assume that there is no NaN and that zeros have no sign.
fn is_nan(x: T) -> bool {
    return (bitcast<Bits>(x) & SIZE) > INFINITE;
}

fn is_infinite(x: T) -> bool {
    return (bitcast<Bits>(x) & SIZE) == INFINITE;
}

fn is_negative(x: T) -> bool {
    return bitcast<Bits>(x) > SIZE;
}

fn copysign(x: T, sign: T) -> T {
    return bitcast<T>((bitcast<Bits>(x) & SIZE) | (bitcast<Bits>(sign) & SIGN));
}

// x · 2ᵏ, in two steps, as the power alone may overflow or underflow.
fn scaled(x: T, k: i32) -> T {
    let half = k / 2;
    return x * bitcast<T>(Bits(half + BIAS) << PLACES) * bitcast<T>(Bits(k - half + BIAS) << PLACES);
}
const LANES = 256u;
const KEPT = 0u;
const RUN = 8u;
alias State = T;
fn identity() -> State { return T(0); }
fn state_of(x: T) -> State { return x; }
fn joined(a: State, b: State) -> State { return a + b; }
fn finish(a: State) -> T { return a; }
// The accumulated value up to each element of a row. LANES invocations process an item, which is a
// row or a part of one, RUN elements each at a time: each combines its own, then they learn the
// total before them. Words: items (rows times parts), parts of a row, elements of a row and of a
// part; offset and stride of the input, offset and stride of the results, where strides may be
// negative; extents of the KEPT axes of the rows from 8, their strides from 16.

var<workgroup> held: array<State, 256>;

fn run(group: u32, own: u32) {
    let item = group * (256u / LANES) + own / LANES;
    let lane = own % LANES;
    let there = item < word(0u);
    let row = item / word(1u);
    let start = item % word(1u) * word(3u);
    let end = select(0u, min(start + word(3u), word(2u)), there);
    let base = word(4u) + position(row, KEPT, 8u, 16u);
    let out = word(6u) + row * word(2u);
    var carry = identity();
    if (there && item % word(1u) > 0u) {
        carry = m2[item - 1u];
    }
    for (var done = 0u; done < word(3u); done += LANES * RUN) {
        let first = start + done + lane * RUN;
        var run: array<State, RUN>;
        var state = identity();
        for (var k = 0u; k < RUN; k++) {
            let i = first + k;
            if (i < end) {
                state = joined(state, state_of(m1[base + i * word(5u)]));
            }
            run[k] = state;
        }
        var ahead = carry;
        if (LANES > 1u) {
            workgroupBarrier();
            held[own] = state;
            for (var step = 1u; step < LANES; step *= 2u) {
                workgroupBarrier();
                if (lane >= step) {
                    state = joined(held[own - step], state);
                }
                workgroupBarrier();
                held[own] = state;
            }
            workgroupBarrier();
            if (lane > 0u) {
                ahead = joined(carry, held[own - 1u]);
            }
            state = held[own - lane + LANES - 1u];
        }
        carry = joined(carry, state);
        for (var k = 0u; k < RUN; k++) {
            let i = first + k;
            if (i < end) {
                m0[out + i * word(7u)] = finish(joined(ahead, run[k]));
            }
        }
    }
    
}

// A launch is spread over two axes of workgroups, which programs see as one.
@compute @workgroup_size(256)
fn main(
    @builtin(workgroup_id) group: vec3<u32>,
    @builtin(num_workgroups) groups: vec3<u32>,
    @builtin(local_invocation_index) own: u32,
) {
    run(group.y * groups.x + group.x, own);
}

// cumprod [(F32, [9, 3]), (F32, [9, 3])], dispatch 0

alias T = f32;
alias R = f32;
@group(0) @binding(0) var<uniform> parameters: array<vec4<u32>, 16>;
@group(0) @binding(1) var<storage, read_write> m0: array<f32>;
@group(0) @binding(2) var<storage, read> m1: array<f32>;
fn word(i: u32) -> u32 {
    return parameters[i / 4u][i % 4u];
}

// The position of the element with a given row-major number, for axes whose extents and strides are
// the words from the given ones on.
fn position(number: u32, axes: u32, extents: u32, strides: u32) -> u32 {
    var at = 0u;
    var rest = number;
    for (var axis = axes; axis > 0u; axis--) {
        let extent = word(extents + axis - 1u);
        at += (rest % extent) * word(strides + axis - 1u);
        rest /= extent;
    }
    return at;
}
alias N = f32;

fn number_at(first: u32, i: u32) -> N {
    return bitcast<f32>(word(first + i));
}

alias Bits = u32;
const SIGN: Bits = 0x80000000u;
const SIZE: Bits = 0x7fffffffu;
const ONES: Bits = 0xffffffffu;
const INFINITE: Bits = 0x7f800000u;
const POINT: Bits = 0x800000u;
const PLACES = 23u;
const BIAS = 127;
const ONE: Bits = 0x3f800000u;
const LARGEST: T = 3.4028234e38;
// WGSL allows no constants of these values.
fn infinity() -> T {
    return bitcast<T>(INFINITE + Bits(word(0u) * 0u));
}

fn nan() -> T {
    let bits = INFINITE + Bits(word(0u) * 0u);
    return bitcast<T>(bits | (bits >> 1u));
}

// A number as it was rounded: a compiler may assume that (a + b) - a is b. The last word is 0,
// which it does not know.
fn rounded(x: T) -> T {
    return bitcast<T>(bitcast<Bits>(x) ^ Bits(word(63u)));
}

// By their bits, as a compiler may assume that there is no NaN and that zeros have no sign.
fn is_nan(x: T) -> bool {
    return (bitcast<Bits>(x) & SIZE) > INFINITE;
}

fn is_infinite(x: T) -> bool {
    return (bitcast<Bits>(x) & SIZE) == INFINITE;
}

fn is_negative(x: T) -> bool {
    return bitcast<Bits>(x) > SIZE;
}

fn copysign(x: T, sign: T) -> T {
    return bitcast<T>((bitcast<Bits>(x) & SIZE) | (bitcast<Bits>(sign) & SIGN));
}

// x · 2ᵏ, in two steps, as the power alone may overflow or underflow.
fn scaled(x: T, k: i32) -> T {
    let half = k / 2;
    return x * bitcast<T>(Bits(half + BIAS) << PLACES) * bitcast<T>(Bits(k - half + BIAS) << PLACES);
}
const LANES = 1u;
const KEPT = 1u;
const RUN = 8u;
// A factor from 1 to 2 (or 0, an infinity or NaN) and a power of two: a partial product stays in
// range if the whole product does.
struct State {
    factor: T,
    power: i32,
}

fn identity() -> State {
    return State(1.0, 0);
}

fn state_of(x: T) -> State {
    let bits = bitcast<Bits>(x);
    let power = bits & INFINITE;
    if (power < POINT || power == INFINITE) {
        return State(x, 0);
    }
    return State(bitcast<T>((bits ^ power) | ONE), i32(power >> PLACES) - BIAS);
}

fn joined(a: State, b: State) -> State {
    let product = state_of(a.factor * b.factor);
    return State(product.factor, clamp(product.power + a.power + b.power, -500000000, 500000000));
}

fn finish(a: State) -> T {
    return scaled(a.factor, clamp(a.power, 4 - 2 * BIAS, 2 * BIAS - 4));
}

// The accumulated value up to each element of a row. LANES invocations process an item, which is a
// row or a part of one, RUN elements each at a time: each combines its own, then they learn the
// total before them. Words: items (rows times parts), parts of a row, elements of a row and of a
// part; offset and stride of the input, offset and stride of the results, where strides may be
// negative; extents of the KEPT axes of the rows from 8, their strides from 16.

var<workgroup> held: array<State, 256>;

fn run(group: u32, own: u32) {
    let item = group * (256u / LANES) + own / LANES;
    let lane = own % LANES;
    let there = item < word(0u);
    let row = item / word(1u);
    let start = item % word(1u) * word(3u);
    let end = select(0u, min(start + word(3u), word(2u)), there);
    let base = word(4u) + position(row, KEPT, 8u, 16u);
    let out = word(6u) + row * word(2u);
    var carry = identity();
    
    for (var done = 0u; done < word(3u); done += LANES * RUN) {
        let first = start + done + lane * RUN;
        var run: array<State, RUN>;
        var state = identity();
        for (var k = 0u; k < RUN; k++) {
            let i = first + k;
            if (i < end) {
                state = joined(state, state_of(m1[base + i * word(5u)]));
            }
            run[k] = state;
        }
        var ahead = carry;
        if (LANES > 1u) {
            workgroupBarrier();
            held[own] = state;
            for (var step = 1u; step < LANES; step *= 2u) {
                workgroupBarrier();
                if (lane >= step) {
                    state = joined(held[own - step], state);
                }
                workgroupBarrier();
                held[own] = state;
            }
            workgroupBarrier();
            if (lane > 0u) {
                ahead = joined(carry, held[own - 1u]);
            }
            state = held[own - lane + LANES - 1u];
        }
        carry = joined(carry, state);
        for (var k = 0u; k < RUN; k++) {
            let i = first + k;
            if (i < end) {
                m0[out + i * word(7u)] = finish(joined(ahead, run[k]));
            }
        }
    }
    
}

// A launch is spread over two axes of workgroups, which programs see as one.
@compute @workgroup_size(256)
fn main(
    @builtin(workgroup_id) group: vec3<u32>,
    @builtin(num_workgroups) groups: vec3<u32>,
    @builtin(local_invocation_index) own: u32,
) {
    run(group.y * groups.x + group.x, own);
}

// cumprod [(F64, [9, 3]), (F64, [9, 3])], dispatch 0

alias T = f64;
alias R = f64;
@group(0) @binding(0) var<uniform> parameters: array<vec4<u32>, 16>;
@group(0) @binding(1) var<storage, read_write> m0: array<f64>;
@group(0) @binding(2) var<storage, read> m1: array<f64>;
fn word(i: u32) -> u32 {
    return parameters[i / 4u][i % 4u];
}

// The position of the element with a given row-major number, for axes whose extents and strides are
// the words from the given ones on.
fn position(number: u32, axes: u32, extents: u32, strides: u32) -> u32 {
    var at = 0u;
    var rest = number;
    for (var axis = axes; axis > 0u; axis--) {
        let extent = word(extents + axis - 1u);
        at += (rest % extent) * word(strides + axis - 1u);
        rest /= extent;
    }
    return at;
}
alias N = f64;

fn number_at(first: u32, i: u32) -> N {
    let at = first + 2u * i;
    return bitcast<f64>(u64(word(at)) | (u64(word(at + 1u)) << 32u));
}

alias Bits = u64;
const SIGN: Bits = 0x8000000000000000lu;
const SIZE: Bits = 0x7ffffffffffffffflu;
const ONES: Bits = 0xfffffffffffffffflu;
const INFINITE: Bits = 0x7ff0000000000000lu;
const POINT: Bits = 0x10000000000000lu;
const PLACES = 52u;
const BIAS = 1023;
const ONE: Bits = 0x3ff0000000000000lu;
const LARGEST: T = 1.7976931348623157e308;
// WGSL allows no constants of these values.
fn infinity() -> T {
    return bitcast<T>(INFINITE + Bits(word(0u) * 0u));
}

fn nan() -> T {
    let bits = INFINITE + Bits(word(0u) * 0u);
    return bitcast<T>(bits | (bits >> 1u));
}

// A number as it was rounded: a compiler may assume that (a + b) - a is b. The last word is 0,
// which it does not know.
fn rounded(x: T) -> T {
    return bitcast<T>(bitcast<Bits>(x) ^ Bits(word(63u)));
}

// By their bits, as a compiler may assume that there is no NaN and that zeros have no sign.
fn is_nan(x: T) -> bool {
    return (bitcast<Bits>(x) & SIZE) > INFINITE;
}

fn is_infinite(x: T) -> bool {
    return (bitcast<Bits>(x) & SIZE) == INFINITE;
}

fn is_negative(x: T) -> bool {
    return bitcast<Bits>(x) > SIZE;
}

fn copysign(x: T, sign: T) -> T {
    return bitcast<T>((bitcast<Bits>(x) & SIZE) | (bitcast<Bits>(sign) & SIGN));
}

// x · 2ᵏ, in two steps, as the power alone may overflow or underflow.
fn scaled(x: T, k: i32) -> T {
    let half = k / 2;
    return x * bitcast<T>(Bits(half + BIAS) << PLACES) * bitcast<T>(Bits(k - half + BIAS) << PLACES);
}
const LANES = 1u;
const KEPT = 1u;
const RUN = 8u;
// A factor from 1 to 2 (or 0, an infinity or NaN) and a power of two: a partial product stays in
// range if the whole product does.
struct State {
    factor: T,
    power: i32,
}

fn identity() -> State {
    return State(1.0, 0);
}

fn state_of(x: T) -> State {
    let bits = bitcast<Bits>(x);
    let power = bits & INFINITE;
    if (power < POINT || power == INFINITE) {
        return State(x, 0);
    }
    return State(bitcast<T>((bits ^ power) | ONE), i32(power >> PLACES) - BIAS);
}

fn joined(a: State, b: State) -> State {
    let product = state_of(a.factor * b.factor);
    return State(product.factor, clamp(product.power + a.power + b.power, -500000000, 500000000));
}

fn finish(a: State) -> T {
    return scaled(a.factor, clamp(a.power, 4 - 2 * BIAS, 2 * BIAS - 4));
}

// The accumulated value up to each element of a row. LANES invocations process an item, which is a
// row or a part of one, RUN elements each at a time: each combines its own, then they learn the
// total before them. Words: items (rows times parts), parts of a row, elements of a row and of a
// part; offset and stride of the input, offset and stride of the results, where strides may be
// negative; extents of the KEPT axes of the rows from 8, their strides from 16.

var<workgroup> held: array<State, 256>;

fn run(group: u32, own: u32) {
    let item = group * (256u / LANES) + own / LANES;
    let lane = own % LANES;
    let there = item < word(0u);
    let row = item / word(1u);
    let start = item % word(1u) * word(3u);
    let end = select(0u, min(start + word(3u), word(2u)), there);
    let base = word(4u) + position(row, KEPT, 8u, 16u);
    let out = word(6u) + row * word(2u);
    var carry = identity();
    
    for (var done = 0u; done < word(3u); done += LANES * RUN) {
        let first = start + done + lane * RUN;
        var run: array<State, RUN>;
        var state = identity();
        for (var k = 0u; k < RUN; k++) {
            let i = first + k;
            if (i < end) {
                state = joined(state, state_of(m1[base + i * word(5u)]));
            }
            run[k] = state;
        }
        var ahead = carry;
        if (LANES > 1u) {
            workgroupBarrier();
            held[own] = state;
            for (var step = 1u; step < LANES; step *= 2u) {
                workgroupBarrier();
                if (lane >= step) {
                    state = joined(held[own - step], state);
                }
                workgroupBarrier();
                held[own] = state;
            }
            workgroupBarrier();
            if (lane > 0u) {
                ahead = joined(carry, held[own - 1u]);
            }
            state = held[own - lane + LANES - 1u];
        }
        carry = joined(carry, state);
        for (var k = 0u; k < RUN; k++) {
            let i = first + k;
            if (i < end) {
                m0[out + i * word(7u)] = finish(joined(ahead, run[k]));
            }
        }
    }
    
}

// A launch is spread over two axes of workgroups, which programs see as one.
@compute @workgroup_size(256)
fn main(
    @builtin(workgroup_id) group: vec3<u32>,
    @builtin(num_workgroups) groups: vec3<u32>,
    @builtin(local_invocation_index) own: u32,
) {
    run(group.y * groups.x + group.x, own);
}

// argsort [(I32, [2000]), (F32, [2000])], dispatch 0

alias T = f32;
alias R = f32;
@group(0) @binding(0) var<uniform> parameters: array<vec4<u32>, 16>;
@group(0) @binding(1) var<storage, read_write> m0: array<State>;
@group(0) @binding(2) var<storage, read> m1: array<f32>;
fn word(i: u32) -> u32 {
    return parameters[i / 4u][i % 4u];
}

// The position of the element with a given row-major number, for axes whose extents and strides are
// the words from the given ones on.
fn position(number: u32, axes: u32, extents: u32, strides: u32) -> u32 {
    var at = 0u;
    var rest = number;
    for (var axis = axes; axis > 0u; axis--) {
        let extent = word(extents + axis - 1u);
        at += (rest % extent) * word(strides + axis - 1u);
        rest /= extent;
    }
    return at;
}
alias N = f32;

fn number_at(first: u32, i: u32) -> N {
    return bitcast<f32>(word(first + i));
}

alias Bits = u32;
const SIGN: Bits = 0x80000000u;
const SIZE: Bits = 0x7fffffffu;
const ONES: Bits = 0xffffffffu;
const INFINITE: Bits = 0x7f800000u;
const POINT: Bits = 0x800000u;
const PLACES = 23u;
const BIAS = 127;
const ONE: Bits = 0x3f800000u;
const LARGEST: T = 3.4028234e38;
// WGSL allows no constants of these values.
fn infinity() -> T {
    return bitcast<T>(INFINITE + Bits(word(0u) * 0u));
}

fn nan() -> T {
    let bits = INFINITE + Bits(word(0u) * 0u);
    return bitcast<T>(bits | (bits >> 1u));
}

// A number as it was rounded: a compiler may assume that (a + b) - a is b. The last word is 0,
// which it does not know.
fn rounded(x: T) -> T {
    return bitcast<T>(bitcast<Bits>(x) ^ Bits(word(63u)));
}

// By their bits, as a compiler may assume that there is no NaN and that zeros have no sign.
fn is_nan(x: T) -> bool {
    return (bitcast<Bits>(x) & SIZE) > INFINITE;
}

fn is_infinite(x: T) -> bool {
    return (bitcast<Bits>(x) & SIZE) == INFINITE;
}

fn is_negative(x: T) -> bool {
    return bitcast<Bits>(x) > SIZE;
}

fn copysign(x: T, sign: T) -> T {
    return bitcast<T>((bitcast<Bits>(x) & SIZE) | (bitcast<Bits>(sign) & SIGN));
}

// x · 2ᵏ, in two steps, as the power alone may overflow or underflow.
fn scaled(x: T, k: i32) -> T {
    let half = k / 2;
    return x * bitcast<T>(Bits(half + BIAS) << PLACES) * bitcast<T>(Bits(k - half + BIAS) << PLACES);
}
const WIDTH = 1024u;
const KEPT = 0u;
const TILE = 1024u;
alias State = vec2<u32>;
fn before(a: State, b: State) -> bool { return a.x < b.x || (a.x == b.x && a.y < b.y); }
const LAST = ONES;
fn key_of(x: T) -> Bits {
    let bits = bitcast<Bits>(x);
    let size = bits & SIZE;
    if (size > INFINITE) { return LAST; }
    if (size == 0) { return SIGN; }
    return select(bits | SIGN, LAST - bits, bits >= SIGN);
}
// A workgroup sorts a tile: segments of WIDTH pairs, each of a row or of a part of one.
// Words: segments, segments of a row, elements of a row, results of a row; offset of the input, whether the
// largest comes first, offset of the results, stride along the row; extents of the KEPT axes of the
// rows from 8, their strides from 16; the first row at 24.

var<workgroup> pairs: array<State, TILE>;

fn run(group: u32, own: u32) {
    let first = group * (TILE / WIDTH);
    for (var k = own; k < TILE; k += 256u) {
        let segment = first + k / WIDTH;
        let i = segment % word(1u) * WIDTH + k % WIDTH;
        // Padding after the end of a row comes after all of its elements.
        var pair = State(LAST, i);
        if (segment < word(0u) && i < word(2u)) {
            let row = word(24u) + segment / word(1u);
            let at = word(4u) + position(row, KEPT, 8u, 16u) + i * word(7u);
            let key = key_of(m1[at]);
            pair.x = select(key, LAST - key, word(5u) != 0u);
        }
        pairs[k] = pair;
    }
    for (var size = 2u; size <= WIDTH; size *= 2u) {
        for (var step = size / 2u; step > 0u; step /= 2u) {
            workgroupBarrier();
            for (var k = own; k < TILE / 2u; k += 256u) {
                let low = 2u * k - k % step;
                let a = pairs[low];
                let b = pairs[low + step];
                if (before(b, a) == (((low % WIDTH) & size) == 0u)) {
                    pairs[low] = b;
                    pairs[low + step] = a;
                }
            }
        }
    }
    workgroupBarrier();
    for (var k = own; k < TILE; k += 256u) {
        let segment = first + k / WIDTH;
        if (segment >= word(0u)) {
            continue;
        }
        let row = segment / word(1u);
        let i = segment % word(1u) * WIDTH + k % WIDTH;
        if (i < word(2u)) {
            m0[row * word(2u) + i] = pairs[k];
        }
    }
}

// A launch is spread over two axes of workgroups, which programs see as one.
@compute @workgroup_size(256)
fn main(
    @builtin(workgroup_id) group: vec3<u32>,
    @builtin(num_workgroups) groups: vec3<u32>,
    @builtin(local_invocation_index) own: u32,
) {
    run(group.y * groups.x + group.x, own);
}

// argsort [(I32, [2000]), (F32, [2000])], dispatch 1

alias T = i32;
alias R = i32;
@group(0) @binding(0) var<uniform> parameters: array<vec4<u32>, 16>;
@group(0) @binding(1) var<storage, read_write> m0: array<i32>;
@group(0) @binding(2) var<storage, read> m1: array<State>;
fn word(i: u32) -> u32 {
    return parameters[i / 4u][i % 4u];
}

// The position of the element with a given row-major number, for axes whose extents and strides are
// the words from the given ones on.
fn position(number: u32, axes: u32, extents: u32, strides: u32) -> u32 {
    var at = 0u;
    var rest = number;
    for (var axis = axes; axis > 0u; axis--) {
        let extent = word(extents + axis - 1u);
        at += (rest % extent) * word(strides + axis - 1u);
        rest /= extent;
    }
    return at;
}
alias N = f32;

fn number_at(first: u32, i: u32) -> N {
    return bitcast<f32>(word(first + i));
}

fn is_nan(x: T) -> bool {
    return false;
}
alias State = vec2<u32>;
fn before(a: State, b: State) -> bool { return a.x < b.x || (a.x == b.x && a.y < b.y); }
// Each pair finds its position among those of the run that is merged with its own. Words: pairs,
// length of a run, elements of a row, results of a row; offsets of the pairs to read and to write,
// offset of the results; the first row at 24.

fn run(group: u32, own: u32) {
    let number = group * 256u + own;
    if (number >= word(0u)) {
        return;
    }
    let run = word(1u);
    let row = number / word(2u);
    let i = number % word(2u);
    let base = word(4u) + row * word(2u);
    let pair = m1[base + i];
    let start = i - i % (2u * run);
    let other = select(start, start + run, i - start < run);
    var low = min(other, word(2u));
    var high = min(other + run, word(2u));
    let first = low;
    while (low < high) {
        let middle = (low + high) / 2u;
        if (before(m1[base + middle], pair)) {
            low = middle + 1u;
        } else {
            high = middle;
        }
    }
    let place = start + i % run + (low - first);
    if (place < word(3u)) {
        m0[word(6u) + (word(24u) + row) * word(3u) + place] = i32(pair.y);
    }
}

// A launch is spread over two axes of workgroups, which programs see as one.
@compute @workgroup_size(256)
fn main(
    @builtin(workgroup_id) group: vec3<u32>,
    @builtin(num_workgroups) groups: vec3<u32>,
    @builtin(local_invocation_index) own: u32,
) {
    run(group.y * groups.x + group.x, own);
}

// argsort [(I32, [2000]), (F64, [2000])], dispatch 0

alias T = f64;
alias R = f64;
@group(0) @binding(0) var<uniform> parameters: array<vec4<u32>, 16>;
@group(0) @binding(1) var<storage, read_write> m0: array<State>;
@group(0) @binding(2) var<storage, read> m1: array<f64>;
fn word(i: u32) -> u32 {
    return parameters[i / 4u][i % 4u];
}

// The position of the element with a given row-major number, for axes whose extents and strides are
// the words from the given ones on.
fn position(number: u32, axes: u32, extents: u32, strides: u32) -> u32 {
    var at = 0u;
    var rest = number;
    for (var axis = axes; axis > 0u; axis--) {
        let extent = word(extents + axis - 1u);
        at += (rest % extent) * word(strides + axis - 1u);
        rest /= extent;
    }
    return at;
}
alias N = f64;

fn number_at(first: u32, i: u32) -> N {
    let at = first + 2u * i;
    return bitcast<f64>(u64(word(at)) | (u64(word(at + 1u)) << 32u));
}

alias Bits = u64;
const SIGN: Bits = 0x8000000000000000lu;
const SIZE: Bits = 0x7ffffffffffffffflu;
const ONES: Bits = 0xfffffffffffffffflu;
const INFINITE: Bits = 0x7ff0000000000000lu;
const POINT: Bits = 0x10000000000000lu;
const PLACES = 52u;
const BIAS = 1023;
const ONE: Bits = 0x3ff0000000000000lu;
const LARGEST: T = 1.7976931348623157e308;
// WGSL allows no constants of these values.
fn infinity() -> T {
    return bitcast<T>(INFINITE + Bits(word(0u) * 0u));
}

fn nan() -> T {
    let bits = INFINITE + Bits(word(0u) * 0u);
    return bitcast<T>(bits | (bits >> 1u));
}

// A number as it was rounded: a compiler may assume that (a + b) - a is b. The last word is 0,
// which it does not know.
fn rounded(x: T) -> T {
    return bitcast<T>(bitcast<Bits>(x) ^ Bits(word(63u)));
}

// By their bits, as a compiler may assume that there is no NaN and that zeros have no sign.
fn is_nan(x: T) -> bool {
    return (bitcast<Bits>(x) & SIZE) > INFINITE;
}

fn is_infinite(x: T) -> bool {
    return (bitcast<Bits>(x) & SIZE) == INFINITE;
}

fn is_negative(x: T) -> bool {
    return bitcast<Bits>(x) > SIZE;
}

fn copysign(x: T, sign: T) -> T {
    return bitcast<T>((bitcast<Bits>(x) & SIZE) | (bitcast<Bits>(sign) & SIGN));
}

// x · 2ᵏ, in two steps, as the power alone may overflow or underflow.
fn scaled(x: T, k: i32) -> T {
    let half = k / 2;
    return x * bitcast<T>(Bits(half + BIAS) << PLACES) * bitcast<T>(Bits(k - half + BIAS) << PLACES);
}
const WIDTH = 1024u;
const KEPT = 0u;
const TILE = 1024u;
struct State { x: Bits, y: u32 }
fn before(a: State, b: State) -> bool { return a.x < b.x || (a.x == b.x && a.y < b.y); }
const LAST = ONES;
fn key_of(x: T) -> Bits {
    let bits = bitcast<Bits>(x);
    let size = bits & SIZE;
    if (size > INFINITE) { return LAST; }
    if (size == 0) { return SIGN; }
    return select(bits | SIGN, LAST - bits, bits >= SIGN);
}
// A workgroup sorts a tile: segments of WIDTH pairs, each of a row or of a part of one.
// Words: segments, segments of a row, elements of a row, results of a row; offset of the input, whether the
// largest comes first, offset of the results, stride along the row; extents of the KEPT axes of the
// rows from 8, their strides from 16; the first row at 24.

var<workgroup> pairs: array<State, TILE>;

fn run(group: u32, own: u32) {
    let first = group * (TILE / WIDTH);
    for (var k = own; k < TILE; k += 256u) {
        let segment = first + k / WIDTH;
        let i = segment % word(1u) * WIDTH + k % WIDTH;
        // Padding after the end of a row comes after all of its elements.
        var pair = State(LAST, i);
        if (segment < word(0u) && i < word(2u)) {
            let row = word(24u) + segment / word(1u);
            let at = word(4u) + position(row, KEPT, 8u, 16u) + i * word(7u);
            let key = key_of(m1[at]);
            pair.x = select(key, LAST - key, word(5u) != 0u);
        }
        pairs[k] = pair;
    }
    for (var size = 2u; size <= WIDTH; size *= 2u) {
        for (var step = size / 2u; step > 0u; step /= 2u) {
            workgroupBarrier();
            for (var k = own; k < TILE / 2u; k += 256u) {
                let low = 2u * k - k % step;
                let a = pairs[low];
                let b = pairs[low + step];
                if (before(b, a) == (((low % WIDTH) & size) == 0u)) {
                    pairs[low] = b;
                    pairs[low + step] = a;
                }
            }
        }
    }
    workgroupBarrier();
    for (var k = own; k < TILE; k += 256u) {
        let segment = first + k / WIDTH;
        if (segment >= word(0u)) {
            continue;
        }
        let row = segment / word(1u);
        let i = segment % word(1u) * WIDTH + k % WIDTH;
        if (i < word(2u)) {
            m0[row * word(2u) + i] = pairs[k];
        }
    }
}

// A launch is spread over two axes of workgroups, which programs see as one.
@compute @workgroup_size(256)
fn main(
    @builtin(workgroup_id) group: vec3<u32>,
    @builtin(num_workgroups) groups: vec3<u32>,
    @builtin(local_invocation_index) own: u32,
) {
    run(group.y * groups.x + group.x, own);
}

// argsort [(I32, [2000]), (F64, [2000])], dispatch 1

alias T = f64;
alias R = f64;
@group(0) @binding(0) var<uniform> parameters: array<vec4<u32>, 16>;
@group(0) @binding(1) var<storage, read_write> m0: array<i32>;
@group(0) @binding(2) var<storage, read> m1: array<State>;
fn word(i: u32) -> u32 {
    return parameters[i / 4u][i % 4u];
}

// The position of the element with a given row-major number, for axes whose extents and strides are
// the words from the given ones on.
fn position(number: u32, axes: u32, extents: u32, strides: u32) -> u32 {
    var at = 0u;
    var rest = number;
    for (var axis = axes; axis > 0u; axis--) {
        let extent = word(extents + axis - 1u);
        at += (rest % extent) * word(strides + axis - 1u);
        rest /= extent;
    }
    return at;
}
alias N = f64;

fn number_at(first: u32, i: u32) -> N {
    let at = first + 2u * i;
    return bitcast<f64>(u64(word(at)) | (u64(word(at + 1u)) << 32u));
}

alias Bits = u64;
const SIGN: Bits = 0x8000000000000000lu;
const SIZE: Bits = 0x7ffffffffffffffflu;
const ONES: Bits = 0xfffffffffffffffflu;
const INFINITE: Bits = 0x7ff0000000000000lu;
const POINT: Bits = 0x10000000000000lu;
const PLACES = 52u;
const BIAS = 1023;
const ONE: Bits = 0x3ff0000000000000lu;
const LARGEST: T = 1.7976931348623157e308;
// WGSL allows no constants of these values.
fn infinity() -> T {
    return bitcast<T>(INFINITE + Bits(word(0u) * 0u));
}

fn nan() -> T {
    let bits = INFINITE + Bits(word(0u) * 0u);
    return bitcast<T>(bits | (bits >> 1u));
}

// A number as it was rounded: a compiler may assume that (a + b) - a is b. The last word is 0,
// which it does not know.
fn rounded(x: T) -> T {
    return bitcast<T>(bitcast<Bits>(x) ^ Bits(word(63u)));
}

// By their bits, as a compiler may assume that there is no NaN and that zeros have no sign.
fn is_nan(x: T) -> bool {
    return (bitcast<Bits>(x) & SIZE) > INFINITE;
}

fn is_infinite(x: T) -> bool {
    return (bitcast<Bits>(x) & SIZE) == INFINITE;
}

fn is_negative(x: T) -> bool {
    return bitcast<Bits>(x) > SIZE;
}

fn copysign(x: T, sign: T) -> T {
    return bitcast<T>((bitcast<Bits>(x) & SIZE) | (bitcast<Bits>(sign) & SIGN));
}

// x · 2ᵏ, in two steps, as the power alone may overflow or underflow.
fn scaled(x: T, k: i32) -> T {
    let half = k / 2;
    return x * bitcast<T>(Bits(half + BIAS) << PLACES) * bitcast<T>(Bits(k - half + BIAS) << PLACES);
}
struct State { x: Bits, y: u32 }
fn before(a: State, b: State) -> bool { return a.x < b.x || (a.x == b.x && a.y < b.y); }
// Each pair finds its position among those of the run that is merged with its own. Words: pairs,
// length of a run, elements of a row, results of a row; offsets of the pairs to read and to write,
// offset of the results; the first row at 24.

fn run(group: u32, own: u32) {
    let number = group * 256u + own;
    if (number >= word(0u)) {
        return;
    }
    let run = word(1u);
    let row = number / word(2u);
    let i = number % word(2u);
    let base = word(4u) + row * word(2u);
    let pair = m1[base + i];
    let start = i - i % (2u * run);
    let other = select(start, start + run, i - start < run);
    var low = min(other, word(2u));
    var high = min(other + run, word(2u));
    let first = low;
    while (low < high) {
        let middle = (low + high) / 2u;
        if (before(m1[base + middle], pair)) {
            low = middle + 1u;
        } else {
            high = middle;
        }
    }
    let place = start + i % run + (low - first);
    if (place < word(3u)) {
        m0[word(6u) + (word(24u) + row) * word(3u) + place] = i32(pair.y);
    }
}

// A launch is spread over two axes of workgroups, which programs see as one.
@compute @workgroup_size(256)
fn main(
    @builtin(workgroup_id) group: vec3<u32>,
    @builtin(num_workgroups) groups: vec3<u32>,
    @builtin(local_invocation_index) own: u32,
) {
    run(group.y * groups.x + group.x, own);
}

// adam_step [(F32, [64]), (F32, [64]), (F32, [64]), (F32, [64])], dispatch 0

alias T = f32;
alias R = f32;
@group(0) @binding(0) var<uniform> parameters: array<vec4<u32>, 16>;
@group(0) @binding(1) var<storage, read_write> m0: array<vec4<f32>>;
@group(0) @binding(2) var<storage, read_write> m1: array<vec4<f32>>;
@group(0) @binding(3) var<storage, read_write> m2: array<vec4<f32>>;
@group(0) @binding(4) var<storage, read> m3: array<vec4<f32>>;
fn word(i: u32) -> u32 {
    return parameters[i / 4u][i % 4u];
}

// The position of the element with a given row-major number, for axes whose extents and strides are
// the words from the given ones on.
fn position(number: u32, axes: u32, extents: u32, strides: u32) -> u32 {
    var at = 0u;
    var rest = number;
    for (var axis = axes; axis > 0u; axis--) {
        let extent = word(extents + axis - 1u);
        at += (rest % extent) * word(strides + axis - 1u);
        rest /= extent;
    }
    return at;
}
alias N = f32;

fn number_at(first: u32, i: u32) -> N {
    return bitcast<f32>(word(first + i));
}

alias Bits = u32;
const SIGN: Bits = 0x80000000u;
const SIZE: Bits = 0x7fffffffu;
const ONES: Bits = 0xffffffffu;
const INFINITE: Bits = 0x7f800000u;
const POINT: Bits = 0x800000u;
const PLACES = 23u;
const BIAS = 127;
const ONE: Bits = 0x3f800000u;
const LARGEST: T = 3.4028234e38;
// WGSL allows no constants of these values.
fn infinity() -> T {
    return bitcast<T>(INFINITE + Bits(word(0u) * 0u));
}

fn nan() -> T {
    let bits = INFINITE + Bits(word(0u) * 0u);
    return bitcast<T>(bits | (bits >> 1u));
}

// A number as it was rounded: a compiler may assume that (a + b) - a is b. The last word is 0,
// which it does not know.
fn rounded(x: T) -> T {
    return bitcast<T>(bitcast<Bits>(x) ^ Bits(word(63u)));
}

// By their bits, as a compiler may assume that there is no NaN and that zeros have no sign.
fn is_nan(x: T) -> bool {
    return (bitcast<Bits>(x) & SIZE) > INFINITE;
}

fn is_infinite(x: T) -> bool {
    return (bitcast<Bits>(x) & SIZE) == INFINITE;
}

fn is_negative(x: T) -> bool {
    return bitcast<Bits>(x) > SIZE;
}

fn copysign(x: T, sign: T) -> T {
    return bitcast<T>((bitcast<Bits>(x) & SIZE) | (bitcast<Bits>(sign) & SIGN));
}

// x · 2ᵏ, in two steps, as the power alone may overflow or underflow.
fn scaled(x: T, k: i32) -> T {
    let half = k / 2;
    return x * bitcast<T>(Bits(half + BIAS) << PLACES) * bitcast<T>(Bits(k - half + BIAS) << PLACES);
}
alias E = vec4<T>;
const GRADIENT = 4u;
// Words: items, offsets of the parameter, its states and the gradient; from 8 on the numbers of the
// step.

fn number(i: u32) -> N {
    return number_at(8u, i);
}

// The gradient to descend, with the decay that enters it. Without any it does not matter what the
// parameter holds: 0 * infinity would be NaN.
fn descent(g: E, p: E) -> E {
    let down = number(2u) * g;
    return select(down + number(1u) * p, down, number(1u) == 0);
}

fn run(group: u32, own: u32) {
    let i = group * 256u + own;
    if (i >= word(0u)) {
        return;
    }
    let p = word(1u) + i;
    let s = word(2u) + i;
    let t = word(3u) + i;
    let g = word(GRADIENT) + i;
    let held = m0[p] * number(3u);
    let gradient = descent(m3[g], held);
    let mean = m1[s] + number(4u) * (gradient - m1[s]);
    let next = number(5u) * m2[t] + number(6u) * (gradient * gradient);
    let square = min(next, E(LARGEST));
    m1[s] = mean;
    m2[t] = square;
    let size = sqrt(select(square, next, abs(mean) > E(LARGEST)));
    m0[p] = held - number(0u) * mean / (size / number(7u) + number(8u));
}

// A launch is spread over two axes of workgroups, which programs see as one.
@compute @workgroup_size(256)
fn main(
    @builtin(workgroup_id) group: vec3<u32>,
    @builtin(num_workgroups) groups: vec3<u32>,
    @builtin(local_invocation_index) own: u32,
) {
    run(group.y * groups.x + group.x, own);
}

// layer_norm [(F32, [8, 100]), (F32, [8, 100]), (F32, [100]), (F32, [100])], dispatch 0

alias T = f32;
alias R = f32;
@group(0) @binding(0) var<uniform> parameters: array<vec4<u32>, 16>;
@group(0) @binding(1) var<storage, read_write> m0: array<vec4<f32>>;
@group(0) @binding(2) var<storage, read> m1: array<vec4<f32>>;
@group(0) @binding(3) var<storage, read> m2: array<vec4<f32>>;
@group(0) @binding(4) var<storage, read> m3: array<vec4<f32>>;
fn word(i: u32) -> u32 {
    return parameters[i / 4u][i % 4u];
}

// The position of the element with a given row-major number, for axes whose extents and strides are
// the words from the given ones on.
fn position(number: u32, axes: u32, extents: u32, strides: u32) -> u32 {
    var at = 0u;
    var rest = number;
    for (var axis = axes; axis > 0u; axis--) {
        let extent = word(extents + axis - 1u);
        at += (rest % extent) * word(strides + axis - 1u);
        rest /= extent;
    }
    return at;
}
alias N = f32;

fn number_at(first: u32, i: u32) -> N {
    return bitcast<f32>(word(first + i));
}

alias Bits = u32;
const SIGN: Bits = 0x80000000u;
const SIZE: Bits = 0x7fffffffu;
const ONES: Bits = 0xffffffffu;
const INFINITE: Bits = 0x7f800000u;
const POINT: Bits = 0x800000u;
const PLACES = 23u;
const BIAS = 127;
const ONE: Bits = 0x3f800000u;
const LARGEST: T = 3.4028234e38;
// WGSL allows no constants of these values.
fn infinity() -> T {
    return bitcast<T>(INFINITE + Bits(word(0u) * 0u));
}

fn nan() -> T {
    let bits = INFINITE + Bits(word(0u) * 0u);
    return bitcast<T>(bits | (bits >> 1u));
}

// A number as it was rounded: a compiler may assume that (a + b) - a is b. The last word is 0,
// which it does not know.
fn rounded(x: T) -> T {
    return bitcast<T>(bitcast<Bits>(x) ^ Bits(word(63u)));
}

// By their bits, as a compiler may assume that there is no NaN and that zeros have no sign.
fn is_nan(x: T) -> bool {
    return (bitcast<Bits>(x) & SIZE) > INFINITE;
}

fn is_infinite(x: T) -> bool {
    return (bitcast<Bits>(x) & SIZE) == INFINITE;
}

fn is_negative(x: T) -> bool {
    return bitcast<Bits>(x) > SIZE;
}

fn copysign(x: T, sign: T) -> T {
    return bitcast<T>((bitcast<Bits>(x) & SIZE) | (bitcast<Bits>(sign) & SIGN));
}

// x · 2ᵏ, in two steps, as the power alone may overflow or underflow.
fn scaled(x: T, k: i32) -> T {
    let half = k / 2;
    return x * bitcast<T>(Bits(half + BIAS) << PLACES) * bitcast<T>(Bits(k - half + BIAS) << PLACES);
}
const LANES = 32u;
var<workgroup> held: array<vec2<T>, 256>;

fn sum_across(own: u32, value: vec2<T>) -> vec2<T> {
    if (LANES == 1u) {
        return value;
    }
    workgroupBarrier();
    held[own] = value;
    for (var half = LANES / 2u; half > 0u; half /= 2u) {
        workgroupBarrier();
        if (own % LANES < half) {
            let a = held[own];
            let b = held[own + half];
            held[own] = a + b;
        }
    }
    workgroupBarrier();
    return held[own - own % LANES];
}

// Several invocations process a row, whose items are elements or vectors of four. Words: rows,
// items and elements of a row, unused, offsets of the result, the input, the weights, the bias and
// the cotangent; from 9 on rows of a part, parts, and where the sums of the parts start, from 12 on
// ε; extents of the input from 16, its strides from 24, those of the weights from 32, of the bias
// from 40, of the cotangent from 48.

alias E = vec4<T>;
const RANK = 0u;
const OWN = 0u;
fn sum_of(v: E) -> T { return (v.x + v.y) + (v.z + v.w); }
fn largest_of(v: E) -> T { return max(max(v.x, v.y), max(v.z, v.w)); }
fn x_at(row: u32, i: u32) -> E { return m1[word(5u) + row * word(1u) + i]; }
fn weight_at(row: u32, i: u32) -> E { return m2[word(6u) + i]; }
fn bias_at(row: u32, i: u32) -> E { return m3[word(7u) + i]; }

fn is_finite(x: T) -> bool {
    return (bitcast<Bits>(x) & SIZE) < INFINITE;
}

// Kept as rounded: a compiler may factor it out of a sum, which then overflows.
fn lowered(x: T) -> T {
    return rounded(x * 0x1p-64);
}

// The mean of a row whose sum overflows; computed by each invocation, as this is rare.
fn careful_mean(row: u32) -> T {
    var total = T();
    for (var i = 0u; i < word(1u); i++) {
        let x = x_at(row, i);
        total += sum_of(vec4<T>(lowered(x.x), lowered(x.y), lowered(x.z), lowered(x.w)));
    }
    return total / T(word(2u)) * 0x1p+64;
}

// The same for deviations whose squares overflow or underflow: they are divided by the largest one.
fn careful_scale(row: u32, mean: T) -> vec3<T> {
    let eps = number_at(12u, 0u);
    var largest = sqrt(eps);
    for (var i = 0u; i < word(1u); i++) {
        largest = max(largest, largest_of(abs(x_at(row, i) - mean)));
    }
    if (!is_finite(mean) || !is_finite(largest) || largest == 0.0) {
        return vec3<T>(0.0, 1.0, nan());
    }
    // The reciprocal of a divisor near the end of the range is subnormal.
    let shrink = select(T(1), 0x1p-24, largest > 0x1p+100);
    let divisor = largest * shrink;
    var total = T();
    for (var i = 0u; i < word(1u); i++) {
        let ratio = (x_at(row, i) - mean) * shrink / divisor;
        total += sum_of(ratio * ratio);
    }
    let root = sqrt(total / T(word(2u)) + eps / largest / largest);
    return vec3<T>(0.0, shrink, 1.0 / root / divisor);
}

fn mean_of(own: u32, row: u32, there: bool, total: T) -> T {
    let mean = sum_across(own, vec2<T>(total, 0.0)).x / T(word(2u));
    if (!there || is_finite(mean)) {
        return mean;
    }
    return careful_mean(row);
}

// The rounding error of the mean, and two factors whose product is 1 / √(variance + ε), from the
// sums of the deviations and of their squares.
fn scale_of(own: u32, row: u32, there: bool, mean: T, sums: vec2<T>) -> vec3<T> {
    let means = sum_across(own, sums) / T(word(2u));
    let eps = number_at(12u, 0u);
    if (!there || (is_finite(means.y) && means.y + eps > 1e-30)) {
        return vec3<T>(means.x, 1.0, 1.0 / sqrt(max(means.y - means.x * means.x, 0.0) + eps));
    }
    return careful_scale(row, mean);
}

fn run(group: u32, own: u32) {
    let row = group * (256u / LANES) + own / LANES;
    let lane = own % LANES;
    let there = row < word(0u);
    let items = select(0u, word(1u), there);
    var total = T();
    let i0 = lane + 0u;
    var x0 = E();
    if (i0 < items) {
        x0 = x_at(row, i0);
        total += sum_of(x0);
    }
    let mean = mean_of(own, row, there, total);
    var sums = vec2<T>();
    if (i0 < items) {
        let d0 = x0 - mean;
        sums += vec2<T>(sum_of(d0), sum_of(d0 * d0));
    }
    let scale = scale_of(own, row, there, mean, sums);
    if (i0 < items) {
        m0[word(4u) + row * word(1u) + i0] = (x0 - mean - scale.x) * scale.y * scale.z * weight_at(row, i0) + bias_at(row, i0);
    }
}

// A launch is spread over two axes of workgroups, which programs see as one.
@compute @workgroup_size(256)
fn main(
    @builtin(workgroup_id) group: vec3<u32>,
    @builtin(num_workgroups) groups: vec3<u32>,
    @builtin(local_invocation_index) own: u32,
) {
    run(group.y * groups.x + group.x, own);
}

// layer_norm_grad [(F32, [40, 3]), (F32, [3]), (F32, [3]), (F32, [40, 3]), (F32, [40, 3]), (F32, [3])], dispatch 0

alias T = f32;
alias R = f32;
@group(0) @binding(0) var<uniform> parameters: array<vec4<u32>, 16>;
@group(0) @binding(1) var<storage, read_write> m0: array<f32>;
@group(0) @binding(2) var<storage, read_write> m1: array<f32>;
@group(0) @binding(3) var<storage, read> m2: array<f32>;
@group(0) @binding(4) var<storage, read> m3: array<f32>;
@group(0) @binding(5) var<storage, read> m4: array<f32>;
fn word(i: u32) -> u32 {
    return parameters[i / 4u][i % 4u];
}

// The position of the element with a given row-major number, for axes whose extents and strides are
// the words from the given ones on.
fn position(number: u32, axes: u32, extents: u32, strides: u32) -> u32 {
    var at = 0u;
    var rest = number;
    for (var axis = axes; axis > 0u; axis--) {
        let extent = word(extents + axis - 1u);
        at += (rest % extent) * word(strides + axis - 1u);
        rest /= extent;
    }
    return at;
}
alias N = f32;

fn number_at(first: u32, i: u32) -> N {
    return bitcast<f32>(word(first + i));
}

alias Bits = u32;
const SIGN: Bits = 0x80000000u;
const SIZE: Bits = 0x7fffffffu;
const ONES: Bits = 0xffffffffu;
const INFINITE: Bits = 0x7f800000u;
const POINT: Bits = 0x800000u;
const PLACES = 23u;
const BIAS = 127;
const ONE: Bits = 0x3f800000u;
const LARGEST: T = 3.4028234e38;
// WGSL allows no constants of these values.
fn infinity() -> T {
    return bitcast<T>(INFINITE + Bits(word(0u) * 0u));
}

fn nan() -> T {
    let bits = INFINITE + Bits(word(0u) * 0u);
    return bitcast<T>(bits | (bits >> 1u));
}

// A number as it was rounded: a compiler may assume that (a + b) - a is b. The last word is 0,
// which it does not know.
fn rounded(x: T) -> T {
    return bitcast<T>(bitcast<Bits>(x) ^ Bits(word(63u)));
}

// By their bits, as a compiler may assume that there is no NaN and that zeros have no sign.
fn is_nan(x: T) -> bool {
    return (bitcast<Bits>(x) & SIZE) > INFINITE;
}

fn is_infinite(x: T) -> bool {
    return (bitcast<Bits>(x) & SIZE) == INFINITE;
}

fn is_negative(x: T) -> bool {
    return bitcast<Bits>(x) > SIZE;
}

fn copysign(x: T, sign: T) -> T {
    return bitcast<T>((bitcast<Bits>(x) & SIZE) | (bitcast<Bits>(sign) & SIGN));
}

// x · 2ᵏ, in two steps, as the power alone may overflow or underflow.
fn scaled(x: T, k: i32) -> T {
    let half = k / 2;
    return x * bitcast<T>(Bits(half + BIAS) << PLACES) * bitcast<T>(Bits(k - half + BIAS) << PLACES);
}
const LANES = 1u;
var<workgroup> held: array<vec2<T>, 256>;

fn sum_across(own: u32, value: vec2<T>) -> vec2<T> {
    if (LANES == 1u) {
        return value;
    }
    workgroupBarrier();
    held[own] = value;
    for (var half = LANES / 2u; half > 0u; half /= 2u) {
        workgroupBarrier();
        if (own % LANES < half) {
            let a = held[own];
            let b = held[own + half];
            held[own] = a + b;
        }
    }
    workgroupBarrier();
    return held[own - own % LANES];
}

// Several invocations process a row, whose items are elements or vectors of four. Words: rows,
// items and elements of a row, unused, offsets of the result, the input, the weights, the bias and
// the cotangent; from 9 on rows of a part, parts, and where the sums of the parts start, from 12 on
// ε; extents of the input from 16, its strides from 24, those of the weights from 32, of the bias
// from 40, of the cotangent from 48.

alias E = T;
const RANK = 2u;
const OWN = 1u;
fn sum_of(v: E) -> T { return v; }
fn largest_of(v: E) -> T { return v; }
fn x_at(row: u32, i: u32) -> E { return m2[word(5u) + position(row * word(1u) + i, RANK, 16u, 24u)]; }
fn weight_at(row: u32, i: u32) -> E { return m4[word(6u) + position(i, OWN, 16u + RANK - OWN, 32u)]; }
fn g_at(row: u32, i: u32) -> E { return m3[word(8u) + position(row * word(1u) + i, RANK, 16u, 48u)]; }
fn scaled_at(row: u32, i: u32) -> E { return g_at(row, i) * weight_at(row, i); }

fn is_finite(x: T) -> bool {
    return (bitcast<Bits>(x) & SIZE) < INFINITE;
}

// Kept as rounded: a compiler may factor it out of a sum, which then overflows.
fn lowered(x: T) -> T {
    return rounded(x * 0x1p-64);
}

// The mean of a row whose sum overflows; computed by each invocation, as this is rare.
fn careful_mean(row: u32) -> T {
    var total = T();
    for (var i = 0u; i < word(1u); i++) {
        let x = x_at(row, i);
        total += sum_of(lowered(x));
    }
    return total / T(word(2u)) * 0x1p+64;
}

// The same for deviations whose squares overflow or underflow: they are divided by the largest one.
fn careful_scale(row: u32, mean: T) -> vec3<T> {
    let eps = number_at(12u, 0u);
    var largest = sqrt(eps);
    for (var i = 0u; i < word(1u); i++) {
        largest = max(largest, largest_of(abs(x_at(row, i) - mean)));
    }
    if (!is_finite(mean) || !is_finite(largest) || largest == 0.0) {
        return vec3<T>(0.0, 1.0, nan());
    }
    // The reciprocal of a divisor near the end of the range is subnormal.
    let shrink = select(T(1), 0x1p-24, largest > 0x1p+100);
    let divisor = largest * shrink;
    var total = T();
    for (var i = 0u; i < word(1u); i++) {
        let ratio = (x_at(row, i) - mean) * shrink / divisor;
        total += sum_of(ratio * ratio);
    }
    let root = sqrt(total / T(word(2u)) + eps / largest / largest);
    return vec3<T>(0.0, shrink, 1.0 / root / divisor);
}

fn mean_of(own: u32, row: u32, there: bool, total: T) -> T {
    let mean = sum_across(own, vec2<T>(total, 0.0)).x / T(word(2u));
    if (!there || is_finite(mean)) {
        return mean;
    }
    return careful_mean(row);
}

// The rounding error of the mean, and two factors whose product is 1 / √(variance + ε), from the
// sums of the deviations and of their squares.
fn scale_of(own: u32, row: u32, there: bool, mean: T, sums: vec2<T>) -> vec3<T> {
    let means = sum_across(own, sums) / T(word(2u));
    let eps = number_at(12u, 0u);
    if (!there || (is_finite(means.y) && means.y + eps > 1e-30)) {
        return vec3<T>(means.x, 1.0, 1.0 / sqrt(max(means.y - means.x * means.x, 0.0) + eps));
    }
    return careful_scale(row, mean);
}

fn run(group: u32, own: u32) {
    let row = group * (256u / LANES) + own / LANES;
    let lane = own % LANES;
    let there = row < word(0u);
    let items = select(0u, word(1u), there);
    var total = T();
    let i0 = lane + 0u;
    var x0 = E();
    if (i0 < items) {
        x0 = x_at(row, i0);
        total += sum_of(x0);
    }
    let i1 = lane + 1u;
    var x1 = E();
    if (i1 < items) {
        x1 = x_at(row, i1);
        total += sum_of(x1);
    }
    let i2 = lane + 2u;
    var x2 = E();
    if (i2 < items) {
        x2 = x_at(row, i2);
        total += sum_of(x2);
    }
    let mean = mean_of(own, row, there, total);
    var sums = vec2<T>();
    if (i0 < items) {
        let d0 = x0 - mean;
        sums += vec2<T>(sum_of(d0), sum_of(d0 * d0));
    }
    if (i1 < items) {
        let d1 = x1 - mean;
        sums += vec2<T>(sum_of(d1), sum_of(d1 * d1));
    }
    if (i2 < items) {
        let d2 = x2 - mean;
        sums += vec2<T>(sum_of(d2), sum_of(d2 * d2));
    }
    let scale = scale_of(own, row, there, mean, sums);
    if (there && lane == 0u) {
        m1[3u * row] = mean;
        m1[3u * row + 1u] = scale.x;
        m1[3u * row + 2u] = scale.y * scale.z;
    }
    sums = vec2<T>();
    var g0 = E();
    if (i0 < items) {
        g0 = scaled_at(row, i0);
        sums += vec2<T>(sum_of(g0), sum_of(g0 * ((x0 - mean - scale.x) * scale.y * scale.z)));
    }
    var g1 = E();
    if (i1 < items) {
        g1 = scaled_at(row, i1);
        sums += vec2<T>(sum_of(g1), sum_of(g1 * ((x1 - mean - scale.x) * scale.y * scale.z)));
    }
    var g2 = E();
    if (i2 < items) {
        g2 = scaled_at(row, i2);
        sums += vec2<T>(sum_of(g2), sum_of(g2 * ((x2 - mean - scale.x) * scale.y * scale.z)));
    }
    let means = sum_across(own, sums) / T(word(2u));
    if (i0 < items) {
        m0[word(4u) + row * word(1u) + i0] = (g0 - means.x - (x0 - mean - scale.x) * scale.y * scale.z * means.y) * scale.y * scale.z;
    }
    if (i1 < items) {
        m0[word(4u) + row * word(1u) + i1] = (g1 - means.x - (x1 - mean - scale.x) * scale.y * scale.z * means.y) * scale.y * scale.z;
    }
    if (i2 < items) {
        m0[word(4u) + row * word(1u) + i2] = (g2 - means.x - (x2 - mean - scale.x) * scale.y * scale.z * means.y) * scale.y * scale.z;
    }
}

// A launch is spread over two axes of workgroups, which programs see as one.
@compute @workgroup_size(256)
fn main(
    @builtin(workgroup_id) group: vec3<u32>,
    @builtin(num_workgroups) groups: vec3<u32>,
    @builtin(local_invocation_index) own: u32,
) {
    run(group.y * groups.x + group.x, own);
}

// layer_norm_grad [(F32, [40, 3]), (F32, [3]), (F32, [3]), (F32, [40, 3]), (F32, [40, 3]), (F32, [3])], dispatch 1

alias T = f32;
alias R = f32;
@group(0) @binding(0) var<uniform> parameters: array<vec4<u32>, 16>;
@group(0) @binding(1) var<storage, read_write> m0: array<f32>;
@group(0) @binding(2) var<storage, read> m1: array<f32>;
@group(0) @binding(3) var<storage, read> m2: array<f32>;
@group(0) @binding(4) var<storage, read> m3: array<f32>;
fn word(i: u32) -> u32 {
    return parameters[i / 4u][i % 4u];
}

// The position of the element with a given row-major number, for axes whose extents and strides are
// the words from the given ones on.
fn position(number: u32, axes: u32, extents: u32, strides: u32) -> u32 {
    var at = 0u;
    var rest = number;
    for (var axis = axes; axis > 0u; axis--) {
        let extent = word(extents + axis - 1u);
        at += (rest % extent) * word(strides + axis - 1u);
        rest /= extent;
    }
    return at;
}
alias N = f32;

fn number_at(first: u32, i: u32) -> N {
    return bitcast<f32>(word(first + i));
}

alias Bits = u32;
const SIGN: Bits = 0x80000000u;
const SIZE: Bits = 0x7fffffffu;
const ONES: Bits = 0xffffffffu;
const INFINITE: Bits = 0x7f800000u;
const POINT: Bits = 0x800000u;
const PLACES = 23u;
const BIAS = 127;
const ONE: Bits = 0x3f800000u;
const LARGEST: T = 3.4028234e38;
// WGSL allows no constants of these values.
fn infinity() -> T {
    return bitcast<T>(INFINITE + Bits(word(0u) * 0u));
}

fn nan() -> T {
    let bits = INFINITE + Bits(word(0u) * 0u);
    return bitcast<T>(bits | (bits >> 1u));
}

// A number as it was rounded: a compiler may assume that (a + b) - a is b. The last word is 0,
// which it does not know.
fn rounded(x: T) -> T {
    return bitcast<T>(bitcast<Bits>(x) ^ Bits(word(63u)));
}

// By their bits, as a compiler may assume that there is no NaN and that zeros have no sign.
fn is_nan(x: T) -> bool {
    return (bitcast<Bits>(x) & SIZE) > INFINITE;
}

fn is_infinite(x: T) -> bool {
    return (bitcast<Bits>(x) & SIZE) == INFINITE;
}

fn is_negative(x: T) -> bool {
    return bitcast<Bits>(x) > SIZE;
}

fn copysign(x: T, sign: T) -> T {
    return bitcast<T>((bitcast<Bits>(x) & SIZE) | (bitcast<Bits>(sign) & SIGN));
}

// x · 2ᵏ, in two steps, as the power alone may overflow or underflow.
fn scaled(x: T, k: i32) -> T {
    let half = k / 2;
    return x * bitcast<T>(Bits(half + BIAS) << PLACES) * bitcast<T>(Bits(k - half + BIAS) << PLACES);
}
const ITEM = 1u;
// Each invocation sums the rows of a part, for one item of the weights and the bias, from the mean,
// its rounding error and the scale of each row. Words as in the rows' program.

alias E = T;
const RANK = 2u;
const OWN = 1u;
fn sum_of(v: E) -> T { return v; }
fn largest_of(v: E) -> T { return v; }
fn x_at(row: u32, i: u32) -> E { return m1[word(5u) + position(row * word(1u) + i, RANK, 16u, 24u)]; }
fn weight_at(row: u32, i: u32) -> E { return m3[word(6u) + position(i, OWN, 16u + RANK - OWN, 32u)]; }
fn g_at(row: u32, i: u32) -> E { return m2[word(8u) + position(row * word(1u) + i, RANK, 16u, 48u)]; }
fn scaled_at(row: u32, i: u32) -> E { return g_at(row, i) * weight_at(row, i); }

fn run(group: u32, own: u32) {
    let i = group * 256u + own;
    if (i >= word(1u) * word(10u)) {
        return;
    }
    let item = i % word(1u);
    let start = i / word(1u) * word(9u);
    let end = min(start + word(9u), word(0u));
    var weight = E();
    var bias = E();
    for (var row = start; row < end; row++) {
        let g = g_at(row, item);
        weight += g * ((x_at(row, item) - m0[3u * row] - m0[3u * row + 1u]) * m0[3u * row + 2u]);
        bias += g;
    }
    let to = word(11u) + i * ITEM;
    let further = word(10u) * word(2u);
    m0[to + 0u] = weight;
    m0[to + further + 0u] = bias;
}

// A launch is spread over two axes of workgroups, which programs see as one.
@compute @workgroup_size(256)
fn main(
    @builtin(workgroup_id) group: vec3<u32>,
    @builtin(num_workgroups) groups: vec3<u32>,
    @builtin(local_invocation_index) own: u32,
) {
    run(group.y * groups.x + group.x, own);
}

// layer_norm_grad [(F32, [40, 3]), (F32, [3]), (F32, [3]), (F32, [40, 3]), (F32, [40, 3]), (F32, [3])], dispatch 2

alias T = f32;
alias R = f32;
@group(0) @binding(0) var<uniform> parameters: array<vec4<u32>, 16>;
@group(0) @binding(1) var<storage, read_write> m0: array<f32>;
@group(0) @binding(2) var<storage, read> m1: array<State>;
fn word(i: u32) -> u32 {
    return parameters[i / 4u][i % 4u];
}

// The position of the element with a given row-major number, for axes whose extents and strides are
// the words from the given ones on.
fn position(number: u32, axes: u32, extents: u32, strides: u32) -> u32 {
    var at = 0u;
    var rest = number;
    for (var axis = axes; axis > 0u; axis--) {
        let extent = word(extents + axis - 1u);
        at += (rest % extent) * word(strides + axis - 1u);
        rest /= extent;
    }
    return at;
}
alias N = f32;

fn number_at(first: u32, i: u32) -> N {
    return bitcast<f32>(word(first + i));
}

alias Bits = u32;
const SIGN: Bits = 0x80000000u;
const SIZE: Bits = 0x7fffffffu;
const ONES: Bits = 0xffffffffu;
const INFINITE: Bits = 0x7f800000u;
const POINT: Bits = 0x800000u;
const PLACES = 23u;
const BIAS = 127;
const ONE: Bits = 0x3f800000u;
const LARGEST: T = 3.4028234e38;
// WGSL allows no constants of these values.
fn infinity() -> T {
    return bitcast<T>(INFINITE + Bits(word(0u) * 0u));
}

fn nan() -> T {
    let bits = INFINITE + Bits(word(0u) * 0u);
    return bitcast<T>(bits | (bits >> 1u));
}

// A number as it was rounded: a compiler may assume that (a + b) - a is b. The last word is 0,
// which it does not know.
fn rounded(x: T) -> T {
    return bitcast<T>(bitcast<Bits>(x) ^ Bits(word(63u)));
}

// By their bits, as a compiler may assume that there is no NaN and that zeros have no sign.
fn is_nan(x: T) -> bool {
    return (bitcast<Bits>(x) & SIZE) > INFINITE;
}

fn is_infinite(x: T) -> bool {
    return (bitcast<Bits>(x) & SIZE) == INFINITE;
}

fn is_negative(x: T) -> bool {
    return bitcast<Bits>(x) > SIZE;
}

fn copysign(x: T, sign: T) -> T {
    return bitcast<T>((bitcast<Bits>(x) & SIZE) | (bitcast<Bits>(sign) & SIGN));
}

// x · 2ᵏ, in two steps, as the power alone may overflow or underflow.
fn scaled(x: T, k: i32) -> T {
    let half = k / 2;
    return x * bitcast<T>(Bits(half + BIAS) << PLACES) * bitcast<T>(Bits(k - half + BIAS) << PLACES);
}
const LANES = 1u;
const KEPT = 1u;
const REDUCED = 1u;
alias State = R;
fn identity() -> R { return R(0); }
fn state_of(x: T, i: u32) -> R { return R(x); }
fn combined(a: R, b: R) -> R { return a + b; }
fn finish(total: R) -> R {
    let divisor = number_at(24u, 0u);
    return select(R(N(total) / divisor), total, divisor == 1.0);
}
// Several invocations compute a result, or a part of one, which a second dispatch combines. Words:
// items (results times parts), results, elements of each result, elements of a part, offset,
// unused, offsets of the results; extents from 8 and strides from 16, of the KEPT axes first; from
// 24 on the divisor.

var<workgroup> states: array<State, 256>;

fn run(group: u32, own: u32) {
    let item = group * (256u / LANES) + own / LANES;
    let lane = own % LANES;
    var state = identity();
    if (item < word(0u)) {
        let start = item / word(1u) * word(3u);
        let end = min(start + word(3u), word(2u));
        let base = word(4u) + position(item % word(1u), KEPT, 8u, 16u);
        for (var i = start + lane; i < end; i += LANES) {
            state = combined(state, m1[base + i * word(16u + KEPT)]);
        }
    }
    if (LANES > 1u) {
        states[own] = state;
        for (var half = LANES / 2u; half > 0u; half /= 2u) {
            workgroupBarrier();
            if (lane < half) {
                states[own] = combined(states[own], states[own + half]);
            }
        }
        state = states[own];
    }
    if (lane == 0u && item < word(0u)) {
        m0[word(6u) + item] = finish(state);
    }
}

// A launch is spread over two axes of workgroups, which programs see as one.
@compute @workgroup_size(256)
fn main(
    @builtin(workgroup_id) group: vec3<u32>,
    @builtin(num_workgroups) groups: vec3<u32>,
    @builtin(local_invocation_index) own: u32,
) {
    run(group.y * groups.x + group.x, own);
}

// layer_norm_grad [(F32, [40, 3]), (F32, [3]), (F32, [3]), (F32, [40, 3]), (F32, [40, 3]), (F32, [3])], dispatch 3

alias T = f32;
alias R = f32;
@group(0) @binding(0) var<uniform> parameters: array<vec4<u32>, 16>;
@group(0) @binding(1) var<storage, read_write> m0: array<f32>;
@group(0) @binding(2) var<storage, read> m1: array<State>;
fn word(i: u32) -> u32 {
    return parameters[i / 4u][i % 4u];
}

// The position of the element with a given row-major number, for axes whose extents and strides are
// the words from the given ones on.
fn position(number: u32, axes: u32, extents: u32, strides: u32) -> u32 {
    var at = 0u;
    var rest = number;
    for (var axis = axes; axis > 0u; axis--) {
        let extent = word(extents + axis - 1u);
        at += (rest % extent) * word(strides + axis - 1u);
        rest /= extent;
    }
    return at;
}
alias N = f32;

fn number_at(first: u32, i: u32) -> N {
    return bitcast<f32>(word(first + i));
}

alias Bits = u32;
const SIGN: Bits = 0x80000000u;
const SIZE: Bits = 0x7fffffffu;
const ONES: Bits = 0xffffffffu;
const INFINITE: Bits = 0x7f800000u;
const POINT: Bits = 0x800000u;
const PLACES = 23u;
const BIAS = 127;
const ONE: Bits = 0x3f800000u;
const LARGEST: T = 3.4028234e38;
// WGSL allows no constants of these values.
fn infinity() -> T {
    return bitcast<T>(INFINITE + Bits(word(0u) * 0u));
}

fn nan() -> T {
    let bits = INFINITE + Bits(word(0u) * 0u);
    return bitcast<T>(bits | (bits >> 1u));
}

// A number as it was rounded: a compiler may assume that (a + b) - a is b. The last word is 0,
// which it does not know.
fn rounded(x: T) -> T {
    return bitcast<T>(bitcast<Bits>(x) ^ Bits(word(63u)));
}

// By their bits, as a compiler may assume that there is no NaN and that zeros have no sign.
fn is_nan(x: T) -> bool {
    return (bitcast<Bits>(x) & SIZE) > INFINITE;
}

fn is_infinite(x: T) -> bool {
    return (bitcast<Bits>(x) & SIZE) == INFINITE;
}

fn is_negative(x: T) -> bool {
    return bitcast<Bits>(x) > SIZE;
}

fn copysign(x: T, sign: T) -> T {
    return bitcast<T>((bitcast<Bits>(x) & SIZE) | (bitcast<Bits>(sign) & SIGN));
}

// x · 2ᵏ, in two steps, as the power alone may overflow or underflow.
fn scaled(x: T, k: i32) -> T {
    let half = k / 2;
    return x * bitcast<T>(Bits(half + BIAS) << PLACES) * bitcast<T>(Bits(k - half + BIAS) << PLACES);
}
const LANES = 1u;
const KEPT = 1u;
const REDUCED = 1u;
alias State = R;
fn identity() -> R { return R(0); }
fn state_of(x: T, i: u32) -> R { return R(x); }
fn combined(a: R, b: R) -> R { return a + b; }
fn finish(total: R) -> R {
    let divisor = number_at(24u, 0u);
    return select(R(N(total) / divisor), total, divisor == 1.0);
}
// Several invocations compute a result, or a part of one, which a second dispatch combines. Words:
// items (results times parts), results, elements of each result, elements of a part, offset,
// unused, offsets of the results; extents from 8 and strides from 16, of the KEPT axes first; from
// 24 on the divisor.

var<workgroup> states: array<State, 256>;

fn run(group: u32, own: u32) {
    let item = group * (256u / LANES) + own / LANES;
    let lane = own % LANES;
    var state = identity();
    if (item < word(0u)) {
        let start = item / word(1u) * word(3u);
        let end = min(start + word(3u), word(2u));
        let base = word(4u) + position(item % word(1u), KEPT, 8u, 16u);
        for (var i = start + lane; i < end; i += LANES) {
            state = combined(state, m1[base + i * word(16u + KEPT)]);
        }
    }
    if (LANES > 1u) {
        states[own] = state;
        for (var half = LANES / 2u; half > 0u; half /= 2u) {
            workgroupBarrier();
            if (lane < half) {
                states[own] = combined(states[own], states[own + half]);
            }
        }
        state = states[own];
    }
    if (lane == 0u && item < word(0u)) {
        m0[word(6u) + item] = finish(state);
    }
}

// A launch is spread over two axes of workgroups, which programs see as one.
@compute @workgroup_size(256)
fn main(
    @builtin(workgroup_id) group: vec3<u32>,
    @builtin(num_workgroups) groups: vec3<u32>,
    @builtin(local_invocation_index) own: u32,
) {
    run(group.y * groups.x + group.x, own);
}

// normal [(F32, [64])], dispatch 0

alias T = f32;
alias R = f32;
@group(0) @binding(0) var<uniform> parameters: array<vec4<u32>, 16>;
@group(0) @binding(1) var<storage, read_write> m0: array<vec4<f32>>;
fn word(i: u32) -> u32 {
    return parameters[i / 4u][i % 4u];
}

// The position of the element with a given row-major number, for axes whose extents and strides are
// the words from the given ones on.
fn position(number: u32, axes: u32, extents: u32, strides: u32) -> u32 {
    var at = 0u;
    var rest = number;
    for (var axis = axes; axis > 0u; axis--) {
        let extent = word(extents + axis - 1u);
        at += (rest % extent) * word(strides + axis - 1u);
        rest /= extent;
    }
    return at;
}
alias N = f32;

fn number_at(first: u32, i: u32) -> N {
    return bitcast<f32>(word(first + i));
}

alias Bits = u32;
const SIGN: Bits = 0x80000000u;
const SIZE: Bits = 0x7fffffffu;
const ONES: Bits = 0xffffffffu;
const INFINITE: Bits = 0x7f800000u;
const POINT: Bits = 0x800000u;
const PLACES = 23u;
const BIAS = 127;
const ONE: Bits = 0x3f800000u;
const LARGEST: T = 3.4028234e38;
// WGSL allows no constants of these values.
fn infinity() -> T {
    return bitcast<T>(INFINITE + Bits(word(0u) * 0u));
}

fn nan() -> T {
    let bits = INFINITE + Bits(word(0u) * 0u);
    return bitcast<T>(bits | (bits >> 1u));
}

// A number as it was rounded: a compiler may assume that (a + b) - a is b. The last word is 0,
// which it does not know.
fn rounded(x: T) -> T {
    return bitcast<T>(bitcast<Bits>(x) ^ Bits(word(63u)));
}

// By their bits, as a compiler may assume that there is no NaN and that zeros have no sign.
fn is_nan(x: T) -> bool {
    return (bitcast<Bits>(x) & SIZE) > INFINITE;
}

fn is_infinite(x: T) -> bool {
    return (bitcast<Bits>(x) & SIZE) == INFINITE;
}

fn is_negative(x: T) -> bool {
    return bitcast<Bits>(x) > SIZE;
}

fn copysign(x: T, sign: T) -> T {
    return bitcast<T>((bitcast<Bits>(x) & SIZE) | (bitcast<Bits>(sign) & SIGN));
}

// x · 2ᵏ, in two steps, as the power alone may overflow or underflow.
fn scaled(x: T, k: i32) -> T {
    let half = k / 2;
    return x * bitcast<T>(Bits(half + BIAS) << PLACES) * bitcast<T>(Bits(k - half + BIAS) << PLACES);
}
// Shared by all floating types.

// WGSL leaves powers of negative numbers undefined, and those at the ends of the range.
fn power(a: T, b: T) -> T {
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
    let odd = b != 2.0 * floor(0.5 * b);
    return select(result, -result, odd);
}

// (e²ˣ − 1) / (e²ˣ + 1), which is 1 long before the power overflows.
fn hyperbolic_tangent(x: T) -> T {
    if (is_nan(x)) {
        return x;
    }
    let above = expm1(2.0 * min(abs(x), 20.0));
    return copysign(above / (above + 2.0), x);
}

// The remainder of integers, some binary digits at a time, is exact.
fn remainder(a: T, b: T) -> T {
    let dividend = bitcast<Bits>(a) & SIZE;
    let divisor = bitcast<Bits>(b) & SIZE;
    if (is_nan(a) || is_nan(b) || is_infinite(a) || divisor == 0) {
        return nan();
    }
    var rest = dividend;
    if (dividend >= divisor) {
        let digits = digits_of(divisor);
        var exponent = max(u32(divisor >> PLACES), 1u);
        var left = digits_of(dividend) % digits;
        for (var places = max(u32(dividend >> PLACES), 1u) - exponent; places > 0u;) {
            let step = min(places, 8u);
            left = (left << step) % digits;
            places -= step;
        }
        while (left > 0 && left < POINT && exponent > 1u) {
            left <<= 1u;
            exponent--;
        }
        rest = select(left, left + (Bits(exponent - 1u) << PLACES), left >= POINT);
    }
    let signed = bitcast<T>(rest | (bitcast<Bits>(a) & SIGN));
    return select(signed, signed + b, rest != 0 && is_negative(a) != is_negative(b));
}

// All binary digits of a number, as an integer.
fn digits_of(bits: Bits) -> Bits {
    return select(bits, bits % POINT + POINT, bits >= POINT);
}

fn relu_of(x: T) -> T {
    return select(max(x, 0.0), x, is_nan(x));
}

fn floor_of(x: T) -> T {
    return floor(x);
}

fn ceil_of(x: T) -> T {
    return ceil(x);
}

// By floor, as some devices have wrong round and trunc for float64.
fn round_of(x: T) -> T {
    let below = floor(x);
    let odd = below != 2.0 * floor(0.5 * below);
    let up = x - below > 0.5 || (x - below == 0.5 && odd);
    return copysign(select(below, below + 1.0, up), x);
}

fn trunc_of(x: T) -> T {
    return copysign(floor(abs(x)), x);
}

// Squares of ratios do not overflow.
fn hypot(a: T, b: T) -> T {
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
    let ratio = quotient(small, large);
    return large * sqrt(1.0 + ratio * ratio);
}

fn logaddexp(a: T, b: T) -> T {
    if (a == b) {
        return a + 0.6931471805599453;
    }
    if (is_nan(a) || is_nan(b)) {
        return nan();
    }
    let high = max(a, b);
    return high + log1p(exp(min(a, b) - high));
}

// All 64 bits of a product.
fn wide_product(a: u32, b: u32) -> vec2<u32> {
    let low = (a & 0xffffu) * (b & 0xffffu);
    let cross = (a >> 16u) * (b & 0xffffu) + (low >> 16u);
    let other = (a & 0xffffu) * (b >> 16u) + (cross & 0xffffu);
    return vec2<u32>((other << 16u) | (low & 0xffffu),
        (a >> 16u) * (b >> 16u) + (cross >> 16u) + (other >> 16u));
}

// 1 − erf for 1 and more, as the fraction e^(−x²) / √π / (x + ½ / (x + 1 / (x + 3⁄2 / (x + …)))).
fn erf_rest(x: T) -> T {
    let square = x * x;
    var fraction = x;
    for (var n = 8 + i32(T(4u * PLACES) / square); n > 0; n--) {
        fraction = x + 0.5 * T(n) / fraction;
    }
    return 0.5641895835477563 * exp(-square) / fraction;
}

fn gelu(x: T) -> T {
    return 0.5 * x * (1.0 + erf(x * 0.7071067811865476));
}

fn gelu_slope(x: T) -> T {
    return 0.5 * (1.0 + erf(x * 0.7071067811865476)) + x * exp(-0.5 * x * x) * 0.3989422804014327;
}

fn gelu_tangent(x: T) -> T {
    return hyperbolic_tangent(0.7978845608028654 * (x + 0.044715 * x * x * x));
}

fn gelu_tanh(x: T) -> T {
    return 0.5 * x * (1.0 + gelu_tangent(x));
}

fn gelu_tanh_slope(x: T) -> T {
    let tangent = gelu_tangent(x);
    // Beyond, the derivative of tanh is 0, which must not be multiplied by an infinity.
    let slope = 0.7978845608028654 * (1.0 + 0.134145 * min(x * x, 100.0));
    return 0.5 * (1.0 + tangent + x * (1.0 - tangent * tangent) * slope);
}

// The difference of an angle from the nearest multiple of π/2, and the number of these, modulo 4.
struct Turned {
    rest: T,
    quarters: u32,
}

fn sine(x: T) -> T {
    if (is_nan(x) || is_infinite(x)) {
        return nan();
    }
    let angle = turned(x);
    let value = select(near_sine(angle.rest), near_cosine(angle.rest), (angle.quarters & 1u) != 0u);
    return select(value, -value, angle.quarters > 1u);
}

fn cosine(x: T) -> T {
    if (is_nan(x) || is_infinite(x)) {
        return nan();
    }
    let angle = turned(x);
    let value = select(near_cosine(angle.rest), near_sine(angle.rest), (angle.quarters & 1u) != 0u);
    return select(value, -value, angle.quarters == 1u || angle.quarters == 2u);
}

fn tangent(x: T) -> T {
    if (is_nan(x) || is_infinite(x)) {
        return nan();
    }
    let angle = turned(x);
    let ratio = near_sine(angle.rest) / near_cosine(angle.rest);
    return select(ratio, -1.0 / ratio, (angle.quarters & 1u) != 0u);
}

// Reduced before the multiplication, so that integers give 0.
fn sinc(x: T) -> T {
    if (x == 0.0) {
        return 1.0;
    }
    let whole = round(x);
    let value = sine(3.141592653589793 * (x - whole));
    let odd = whole != 2.0 * floor(whole / 2.0);
    return select(value, -value, odd) / (3.141592653589793 * x);
}

// The angle of the point (b, a), with the side given by the signs of zeros.
fn angle(a: T, b: T) -> T {
    if (is_nan(a) || is_nan(b)) {
        return nan();
    }
    if (a == 0.0) {
        return copysign(select(T(0), T(3.141592653589793), is_negative(b)), a);
    }
    return atan2(a, b);
}

fn arcsine(x: T) -> T {
    if (abs(x) > 1.0) {
        return nan();
    }
    return angle(x, sqrt((1.0 - x) * (1.0 + x)));
}

fn arccosine(x: T) -> T {
    if (abs(x) > 1.0) {
        return nan();
    }
    return angle(sqrt((1.0 - x) * (1.0 + x)), x);
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
// Four numbers in [0, 1), each of 24 bits of a word, exact.
fn units(i: u32) -> vec4<T> {
    return vec4<T>(block(i) >> vec4<u32>(8u)) * 0x1p-24;
}
// Each invocation computes four numbers. Words: items, elements, offset of the output; for random
// numbers from 4 on the seed and the first counter, low words first, and from 8 on the first
// integer of a range and its size, 0 for 2³²; for sequences from 4 on the first number and the
// distance.

// Block number `i` of the stream: Philox4x32-10.
fn block(i: u32) -> vec4<u32> {
    var key = vec2<u32>(word(4u), word(5u));
    let low = word(6u) + i;
    var counter = vec4<u32>(low, word(7u) + select(0u, 1u, low < i), 0u, 0u);
    for (var round = 0u; round < 10u; round++) {
        let a = wide_product(counter.x, 0xd2511f53u);
        let b = wide_product(counter.z, 0xcd9e8d57u);
        counter = vec4<u32>(b.y ^ counter.y ^ key.x, b.x, a.y ^ counter.w ^ key.y, a.x);
        key += vec2<u32>(0x9e3779b9u, 0xbb67ae85u);
    }
    return counter;
}

// Two normal numbers from two uniform ones, by the Box–Muller transform. The turn is split into
// quarters before it becomes an angle, so that no digits are lost.
fn box_muller(u: T, v: T) -> vec2<T> {
    let radius = sqrt(-2.0 * log1p(-u));
    let quarters = floor(4.0 * v + 0.5);
    let angle = 6.283185307179586 * (v - 0.25 * quarters);
    let rest = vec2<T>(near_cosine(angle), near_sine(angle));
    let point = select(rest, vec2<T>(-rest.y, rest.x), (u32(quarters) & 1u) != 0u);
    return radius * select(point, -point, (u32(quarters) & 2u) != 0u);
}

// The range times the fraction that 64 bits represent: the upper half of the product.
fn integer(high: u32, low: u32) -> i32 {
    let above = wide_product(high, word(9u));
    let below = wide_product(low, word(9u));
    let share = above.y + select(0u, 1u, above.x + below.y < above.x);
    return bitcast<i32>(word(8u) + select(share, high, word(9u) == 0u));
}

fn four(i: u32) -> vec4<R> {
    let u = units(i);
    return vec4<T>(box_muller(u.x, u.y), box_muller(u.z, u.w));
}

fn run(group: u32, own: u32) {
    let i = group * 256u + own;
    if (i >= word(0u)) {
        return;
    }
    let numbers = four(i);
    let count = min(4u, word(1u) - 4u * i);
    if (count == 4u) {
        m0[word(2u) + i] = numbers;
        return;
    }
    for (var part = 0u; part < count; part++) {
        m0[word(2u) + i][part] = numbers[part];
    }
}

// A launch is spread over two axes of workgroups, which programs see as one.
@compute @workgroup_size(256)
fn main(
    @builtin(workgroup_id) group: vec3<u32>,
    @builtin(num_workgroups) groups: vec3<u32>,
    @builtin(local_invocation_index) own: u32,
) {
    run(group.y * groups.x + group.x, own);
}

// normal [(F64, [64])], dispatch 0

alias T = f64;
alias R = f64;
@group(0) @binding(0) var<uniform> parameters: array<vec4<u32>, 16>;
@group(0) @binding(1) var<storage, read_write> m0: array<vec4<f64>>;
fn word(i: u32) -> u32 {
    return parameters[i / 4u][i % 4u];
}

// The position of the element with a given row-major number, for axes whose extents and strides are
// the words from the given ones on.
fn position(number: u32, axes: u32, extents: u32, strides: u32) -> u32 {
    var at = 0u;
    var rest = number;
    for (var axis = axes; axis > 0u; axis--) {
        let extent = word(extents + axis - 1u);
        at += (rest % extent) * word(strides + axis - 1u);
        rest /= extent;
    }
    return at;
}
alias N = f64;

fn number_at(first: u32, i: u32) -> N {
    let at = first + 2u * i;
    return bitcast<f64>(u64(word(at)) | (u64(word(at + 1u)) << 32u));
}

alias Bits = u64;
const SIGN: Bits = 0x8000000000000000lu;
const SIZE: Bits = 0x7ffffffffffffffflu;
const ONES: Bits = 0xfffffffffffffffflu;
const INFINITE: Bits = 0x7ff0000000000000lu;
const POINT: Bits = 0x10000000000000lu;
const PLACES = 52u;
const BIAS = 1023;
const ONE: Bits = 0x3ff0000000000000lu;
const LARGEST: T = 1.7976931348623157e308;
// WGSL allows no constants of these values.
fn infinity() -> T {
    return bitcast<T>(INFINITE + Bits(word(0u) * 0u));
}

fn nan() -> T {
    let bits = INFINITE + Bits(word(0u) * 0u);
    return bitcast<T>(bits | (bits >> 1u));
}

// A number as it was rounded: a compiler may assume that (a + b) - a is b. The last word is 0,
// which it does not know.
fn rounded(x: T) -> T {
    return bitcast<T>(bitcast<Bits>(x) ^ Bits(word(63u)));
}

// By their bits, as a compiler may assume that there is no NaN and that zeros have no sign.
fn is_nan(x: T) -> bool {
    return (bitcast<Bits>(x) & SIZE) > INFINITE;
}

fn is_infinite(x: T) -> bool {
    return (bitcast<Bits>(x) & SIZE) == INFINITE;
}

fn is_negative(x: T) -> bool {
    return bitcast<Bits>(x) > SIZE;
}

fn copysign(x: T, sign: T) -> T {
    return bitcast<T>((bitcast<Bits>(x) & SIZE) | (bitcast<Bits>(sign) & SIGN));
}

// x · 2ᵏ, in two steps, as the power alone may overflow or underflow.
fn scaled(x: T, k: i32) -> T {
    let half = k / 2;
    return x * bitcast<T>(Bits(half + BIAS) << PLACES) * bitcast<T>(Bits(k - half + BIAS) << PLACES);
}
// Shared by all floating types.

// WGSL leaves powers of negative numbers undefined, and those at the ends of the range.
fn power(a: T, b: T) -> T {
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
    let odd = b != 2.0 * floor(0.5 * b);
    return select(result, -result, odd);
}

// (e²ˣ − 1) / (e²ˣ + 1), which is 1 long before the power overflows.
fn hyperbolic_tangent(x: T) -> T {
    if (is_nan(x)) {
        return x;
    }
    let above = expm1(2.0 * min(abs(x), 20.0));
    return copysign(above / (above + 2.0), x);
}

// The remainder of integers, some binary digits at a time, is exact.
fn remainder(a: T, b: T) -> T {
    let dividend = bitcast<Bits>(a) & SIZE;
    let divisor = bitcast<Bits>(b) & SIZE;
    if (is_nan(a) || is_nan(b) || is_infinite(a) || divisor == 0) {
        return nan();
    }
    var rest = dividend;
    if (dividend >= divisor) {
        let digits = digits_of(divisor);
        var exponent = max(u32(divisor >> PLACES), 1u);
        var left = digits_of(dividend) % digits;
        for (var places = max(u32(dividend >> PLACES), 1u) - exponent; places > 0u;) {
            let step = min(places, 8u);
            left = (left << step) % digits;
            places -= step;
        }
        while (left > 0 && left < POINT && exponent > 1u) {
            left <<= 1u;
            exponent--;
        }
        rest = select(left, left + (Bits(exponent - 1u) << PLACES), left >= POINT);
    }
    let signed = bitcast<T>(rest | (bitcast<Bits>(a) & SIGN));
    return select(signed, signed + b, rest != 0 && is_negative(a) != is_negative(b));
}

// All binary digits of a number, as an integer.
fn digits_of(bits: Bits) -> Bits {
    return select(bits, bits % POINT + POINT, bits >= POINT);
}

fn relu_of(x: T) -> T {
    return select(max(x, 0.0), x, is_nan(x));
}

fn floor_of(x: T) -> T {
    return floor(x);
}

fn ceil_of(x: T) -> T {
    return ceil(x);
}

// By floor, as some devices have wrong round and trunc for float64.
fn round_of(x: T) -> T {
    let below = floor(x);
    let odd = below != 2.0 * floor(0.5 * below);
    let up = x - below > 0.5 || (x - below == 0.5 && odd);
    return copysign(select(below, below + 1.0, up), x);
}

fn trunc_of(x: T) -> T {
    return copysign(floor(abs(x)), x);
}

// Squares of ratios do not overflow.
fn hypot(a: T, b: T) -> T {
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
    let ratio = quotient(small, large);
    return large * sqrt(1.0 + ratio * ratio);
}

fn logaddexp(a: T, b: T) -> T {
    if (a == b) {
        return a + 0.6931471805599453;
    }
    if (is_nan(a) || is_nan(b)) {
        return nan();
    }
    let high = max(a, b);
    return high + log1p(exp(min(a, b) - high));
}

// All 64 bits of a product.
fn wide_product(a: u32, b: u32) -> vec2<u32> {
    let low = (a & 0xffffu) * (b & 0xffffu);
    let cross = (a >> 16u) * (b & 0xffffu) + (low >> 16u);
    let other = (a & 0xffffu) * (b >> 16u) + (cross & 0xffffu);
    return vec2<u32>((other << 16u) | (low & 0xffffu),
        (a >> 16u) * (b >> 16u) + (cross >> 16u) + (other >> 16u));
}

// 1 − erf for 1 and more, as the fraction e^(−x²) / √π / (x + ½ / (x + 1 / (x + 3⁄2 / (x + …)))).
fn erf_rest(x: T) -> T {
    let square = x * x;
    var fraction = x;
    for (var n = 8 + i32(T(4u * PLACES) / square); n > 0; n--) {
        fraction = x + 0.5 * T(n) / fraction;
    }
    return 0.5641895835477563 * exp(-square) / fraction;
}

fn gelu(x: T) -> T {
    return 0.5 * x * (1.0 + erf(x * 0.7071067811865476));
}

fn gelu_slope(x: T) -> T {
    return 0.5 * (1.0 + erf(x * 0.7071067811865476)) + x * exp(-0.5 * x * x) * 0.3989422804014327;
}

fn gelu_tangent(x: T) -> T {
    return hyperbolic_tangent(0.7978845608028654 * (x + 0.044715 * x * x * x));
}

fn gelu_tanh(x: T) -> T {
    return 0.5 * x * (1.0 + gelu_tangent(x));
}

fn gelu_tanh_slope(x: T) -> T {
    let tangent = gelu_tangent(x);
    // Beyond, the derivative of tanh is 0, which must not be multiplied by an infinity.
    let slope = 0.7978845608028654 * (1.0 + 0.134145 * min(x * x, 100.0));
    return 0.5 * (1.0 + tangent + x * (1.0 - tangent * tangent) * slope);
}

// The difference of an angle from the nearest multiple of π/2, and the number of these, modulo 4.
struct Turned {
    rest: T,
    quarters: u32,
}

fn sine(x: T) -> T {
    if (is_nan(x) || is_infinite(x)) {
        return nan();
    }
    let angle = turned(x);
    let value = select(near_sine(angle.rest), near_cosine(angle.rest), (angle.quarters & 1u) != 0u);
    return select(value, -value, angle.quarters > 1u);
}

fn cosine(x: T) -> T {
    if (is_nan(x) || is_infinite(x)) {
        return nan();
    }
    let angle = turned(x);
    let value = select(near_cosine(angle.rest), near_sine(angle.rest), (angle.quarters & 1u) != 0u);
    return select(value, -value, angle.quarters == 1u || angle.quarters == 2u);
}

fn tangent(x: T) -> T {
    if (is_nan(x) || is_infinite(x)) {
        return nan();
    }
    let angle = turned(x);
    let ratio = near_sine(angle.rest) / near_cosine(angle.rest);
    return select(ratio, -1.0 / ratio, (angle.quarters & 1u) != 0u);
}

// Reduced before the multiplication, so that integers give 0.
fn sinc(x: T) -> T {
    if (x == 0.0) {
        return 1.0;
    }
    let whole = round(x);
    let value = sine(3.141592653589793 * (x - whole));
    let odd = whole != 2.0 * floor(whole / 2.0);
    return select(value, -value, odd) / (3.141592653589793 * x);
}

// The angle of the point (b, a), with the side given by the signs of zeros.
fn angle(a: T, b: T) -> T {
    if (is_nan(a) || is_nan(b)) {
        return nan();
    }
    if (a == 0.0) {
        return copysign(select(T(0), T(3.141592653589793), is_negative(b)), a);
    }
    return atan2(a, b);
}

fn arcsine(x: T) -> T {
    if (abs(x) > 1.0) {
        return nan();
    }
    return angle(x, sqrt((1.0 - x) * (1.0 + x)));
}

fn arccosine(x: T) -> T {
    if (abs(x) > 1.0) {
        return nan();
    }
    return angle(sqrt((1.0 - x) * (1.0 + x)), x);
}
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
// A number in [0, 1) of 53 bits of two words, exact.
fn unit(high: u32, low: u32) -> T {
    return T(((Bits(high) << 32u) | Bits(low)) >> 11u) * 0x1p-53;
}

fn units(i: u32) -> vec4<T> {
    let a = block(2u * i);
    let b = block(2u * i + 1u);
    return vec4<T>(unit(a.x, a.y), unit(a.z, a.w), unit(b.x, b.y), unit(b.z, b.w));
}
// Each invocation computes four numbers. Words: items, elements, offset of the output; for random
// numbers from 4 on the seed and the first counter, low words first, and from 8 on the first
// integer of a range and its size, 0 for 2³²; for sequences from 4 on the first number and the
// distance.

// Block number `i` of the stream: Philox4x32-10.
fn block(i: u32) -> vec4<u32> {
    var key = vec2<u32>(word(4u), word(5u));
    let low = word(6u) + i;
    var counter = vec4<u32>(low, word(7u) + select(0u, 1u, low < i), 0u, 0u);
    for (var round = 0u; round < 10u; round++) {
        let a = wide_product(counter.x, 0xd2511f53u);
        let b = wide_product(counter.z, 0xcd9e8d57u);
        counter = vec4<u32>(b.y ^ counter.y ^ key.x, b.x, a.y ^ counter.w ^ key.y, a.x);
        key += vec2<u32>(0x9e3779b9u, 0xbb67ae85u);
    }
    return counter;
}

// Two normal numbers from two uniform ones, by the Box–Muller transform. The turn is split into
// quarters before it becomes an angle, so that no digits are lost.
fn box_muller(u: T, v: T) -> vec2<T> {
    let radius = sqrt(-2.0 * log1p(-u));
    let quarters = floor(4.0 * v + 0.5);
    let angle = 6.283185307179586 * (v - 0.25 * quarters);
    let rest = vec2<T>(near_cosine(angle), near_sine(angle));
    let point = select(rest, vec2<T>(-rest.y, rest.x), (u32(quarters) & 1u) != 0u);
    return radius * select(point, -point, (u32(quarters) & 2u) != 0u);
}

// The range times the fraction that 64 bits represent: the upper half of the product.
fn integer(high: u32, low: u32) -> i32 {
    let above = wide_product(high, word(9u));
    let below = wide_product(low, word(9u));
    let share = above.y + select(0u, 1u, above.x + below.y < above.x);
    return bitcast<i32>(word(8u) + select(share, high, word(9u) == 0u));
}

fn four(i: u32) -> vec4<R> {
    let u = units(i);
    return vec4<T>(box_muller(u.x, u.y), box_muller(u.z, u.w));
}

fn run(group: u32, own: u32) {
    let i = group * 256u + own;
    if (i >= word(0u)) {
        return;
    }
    let numbers = four(i);
    let count = min(4u, word(1u) - 4u * i);
    if (count == 4u) {
        m0[word(2u) + i] = numbers;
        return;
    }
    for (var part = 0u; part < count; part++) {
        m0[word(2u) + i][part] = numbers[part];
    }
}

// A launch is spread over two axes of workgroups, which programs see as one.
@compute @workgroup_size(256)
fn main(
    @builtin(workgroup_id) group: vec3<u32>,
    @builtin(num_workgroups) groups: vec3<u32>,
    @builtin(local_invocation_index) own: u32,
) {
    run(group.y * groups.x + group.x, own);
}

// integers [(I32, [6])], dispatch 0

alias T = f32;
alias R = i32;
@group(0) @binding(0) var<uniform> parameters: array<vec4<u32>, 16>;
@group(0) @binding(1) var<storage, read_write> m0: array<vec4<i32>>;
fn word(i: u32) -> u32 {
    return parameters[i / 4u][i % 4u];
}

// The position of the element with a given row-major number, for axes whose extents and strides are
// the words from the given ones on.
fn position(number: u32, axes: u32, extents: u32, strides: u32) -> u32 {
    var at = 0u;
    var rest = number;
    for (var axis = axes; axis > 0u; axis--) {
        let extent = word(extents + axis - 1u);
        at += (rest % extent) * word(strides + axis - 1u);
        rest /= extent;
    }
    return at;
}
alias N = f32;

fn number_at(first: u32, i: u32) -> N {
    return bitcast<f32>(word(first + i));
}

alias Bits = u32;
const SIGN: Bits = 0x80000000u;
const SIZE: Bits = 0x7fffffffu;
const ONES: Bits = 0xffffffffu;
const INFINITE: Bits = 0x7f800000u;
const POINT: Bits = 0x800000u;
const PLACES = 23u;
const BIAS = 127;
const ONE: Bits = 0x3f800000u;
const LARGEST: T = 3.4028234e38;
// WGSL allows no constants of these values.
fn infinity() -> T {
    return bitcast<T>(INFINITE + Bits(word(0u) * 0u));
}

fn nan() -> T {
    let bits = INFINITE + Bits(word(0u) * 0u);
    return bitcast<T>(bits | (bits >> 1u));
}

// A number as it was rounded: a compiler may assume that (a + b) - a is b. The last word is 0,
// which it does not know.
fn rounded(x: T) -> T {
    return bitcast<T>(bitcast<Bits>(x) ^ Bits(word(63u)));
}

// By their bits, as a compiler may assume that there is no NaN and that zeros have no sign.
fn is_nan(x: T) -> bool {
    return (bitcast<Bits>(x) & SIZE) > INFINITE;
}

fn is_infinite(x: T) -> bool {
    return (bitcast<Bits>(x) & SIZE) == INFINITE;
}

fn is_negative(x: T) -> bool {
    return bitcast<Bits>(x) > SIZE;
}

fn copysign(x: T, sign: T) -> T {
    return bitcast<T>((bitcast<Bits>(x) & SIZE) | (bitcast<Bits>(sign) & SIGN));
}

// x · 2ᵏ, in two steps, as the power alone may overflow or underflow.
fn scaled(x: T, k: i32) -> T {
    let half = k / 2;
    return x * bitcast<T>(Bits(half + BIAS) << PLACES) * bitcast<T>(Bits(k - half + BIAS) << PLACES);
}
// Shared by all floating types.

// WGSL leaves powers of negative numbers undefined, and those at the ends of the range.
fn power(a: T, b: T) -> T {
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
    let odd = b != 2.0 * floor(0.5 * b);
    return select(result, -result, odd);
}

// (e²ˣ − 1) / (e²ˣ + 1), which is 1 long before the power overflows.
fn hyperbolic_tangent(x: T) -> T {
    if (is_nan(x)) {
        return x;
    }
    let above = expm1(2.0 * min(abs(x), 20.0));
    return copysign(above / (above + 2.0), x);
}

// The remainder of integers, some binary digits at a time, is exact.
fn remainder(a: T, b: T) -> T {
    let dividend = bitcast<Bits>(a) & SIZE;
    let divisor = bitcast<Bits>(b) & SIZE;
    if (is_nan(a) || is_nan(b) || is_infinite(a) || divisor == 0) {
        return nan();
    }
    var rest = dividend;
    if (dividend >= divisor) {
        let digits = digits_of(divisor);
        var exponent = max(u32(divisor >> PLACES), 1u);
        var left = digits_of(dividend) % digits;
        for (var places = max(u32(dividend >> PLACES), 1u) - exponent; places > 0u;) {
            let step = min(places, 8u);
            left = (left << step) % digits;
            places -= step;
        }
        while (left > 0 && left < POINT && exponent > 1u) {
            left <<= 1u;
            exponent--;
        }
        rest = select(left, left + (Bits(exponent - 1u) << PLACES), left >= POINT);
    }
    let signed = bitcast<T>(rest | (bitcast<Bits>(a) & SIGN));
    return select(signed, signed + b, rest != 0 && is_negative(a) != is_negative(b));
}

// All binary digits of a number, as an integer.
fn digits_of(bits: Bits) -> Bits {
    return select(bits, bits % POINT + POINT, bits >= POINT);
}

fn relu_of(x: T) -> T {
    return select(max(x, 0.0), x, is_nan(x));
}

fn floor_of(x: T) -> T {
    return floor(x);
}

fn ceil_of(x: T) -> T {
    return ceil(x);
}

// By floor, as some devices have wrong round and trunc for float64.
fn round_of(x: T) -> T {
    let below = floor(x);
    let odd = below != 2.0 * floor(0.5 * below);
    let up = x - below > 0.5 || (x - below == 0.5 && odd);
    return copysign(select(below, below + 1.0, up), x);
}

fn trunc_of(x: T) -> T {
    return copysign(floor(abs(x)), x);
}

// Squares of ratios do not overflow.
fn hypot(a: T, b: T) -> T {
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
    let ratio = quotient(small, large);
    return large * sqrt(1.0 + ratio * ratio);
}

fn logaddexp(a: T, b: T) -> T {
    if (a == b) {
        return a + 0.6931471805599453;
    }
    if (is_nan(a) || is_nan(b)) {
        return nan();
    }
    let high = max(a, b);
    return high + log1p(exp(min(a, b) - high));
}

// All 64 bits of a product.
fn wide_product(a: u32, b: u32) -> vec2<u32> {
    let low = (a & 0xffffu) * (b & 0xffffu);
    let cross = (a >> 16u) * (b & 0xffffu) + (low >> 16u);
    let other = (a & 0xffffu) * (b >> 16u) + (cross & 0xffffu);
    return vec2<u32>((other << 16u) | (low & 0xffffu),
        (a >> 16u) * (b >> 16u) + (cross >> 16u) + (other >> 16u));
}

// 1 − erf for 1 and more, as the fraction e^(−x²) / √π / (x + ½ / (x + 1 / (x + 3⁄2 / (x + …)))).
fn erf_rest(x: T) -> T {
    let square = x * x;
    var fraction = x;
    for (var n = 8 + i32(T(4u * PLACES) / square); n > 0; n--) {
        fraction = x + 0.5 * T(n) / fraction;
    }
    return 0.5641895835477563 * exp(-square) / fraction;
}

fn gelu(x: T) -> T {
    return 0.5 * x * (1.0 + erf(x * 0.7071067811865476));
}

fn gelu_slope(x: T) -> T {
    return 0.5 * (1.0 + erf(x * 0.7071067811865476)) + x * exp(-0.5 * x * x) * 0.3989422804014327;
}

fn gelu_tangent(x: T) -> T {
    return hyperbolic_tangent(0.7978845608028654 * (x + 0.044715 * x * x * x));
}

fn gelu_tanh(x: T) -> T {
    return 0.5 * x * (1.0 + gelu_tangent(x));
}

fn gelu_tanh_slope(x: T) -> T {
    let tangent = gelu_tangent(x);
    // Beyond, the derivative of tanh is 0, which must not be multiplied by an infinity.
    let slope = 0.7978845608028654 * (1.0 + 0.134145 * min(x * x, 100.0));
    return 0.5 * (1.0 + tangent + x * (1.0 - tangent * tangent) * slope);
}

// The difference of an angle from the nearest multiple of π/2, and the number of these, modulo 4.
struct Turned {
    rest: T,
    quarters: u32,
}

fn sine(x: T) -> T {
    if (is_nan(x) || is_infinite(x)) {
        return nan();
    }
    let angle = turned(x);
    let value = select(near_sine(angle.rest), near_cosine(angle.rest), (angle.quarters & 1u) != 0u);
    return select(value, -value, angle.quarters > 1u);
}

fn cosine(x: T) -> T {
    if (is_nan(x) || is_infinite(x)) {
        return nan();
    }
    let angle = turned(x);
    let value = select(near_cosine(angle.rest), near_sine(angle.rest), (angle.quarters & 1u) != 0u);
    return select(value, -value, angle.quarters == 1u || angle.quarters == 2u);
}

fn tangent(x: T) -> T {
    if (is_nan(x) || is_infinite(x)) {
        return nan();
    }
    let angle = turned(x);
    let ratio = near_sine(angle.rest) / near_cosine(angle.rest);
    return select(ratio, -1.0 / ratio, (angle.quarters & 1u) != 0u);
}

// Reduced before the multiplication, so that integers give 0.
fn sinc(x: T) -> T {
    if (x == 0.0) {
        return 1.0;
    }
    let whole = round(x);
    let value = sine(3.141592653589793 * (x - whole));
    let odd = whole != 2.0 * floor(whole / 2.0);
    return select(value, -value, odd) / (3.141592653589793 * x);
}

// The angle of the point (b, a), with the side given by the signs of zeros.
fn angle(a: T, b: T) -> T {
    if (is_nan(a) || is_nan(b)) {
        return nan();
    }
    if (a == 0.0) {
        return copysign(select(T(0), T(3.141592653589793), is_negative(b)), a);
    }
    return atan2(a, b);
}

fn arcsine(x: T) -> T {
    if (abs(x) > 1.0) {
        return nan();
    }
    return angle(x, sqrt((1.0 - x) * (1.0 + x)));
}

fn arccosine(x: T) -> T {
    if (abs(x) > 1.0) {
        return nan();
    }
    return angle(sqrt((1.0 - x) * (1.0 + x)), x);
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
// Four numbers in [0, 1), each of 24 bits of a word, exact.
fn units(i: u32) -> vec4<T> {
    return vec4<T>(block(i) >> vec4<u32>(8u)) * 0x1p-24;
}
// Each invocation computes four numbers. Words: items, elements, offset of the output; for random
// numbers from 4 on the seed and the first counter, low words first, and from 8 on the first
// integer of a range and its size, 0 for 2³²; for sequences from 4 on the first number and the
// distance.

// Block number `i` of the stream: Philox4x32-10.
fn block(i: u32) -> vec4<u32> {
    var key = vec2<u32>(word(4u), word(5u));
    let low = word(6u) + i;
    var counter = vec4<u32>(low, word(7u) + select(0u, 1u, low < i), 0u, 0u);
    for (var round = 0u; round < 10u; round++) {
        let a = wide_product(counter.x, 0xd2511f53u);
        let b = wide_product(counter.z, 0xcd9e8d57u);
        counter = vec4<u32>(b.y ^ counter.y ^ key.x, b.x, a.y ^ counter.w ^ key.y, a.x);
        key += vec2<u32>(0x9e3779b9u, 0xbb67ae85u);
    }
    return counter;
}

// Two normal numbers from two uniform ones, by the Box–Muller transform. The turn is split into
// quarters before it becomes an angle, so that no digits are lost.
fn box_muller(u: T, v: T) -> vec2<T> {
    let radius = sqrt(-2.0 * log1p(-u));
    let quarters = floor(4.0 * v + 0.5);
    let angle = 6.283185307179586 * (v - 0.25 * quarters);
    let rest = vec2<T>(near_cosine(angle), near_sine(angle));
    let point = select(rest, vec2<T>(-rest.y, rest.x), (u32(quarters) & 1u) != 0u);
    return radius * select(point, -point, (u32(quarters) & 2u) != 0u);
}

// The range times the fraction that 64 bits represent: the upper half of the product.
fn integer(high: u32, low: u32) -> i32 {
    let above = wide_product(high, word(9u));
    let below = wide_product(low, word(9u));
    let share = above.y + select(0u, 1u, above.x + below.y < above.x);
    return bitcast<i32>(word(8u) + select(share, high, word(9u) == 0u));
}

fn four(i: u32) -> vec4<R> {
    let a = block(2u * i);
    let b = block(2u * i + 1u);
    return vec4<i32>(integer(a.x, a.y), integer(a.z, a.w), integer(b.x, b.y), integer(b.z, b.w));
}

fn run(group: u32, own: u32) {
    let i = group * 256u + own;
    if (i >= word(0u)) {
        return;
    }
    let numbers = four(i);
    let count = min(4u, word(1u) - 4u * i);
    if (count == 4u) {
        m0[word(2u) + i] = numbers;
        return;
    }
    for (var part = 0u; part < count; part++) {
        m0[word(2u) + i][part] = numbers[part];
    }
}

// A launch is spread over two axes of workgroups, which programs see as one.
@compute @workgroup_size(256)
fn main(
    @builtin(workgroup_id) group: vec3<u32>,
    @builtin(num_workgroups) groups: vec3<u32>,
    @builtin(local_invocation_index) own: u32,
) {
    run(group.y * groups.x + group.x, own);
}

// conv [(F32, [2, 4, 1, 8, 8]), (F32, [2, 3, 1, 8, 8]), (F32, [4, 3, 1, 3, 3])], dispatch 0

alias T = f32;
alias R = f32;
@group(0) @binding(0) var<uniform> parameters: array<vec4<u32>, 16>;
@group(0) @binding(1) var<storage, read_write> m0: array<vec4<f32>>;
@group(0) @binding(2) var<storage, read> m1: array<f32>;
@group(0) @binding(3) var<storage, read> m2: array<f32>;
fn word(i: u32) -> u32 {
    return parameters[i / 4u][i % 4u];
}

// The position of the element with a given row-major number, for axes whose extents and strides are
// the words from the given ones on.
fn position(number: u32, axes: u32, extents: u32, strides: u32) -> u32 {
    var at = 0u;
    var rest = number;
    for (var axis = axes; axis > 0u; axis--) {
        let extent = word(extents + axis - 1u);
        at += (rest % extent) * word(strides + axis - 1u);
        rest /= extent;
    }
    return at;
}
alias N = f32;

fn number_at(first: u32, i: u32) -> N {
    return bitcast<f32>(word(first + i));
}

alias Bits = u32;
const SIGN: Bits = 0x80000000u;
const SIZE: Bits = 0x7fffffffu;
const ONES: Bits = 0xffffffffu;
const INFINITE: Bits = 0x7f800000u;
const POINT: Bits = 0x800000u;
const PLACES = 23u;
const BIAS = 127;
const ONE: Bits = 0x3f800000u;
const LARGEST: T = 3.4028234e38;
// WGSL allows no constants of these values.
fn infinity() -> T {
    return bitcast<T>(INFINITE + Bits(word(0u) * 0u));
}

fn nan() -> T {
    let bits = INFINITE + Bits(word(0u) * 0u);
    return bitcast<T>(bits | (bits >> 1u));
}

// A number as it was rounded: a compiler may assume that (a + b) - a is b. The last word is 0,
// which it does not know.
fn rounded(x: T) -> T {
    return bitcast<T>(bitcast<Bits>(x) ^ Bits(word(63u)));
}

// By their bits, as a compiler may assume that there is no NaN and that zeros have no sign.
fn is_nan(x: T) -> bool {
    return (bitcast<Bits>(x) & SIZE) > INFINITE;
}

fn is_infinite(x: T) -> bool {
    return (bitcast<Bits>(x) & SIZE) == INFINITE;
}

fn is_negative(x: T) -> bool {
    return bitcast<Bits>(x) > SIZE;
}

fn copysign(x: T, sign: T) -> T {
    return bitcast<T>((bitcast<Bits>(x) & SIZE) | (bitcast<Bits>(sign) & SIGN));
}

// x · 2ᵏ, in two steps, as the power alone may overflow or underflow.
fn scaled(x: T, k: i32) -> T {
    let half = k / 2;
    return x * bitcast<T>(Bits(half + BIAS) << PLACES) * bitcast<T>(Bits(k - half + BIAS) << PLACES);
}
const SIDE = 32u;
const ROW_PARTS = 1u;
const COLUMN_PARTS = 1u;
const INVOCATIONS = 64u;
const EXACT = false;
const LEFT_INNER = false;
const RIGHT_INNER = false;
// Tiles of SIDE × SIDE results from tiles of SIDE × 16 elements in workgroup memory. Half of the
// invocations fetch four by four elements of the left side and the other half those of the right
// one, each tile while the product of the previous one is computed. Each invocation has four rows
// (or twice four, SIDE / 2 apart) of four columns (or twice four) of results. Words: rows, inner,
// columns, axes of the batch, offsets of the left side, the right side and the result, strides
// along the rows, inner and columns: left row, left inner, right inner, right column; inner
// elements of a part, products of the batch; tiles along the columns, along the rows, and of all
// products together; from 16 on the shape of the batch, from 24 its strides on the left, from 32 on
// the right. For a side that is read as vectors, the numbers count vectors.

const DEPTH = 16u;
const QUADS = SIDE / 4u;
// A compiler does not check an index that it sees to be in range.
const LAST = 4u * SIDE - 1u;
const ACROSS = SIDE / (4u * COLUMN_PARTS);

alias V = vec4<T>;

/// Four elements along the tile's side, for each of four inner positions.
struct Quad {
    a: V,
    b: V,
    c: V,
    d: V,
}

/// The index of the product in the batch.
var<private> product: u32;

var<workgroup> left: array<V, 4u * SIDE>;
var<workgroup> right: array<V, 4u * SIDE>;

const STRIDED = false;
const DEEP = 1u;
const HIGH = 3u;
const WIDE = 3u;
const TAPS = 9u;
// Shared by convolutions and pools: numbers for three dimensions, and positions in them.

fn triple(first: u32) -> vec3<u32> {
    return vec3<u32>(word(first), word(first + 1u), word(first + 2u));
}

fn tap_of(tap: u32) -> vec3<u32> {
    return vec3<u32>(tap / (WIDE * HIGH), tap / WIDE % HIGH, tap % WIDE);
}

// The position of the element with a given number in three extents, which are words.
fn place_in(extents: u32, number: u32) -> vec3<u32> {
    let line = number / word(extents + 2u);
    return vec3<u32>(line / word(extents + 1u), line % word(extents + 1u), number % word(extents + 2u));
}
// Words from 40 on: extents of input, output and window, strides, dilations and paddings, three
// each; channels and filters of a group, groups, offset and stride of the bias. Strides of the
// right side from 16, of the left one from 24.

// For four positions along a side of the tile: where in space they start, and their part of the
// address.
var<private> sides: array<vec4<u32>, 4>;

fn summed(x: vec3<u32>) -> u32 {
    return x.x + x.y + x.z;
}

fn outputs() -> u32 {
    return word(43u) * word(44u) * word(45u);
}

fn group_of() -> u32 {
    return product % word(60u);
}

fn weight_taps(tap: u32) -> u32 {
    return summed(tap_of(tap) * triple(26u));
}

fn left_value(side: vec4<u32>, inner: vec4<u32>) -> T {
    return m1[word(4u) + side.w + inner.w];
}

// The input at a distance from the start of the window; 0 in the padding.
fn input_value(side: vec4<u32>, inner: vec4<u32>) -> T {
    let at = side.xyz + inner.xyz;
    if (any(at >= triple(40u))) {
        return T(0);
    }
    return m2[word(5u) + side.w + inner.w + summed(at * triple(18u))];
}

// The output for which a tap of the window reads an input.
fn output_value(side: vec4<u32>, inner: vec4<u32>) -> T {
    let shifted = side.xyz + inner.xyz;
    var at = shifted;
    if (STRIDED) {
        at = shifted / triple(49u);
        if (any(shifted >= vec3<u32>(0x80000000u)) || any(at * triple(49u) != shifted)) {
            return T(0);
        }
    }
    if (any(at >= triple(43u))) {
        return T(0);
    }
    return m2[word(5u) + side.w + inner.w + summed(at * triple(18u))];
}
fn left_side(side: u32) -> vec4<u32> {
    return vec4<u32>(vec3<u32>(), (group_of() * word(59u) + side) * word(24u));
}

fn left_inner(inner: u32) -> vec4<u32> {
    return vec4<u32>(vec3<u32>(), inner / TAPS * word(25u) + weight_taps(inner % TAPS));
}

fn left_at(first: u32, side: u32, inner: u32, limit: u32, end: u32) -> Quad {
    var quad: Quad;
    let k0 = left_inner(inner + 0u);
    if (inner + 0u < end) { quad.a = V(select(T(0), left_value(sides[0], k0), side + 0u < limit), select(T(0), left_value(sides[1], k0), side + 1u < limit), select(T(0), left_value(sides[2], k0), side + 2u < limit), select(T(0), left_value(sides[3], k0), side + 3u < limit)); }
    let k1 = left_inner(inner + 1u);
    if (inner + 1u < end) { quad.b = V(select(T(0), left_value(sides[0], k1), side + 0u < limit), select(T(0), left_value(sides[1], k1), side + 1u < limit), select(T(0), left_value(sides[2], k1), side + 2u < limit), select(T(0), left_value(sides[3], k1), side + 3u < limit)); }
    let k2 = left_inner(inner + 2u);
    if (inner + 2u < end) { quad.c = V(select(T(0), left_value(sides[0], k2), side + 0u < limit), select(T(0), left_value(sides[1], k2), side + 1u < limit), select(T(0), left_value(sides[2], k2), side + 2u < limit), select(T(0), left_value(sides[3], k2), side + 3u < limit)); }
    let k3 = left_inner(inner + 3u);
    if (inner + 3u < end) { quad.d = V(select(T(0), left_value(sides[0], k3), side + 0u < limit), select(T(0), left_value(sides[1], k3), side + 1u < limit), select(T(0), left_value(sides[2], k3), side + 2u < limit), select(T(0), left_value(sides[3], k3), side + 3u < limit)); }
    return quad;
}

fn right_side(side: u32) -> vec4<u32> {
    return vec4<u32>(place_in(43u, side) * triple(49u) - triple(55u), product / word(60u) * word(16u));
}

fn right_inner(inner: u32) -> vec4<u32> {
    return vec4<u32>(tap_of(inner % TAPS) * triple(52u), (group_of() * word(58u) + inner / TAPS) * word(17u));
}

fn right_at(first: u32, side: u32, inner: u32, limit: u32, end: u32) -> Quad {
    var quad: Quad;
    let k0 = right_inner(inner + 0u);
    if (inner + 0u < end) { quad.a = V(select(T(0), input_value(sides[0], k0), side + 0u < limit), select(T(0), input_value(sides[1], k0), side + 1u < limit), select(T(0), input_value(sides[2], k0), side + 2u < limit), select(T(0), input_value(sides[3], k0), side + 3u < limit)); }
    let k1 = right_inner(inner + 1u);
    if (inner + 1u < end) { quad.b = V(select(T(0), input_value(sides[0], k1), side + 0u < limit), select(T(0), input_value(sides[1], k1), side + 1u < limit), select(T(0), input_value(sides[2], k1), side + 2u < limit), select(T(0), input_value(sides[3], k1), side + 3u < limit)); }
    let k2 = right_inner(inner + 2u);
    if (inner + 2u < end) { quad.c = V(select(T(0), input_value(sides[0], k2), side + 0u < limit), select(T(0), input_value(sides[1], k2), side + 1u < limit), select(T(0), input_value(sides[2], k2), side + 2u < limit), select(T(0), input_value(sides[3], k2), side + 3u < limit)); }
    let k3 = right_inner(inner + 3u);
    if (inner + 3u < end) { quad.d = V(select(T(0), input_value(sides[0], k3), side + 0u < limit), select(T(0), input_value(sides[1], k3), side + 1u < limit), select(T(0), input_value(sides[2], k3), side + 2u < limit), select(T(0), input_value(sides[3], k3), side + 3u < limit)); }
    return quad;
}


@compute @workgroup_size(INVOCATIONS)
fn main(
    @builtin(workgroup_id) group: vec3<u32>,
    @builtin(num_workgroups) groups: vec3<u32>,
    @builtin(local_invocation_index) own: u32,
) {
    let tile = group.y * groups.x + group.x;
    // From word 15, in a form that shows that the whole workgroup takes the same branch.
    if (tile >= parameters[3u].w) {
        return;
    }
    let rows = word(0u);
    let columns = word(2u);
    let made = tile / word(13u) / word(14u);
    product = made % word(12u);
    let part = made / word(12u);
    let first_left = word(4u) + position(product, word(3u), 16u, 24u);
    let first_right = word(5u) + position(product, word(3u), 16u, 32u);
    let start = part * word(11u);
    let end = min(start + word(11u), word(1u));
    let row = tile / word(13u) % word(14u) * SIDE;
    let column = tile % word(13u) * SIDE;
    let is_left = own < SIDE;
    let block = own % SIDE;
    let left_quad = select(block % QUADS, block / 4u, LEFT_INNER);
    let left_deep = 4u * select(block / QUADS, block % 4u, LEFT_INNER);
    let right_quad = select(block % QUADS, block / 4u, RIGHT_INNER);
    let right_deep = 4u * select(block / QUADS, block % 4u, RIGHT_INNER);
    let down = own / ACROSS;
    let across = own % ACROSS;
    var r0 = V(); var r1 = V(); var r2 = V(); var r3 = V();
    var r4 = V(); var r5 = V(); var r6 = V(); var r7 = V();
    var s0 = V(); var s1 = V(); var s2 = V(); var s3 = V();
    var s4 = V(); var s5 = V(); var s6 = V(); var s7 = V();
    if (is_left) {
        sides[0] = left_side(row + 4u * left_quad + 0u);
        sides[1] = left_side(row + 4u * left_quad + 1u);
        sides[2] = left_side(row + 4u * left_quad + 2u);
        sides[3] = left_side(row + 4u * left_quad + 3u);
    } else {
        sides[0] = right_side(column + 4u * right_quad + 0u);
        sides[1] = right_side(column + 4u * right_quad + 1u);
        sides[2] = right_side(column + 4u * right_quad + 2u);
        sides[3] = right_side(column + 4u * right_quad + 3u);
    }
    var next: Quad;
    if (is_left) {
        next = left_at(first_left, row + 4u * left_quad, start + left_deep, rows, end);
    } else {
        next = right_at(first_right, column + 4u * right_quad, start + right_deep, columns, end);
    }
    for (var from_inner = start; from_inner < end; from_inner += DEPTH) {
        workgroupBarrier();
        if (is_left) {
            let to = left_deep * QUADS + left_quad;
            left[(to) & LAST] = next.a;
            left[(to + QUADS) & LAST] = next.b;
            left[(to + 2u * QUADS) & LAST] = next.c;
            left[(to + 3u * QUADS) & LAST] = next.d;
        } else {
            let to = right_deep * QUADS + right_quad;
            right[(to) & LAST] = next.a;
            right[(to + QUADS) & LAST] = next.b;
            right[(to + 2u * QUADS) & LAST] = next.c;
            right[(to + 3u * QUADS) & LAST] = next.d;
        }
        workgroupBarrier();
        let further = from_inner + DEPTH;
        if (further < end) {
            if (is_left) {
                next = left_at(first_left, row + 4u * left_quad, further + left_deep, rows, end);
            } else {
                next =
                    right_at(first_right, column + 4u * right_quad, further + right_deep, columns, end);
            }
        }
        for (var half = 0u; half < DEPTH; half += 8u) {
            {
    let k = half + 0u;
    let a = left[(k * QUADS + down) & LAST];
    let b = right[(k * QUADS + across) & LAST];
    r0 += a.x * b;
    r1 += a.y * b;
    r2 += a.z * b;
    r3 += a.w * b;
    if (COLUMN_PARTS > 1u) {
        let c = right[(k * QUADS + QUADS / 2u + across) & LAST];
        s0 += a.x * c;
        s1 += a.y * c;
        s2 += a.z * c;
        s3 += a.w * c;
        let d = left[(k * QUADS + QUADS / 2u + down) & LAST];
        r4 += d.x * b;
        r5 += d.y * b;
        r6 += d.z * b;
        r7 += d.w * b;
        s4 += d.x * c;
        s5 += d.y * c;
        s6 += d.z * c;
        s7 += d.w * c;
    } else if (ROW_PARTS > 1u) {
        let d = left[(k * QUADS + QUADS / 2u + down) & LAST];
        r4 += d.x * b;
        r5 += d.y * b;
        r6 += d.z * b;
        r7 += d.w * b;
    }
}
{
    let k = half + 1u;
    let a = left[(k * QUADS + down) & LAST];
    let b = right[(k * QUADS + across) & LAST];
    r0 += a.x * b;
    r1 += a.y * b;
    r2 += a.z * b;
    r3 += a.w * b;
    if (COLUMN_PARTS > 1u) {
        let c = right[(k * QUADS + QUADS / 2u + across) & LAST];
        s0 += a.x * c;
        s1 += a.y * c;
        s2 += a.z * c;
        s3 += a.w * c;
        let d = left[(k * QUADS + QUADS / 2u + down) & LAST];
        r4 += d.x * b;
        r5 += d.y * b;
        r6 += d.z * b;
        r7 += d.w * b;
        s4 += d.x * c;
        s5 += d.y * c;
        s6 += d.z * c;
        s7 += d.w * c;
    } else if (ROW_PARTS > 1u) {
        let d = left[(k * QUADS + QUADS / 2u + down) & LAST];
        r4 += d.x * b;
        r5 += d.y * b;
        r6 += d.z * b;
        r7 += d.w * b;
    }
}
{
    let k = half + 2u;
    let a = left[(k * QUADS + down) & LAST];
    let b = right[(k * QUADS + across) & LAST];
    r0 += a.x * b;
    r1 += a.y * b;
    r2 += a.z * b;
    r3 += a.w * b;
    if (COLUMN_PARTS > 1u) {
        let c = right[(k * QUADS + QUADS / 2u + across) & LAST];
        s0 += a.x * c;
        s1 += a.y * c;
        s2 += a.z * c;
        s3 += a.w * c;
        let d = left[(k * QUADS + QUADS / 2u + down) & LAST];
        r4 += d.x * b;
        r5 += d.y * b;
        r6 += d.z * b;
        r7 += d.w * b;
        s4 += d.x * c;
        s5 += d.y * c;
        s6 += d.z * c;
        s7 += d.w * c;
    } else if (ROW_PARTS > 1u) {
        let d = left[(k * QUADS + QUADS / 2u + down) & LAST];
        r4 += d.x * b;
        r5 += d.y * b;
        r6 += d.z * b;
        r7 += d.w * b;
    }
}
{
    let k = half + 3u;
    let a = left[(k * QUADS + down) & LAST];
    let b = right[(k * QUADS + across) & LAST];
    r0 += a.x * b;
    r1 += a.y * b;
    r2 += a.z * b;
    r3 += a.w * b;
    if (COLUMN_PARTS > 1u) {
        let c = right[(k * QUADS + QUADS / 2u + across) & LAST];
        s0 += a.x * c;
        s1 += a.y * c;
        s2 += a.z * c;
        s3 += a.w * c;
        let d = left[(k * QUADS + QUADS / 2u + down) & LAST];
        r4 += d.x * b;
        r5 += d.y * b;
        r6 += d.z * b;
        r7 += d.w * b;
        s4 += d.x * c;
        s5 += d.y * c;
        s6 += d.z * c;
        s7 += d.w * c;
    } else if (ROW_PARTS > 1u) {
        let d = left[(k * QUADS + QUADS / 2u + down) & LAST];
        r4 += d.x * b;
        r5 += d.y * b;
        r6 += d.z * b;
        r7 += d.w * b;
    }
}
{
    let k = half + 4u;
    let a = left[(k * QUADS + down) & LAST];
    let b = right[(k * QUADS + across) & LAST];
    r0 += a.x * b;
    r1 += a.y * b;
    r2 += a.z * b;
    r3 += a.w * b;
    if (COLUMN_PARTS > 1u) {
        let c = right[(k * QUADS + QUADS / 2u + across) & LAST];
        s0 += a.x * c;
        s1 += a.y * c;
        s2 += a.z * c;
        s3 += a.w * c;
        let d = left[(k * QUADS + QUADS / 2u + down) & LAST];
        r4 += d.x * b;
        r5 += d.y * b;
        r6 += d.z * b;
        r7 += d.w * b;
        s4 += d.x * c;
        s5 += d.y * c;
        s6 += d.z * c;
        s7 += d.w * c;
    } else if (ROW_PARTS > 1u) {
        let d = left[(k * QUADS + QUADS / 2u + down) & LAST];
        r4 += d.x * b;
        r5 += d.y * b;
        r6 += d.z * b;
        r7 += d.w * b;
    }
}
{
    let k = half + 5u;
    let a = left[(k * QUADS + down) & LAST];
    let b = right[(k * QUADS + across) & LAST];
    r0 += a.x * b;
    r1 += a.y * b;
    r2 += a.z * b;
    r3 += a.w * b;
    if (COLUMN_PARTS > 1u) {
        let c = right[(k * QUADS + QUADS / 2u + across) & LAST];
        s0 += a.x * c;
        s1 += a.y * c;
        s2 += a.z * c;
        s3 += a.w * c;
        let d = left[(k * QUADS + QUADS / 2u + down) & LAST];
        r4 += d.x * b;
        r5 += d.y * b;
        r6 += d.z * b;
        r7 += d.w * b;
        s4 += d.x * c;
        s5 += d.y * c;
        s6 += d.z * c;
        s7 += d.w * c;
    } else if (ROW_PARTS > 1u) {
        let d = left[(k * QUADS + QUADS / 2u + down) & LAST];
        r4 += d.x * b;
        r5 += d.y * b;
        r6 += d.z * b;
        r7 += d.w * b;
    }
}
{
    let k = half + 6u;
    let a = left[(k * QUADS + down) & LAST];
    let b = right[(k * QUADS + across) & LAST];
    r0 += a.x * b;
    r1 += a.y * b;
    r2 += a.z * b;
    r3 += a.w * b;
    if (COLUMN_PARTS > 1u) {
        let c = right[(k * QUADS + QUADS / 2u + across) & LAST];
        s0 += a.x * c;
        s1 += a.y * c;
        s2 += a.z * c;
        s3 += a.w * c;
        let d = left[(k * QUADS + QUADS / 2u + down) & LAST];
        r4 += d.x * b;
        r5 += d.y * b;
        r6 += d.z * b;
        r7 += d.w * b;
        s4 += d.x * c;
        s5 += d.y * c;
        s6 += d.z * c;
        s7 += d.w * c;
    } else if (ROW_PARTS > 1u) {
        let d = left[(k * QUADS + QUADS / 2u + down) & LAST];
        r4 += d.x * b;
        r5 += d.y * b;
        r6 += d.z * b;
        r7 += d.w * b;
    }
}
{
    let k = half + 7u;
    let a = left[(k * QUADS + down) & LAST];
    let b = right[(k * QUADS + across) & LAST];
    r0 += a.x * b;
    r1 += a.y * b;
    r2 += a.z * b;
    r3 += a.w * b;
    if (COLUMN_PARTS > 1u) {
        let c = right[(k * QUADS + QUADS / 2u + across) & LAST];
        s0 += a.x * c;
        s1 += a.y * c;
        s2 += a.z * c;
        s3 += a.w * c;
        let d = left[(k * QUADS + QUADS / 2u + down) & LAST];
        r4 += d.x * b;
        r5 += d.y * b;
        r6 += d.z * b;
        r7 += d.w * b;
        s4 += d.x * c;
        s5 += d.y * c;
        s6 += d.z * c;
        s7 += d.w * c;
    } else if (ROW_PARTS > 1u) {
        let d = left[(k * QUADS + QUADS / 2u + down) & LAST];
        r4 += d.x * b;
        r5 += d.y * b;
        r6 += d.z * b;
        r7 += d.w * b;
    }
}
        }
    }
    let to = word(6u) + made * rows * columns;
    let y = row + 4u * down;
    let x = column + 4u * across;
    store(to, y, x, r0);
    store(to, y + 1u, x, r1);
    store(to, y + 2u, x, r2);
    store(to, y + 3u, x, r3);
    if (ROW_PARTS > 1u) {
        let low = y + SIDE / 2u;
        store(to, low, x, r4);
        store(to, low + 1u, x, r5);
        store(to, low + 2u, x, r6);
        store(to, low + 3u, x, r7);
        if (COLUMN_PARTS > 1u) {
            let far = x + SIDE / 2u;
            store(to, low, far, s4);
            store(to, low + 1u, far, s5);
            store(to, low + 2u, far, s6);
            store(to, low + 3u, far, s7);
        }
    }
    if (COLUMN_PARTS > 1u) {
        let far = x + SIDE / 2u;
        store(to, y, far, s0);
        store(to, y + 1u, far, s1);
        store(to, y + 2u, far, s2);
        store(to, y + 3u, far, s3);
    }
}

fn store(to: u32, row: u32, column: u32, values: V) {
    if (!EXACT && (row >= word(0u) || column >= word(2u))) {
        return;
    }
    m0[(to + row * word(2u) + column) / 4u] = values;
}

// sum_pool [(F32, [2, 3, 1, 4, 4]), (F32, [2, 3, 1, 8, 8])], dispatch 0

alias T = f32;
alias R = f32;
@group(0) @binding(0) var<uniform> parameters: array<vec4<u32>, 16>;
@group(0) @binding(1) var<storage, read_write> m0: array<f32>;
@group(0) @binding(2) var<storage, read> m1: array<f32>;
fn word(i: u32) -> u32 {
    return parameters[i / 4u][i % 4u];
}

// The position of the element with a given row-major number, for axes whose extents and strides are
// the words from the given ones on.
fn position(number: u32, axes: u32, extents: u32, strides: u32) -> u32 {
    var at = 0u;
    var rest = number;
    for (var axis = axes; axis > 0u; axis--) {
        let extent = word(extents + axis - 1u);
        at += (rest % extent) * word(strides + axis - 1u);
        rest /= extent;
    }
    return at;
}
alias N = f32;

fn number_at(first: u32, i: u32) -> N {
    return bitcast<f32>(word(first + i));
}

alias Bits = u32;
const SIGN: Bits = 0x80000000u;
const SIZE: Bits = 0x7fffffffu;
const ONES: Bits = 0xffffffffu;
const INFINITE: Bits = 0x7f800000u;
const POINT: Bits = 0x800000u;
const PLACES = 23u;
const BIAS = 127;
const ONE: Bits = 0x3f800000u;
const LARGEST: T = 3.4028234e38;
// WGSL allows no constants of these values.
fn infinity() -> T {
    return bitcast<T>(INFINITE + Bits(word(0u) * 0u));
}

fn nan() -> T {
    let bits = INFINITE + Bits(word(0u) * 0u);
    return bitcast<T>(bits | (bits >> 1u));
}

// A number as it was rounded: a compiler may assume that (a + b) - a is b. The last word is 0,
// which it does not know.
fn rounded(x: T) -> T {
    return bitcast<T>(bitcast<Bits>(x) ^ Bits(word(63u)));
}

// By their bits, as a compiler may assume that there is no NaN and that zeros have no sign.
fn is_nan(x: T) -> bool {
    return (bitcast<Bits>(x) & SIZE) > INFINITE;
}

fn is_infinite(x: T) -> bool {
    return (bitcast<Bits>(x) & SIZE) == INFINITE;
}

fn is_negative(x: T) -> bool {
    return bitcast<Bits>(x) > SIZE;
}

fn copysign(x: T, sign: T) -> T {
    return bitcast<T>((bitcast<Bits>(x) & SIZE) | (bitcast<Bits>(sign) & SIGN));
}

// x · 2ᵏ, in two steps, as the power alone may overflow or underflow.
fn scaled(x: T, k: i32) -> T {
    let half = k / 2;
    return x * bitcast<T>(Bits(half + BIAS) << PLACES) * bitcast<T>(Bits(k - half + BIAS) << PLACES);
}
const DEEP = 1u;
const HIGH = 2u;
const WIDE = 2u;
const TAPS = 4u;
// Shared by convolutions and pools: numbers for three dimensions, and positions in them.

fn triple(first: u32) -> vec3<u32> {
    return vec3<u32>(word(first), word(first + 1u), word(first + 2u));
}

fn tap_of(tap: u32) -> vec3<u32> {
    return vec3<u32>(tap / (WIDE * HIGH), tap / WIDE % HIGH, tap % WIDE);
}

// The position of the element with a given number in three extents, which are words.
fn place_in(extents: u32, number: u32) -> vec3<u32> {
    let line = number / word(extents + 2u);
    return vec3<u32>(line / word(extents + 1u), line % word(extents + 1u), number % word(extents + 2u));
}
// Words: elements of the result, of a channel of it, channels; offset of the input at 4, of the
// results at 6 and 7; strides of the input from 16; from 40 on extents of input, output and window,
// strides, dilations and paddings, three each.

// The distance in memory of positions in space.
fn along(place: vec3<u32>) -> u32 {
    let steps = place * triple(18u);
    return steps.x + steps.y + steps.z;
}

fn run(group: u32, own: u32) {
    let number = group * 256u + own;
    if (number >= word(0u)) {
        return;
    }
    let channel = number / word(1u);
    let base = word(4u) + channel / word(2u) * word(16u) + channel % word(2u) * word(17u);
    let start = place_in(43u, number % word(1u)) * triple(49u) - triple(55u);
    var total = T();
    for (var tap = 0u; tap < TAPS; tap++) {
        let read = start + tap_of(tap) * triple(52u);
        if (all(read < triple(40u))) {
            total += m1[base + along(read)];
        }
    }
    m0[word(6u) + number] = total;
}

// A launch is spread over two axes of workgroups, which programs see as one.
@compute @workgroup_size(256)
fn main(
    @builtin(workgroup_id) group: vec3<u32>,
    @builtin(num_workgroups) groups: vec3<u32>,
    @builtin(local_invocation_index) own: u32,
) {
    run(group.y * groups.x + group.x, own);
}

