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
    // numbers
}

fn run(group: u32, own: u32) {
    let i = group * 256u + own;
    if (i >= word(0u)) {
        return;
    }
    let numbers = four(i);
    let count = min(4u, word(1u) - 4u * i);
    // store
}
