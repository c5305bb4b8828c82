// Each invocation sums the rows of a part, for one item of the weights and the bias, from the mean,
// its rounding error and the scale of each row. Words as in the rows' program.

// accessors

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
    // store
}
