// Some invocations treat a row, whose items are elements or vectors of four.
// Words: rows, items and elements of a row, ε as bits of a float, offsets of the result, the input, the
// weights, the bias and the cotangent; from 9 on rows of a part, parts, and where the sums of the parts
// begin; extents of the input from 16, its strides from 24, those of the weights from 32, of the bias
// from 40, of the cotangent from 48.

// accessors

fn is_finite(x: f32) -> bool {
    return (bitcast<u32>(x) & 0x7fffffffu) < 0x7f800000u;
}

// An item times 2⁻⁶⁴, by its bits: a factor may be taken out of a sum again, which then overflows.
fn lowered(x: E) -> E {
    let exponent = (bitcast<U>(x) >> U(23u)) & U(0xffu);
    let less = select(E(), bitcast<E>(bitcast<U>(x) - U(0x20000000u)), exponent > U(64u));
    return select(less, x, exponent == U(255u));
}

// The mean of a row whose sum has left the range: by each invocation, as that is rare.
fn careful_mean(row: u32) -> f32 {
    var total = 0.0;
    for (var i = 0u; i < word(1u); i++) {
        total += sum_of(lowered(x_at(row, i)));
    }
    return total / f32(word(2u)) * 0x1p+64;
}

// The same of deviations whose squares have left the range: they are divided by the largest one.
fn careful_scale(row: u32, mean: f32) -> vec2<f32> {
    let eps = bitcast<f32>(word(3u));
    var largest = sqrt(eps);
    for (var i = 0u; i < word(1u); i++) {
        largest = max(largest, largest_of(abs(x_at(row, i) - mean)));
    }
    if (!is_finite(mean) || !is_finite(largest) || largest == 0.0) {
        return vec2<f32>(1.0, bitcast<f32>(0x7fc00000u + word(0u) * 0u));
    }
    // A divisor near the end of the range has a reciprocal below the normal numbers.
    let shrink = select(1.0, 0x1p-24, largest > 0x1p+100);
    let divisor = largest * shrink;
    var total = 0.0;
    for (var i = 0u; i < word(1u); i++) {
        let ratio = (x_at(row, i) - mean) * shrink / divisor;
        total += sum_of(ratio * ratio);
    }
    let root = sqrt(total / f32(word(2u)) + eps / largest / largest);
    return vec2<f32>(shrink, 1.0 / root / divisor);
}

fn mean_of(own: u32, row: u32, there: bool, total: f32) -> f32 {
    let mean = sum_across(own, total) / f32(word(2u));
    if (!there || is_finite(mean)) {
        return mean;
    }
    return careful_mean(row);
}

// Two factors that are together 1 / √(variance + ε), of the sum of squares.
fn scale_of(own: u32, row: u32, there: bool, mean: f32, total: f32) -> vec2<f32> {
    let variance = sum_across(own, total) / f32(word(2u)) + bitcast<f32>(word(3u));
    if (!there || (is_finite(variance) && variance > 1e-30)) {
        return vec2<f32>(1.0, inverseSqrt(variance));
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
