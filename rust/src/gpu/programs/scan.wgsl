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
    // begin
    for (var done = 0u; done < word(3u); done += LANES * RUN) {
        let first = start + done + lane * RUN;
        var run: array<State, RUN>;
        var state = identity();
        for (var k = 0u; k < RUN; k++) {
            let i = first + k;
            if (i < end) {
                state = joined(state, ELEMENT);
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
                // store
            }
        }
    }
    // end
}
