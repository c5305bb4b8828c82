// Several invocations process a row, whose items are elements or vectors of four. Words: rows,
// items and elements of a row, unused, offsets of the result, the input, the weights, the bias and
// the cotangent; from 9 on rows of a part, parts, and where the sums of the parts start, from 12 on
// ε; extents of the input from 16, its strides from 24, those of the weights from 32, of the bias
// from 40, of the cotangent from 48.

// accessors

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
        total += sum_of(LOWERED);
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
    // body
}
