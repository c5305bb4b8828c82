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
