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
    // body
}
