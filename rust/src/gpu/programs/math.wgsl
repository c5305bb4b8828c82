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
