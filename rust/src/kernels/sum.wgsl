// One workgroup for each element of the result. Words: results, elements that are added for each,
// kept axes, axes, offset, divisor as bits of a float, offset of the result; shape from 8 and
// strides from 16, kept axes first.

const INVOCATIONS = 256u;

var<workgroup> parts: array<R, 256>;

fn position(number: u32, from_axis: u32, to_axis: u32) -> u32 {
    var at = 0u;
    var rest = number;
    for (var axis = to_axis; axis > from_axis; axis--) {
        let extent = word(7u + axis);
        at += (rest % extent) * word(15u + axis);
        rest /= extent;
    }
    return at;
}

@compute @workgroup_size(256)
fn main(
    @builtin(workgroup_id) group: vec3<u32>,
    @builtin(num_workgroups) groups: vec3<u32>,
    @builtin(local_invocation_index) own: u32,
) {
    let number = group.y * groups.x + group.x;
    var total = R(0);
    if (number < word(0u)) {
        let base = word(4u) + position(number, 0u, word(2u));
        for (var i = own; i < word(1u); i += INVOCATIONS) {
            total += R(m1[base + position(i, word(2u), word(3u))]);
        }
    }
    parts[own] = total;
    for (var half = INVOCATIONS / 2u; half > 0u; half /= 2u) {
        workgroupBarrier();
        if (own < half) {
            parts[own] += parts[own + half];
        }
    }
    if (own == 0u && number < word(0u)) {
        let divisor = bitcast<f32>(word(5u));
        m0[word(6u) + number] = select(R(f32(parts[0]) / divisor), parts[0], divisor == 1.0);
    }
}
