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
        // loop
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
        // store
    }
}
