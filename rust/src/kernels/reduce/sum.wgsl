// One workgroup for each element of the result. Words: results, elements that are added for each,
// kept axes, axes, offset, divisor as bits of a float, offset of the result; shape from 8 and
// strides from 16, kept axes first.

const INVOCATIONS = 256u;

var<workgroup> parts: array<R, 256>;

@compute @workgroup_size(256)
fn main(
    @builtin(workgroup_id) group: vec3<u32>,
    @builtin(num_workgroups) groups: vec3<u32>,
    @builtin(local_invocation_index) own: u32,
) {
    let number = group.y * groups.x + group.x;
    var total = R(0);
    if (number < word(0u)) {
        let kept = word(2u);
        let reduced = word(3u) - kept;
        let base = word(4u) + position(number, kept, 8u, 16u);
        for (var i = own; i < word(1u); i += INVOCATIONS) {
            total += R(m1[base + position(i, reduced, 8u + kept, 16u + kept)]);
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
