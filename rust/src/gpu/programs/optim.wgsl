// Words: items, offsets of the parameter, its states and the gradient; from 8 on the numbers of the
// step.

fn number(i: u32) -> N {
    return number_at(8u, i);
}

@compute @workgroup_size(256)
fn main(
    @builtin(workgroup_id) group: vec3<u32>,
    @builtin(num_workgroups) groups: vec3<u32>,
    @builtin(local_invocation_index) own: u32,
) {
    let i = (group.y * groups.x + group.x) * 256u + own;
    if (i >= word(0u)) {
        return;
    }
    let p = word(1u) + i;
    let s = word(2u) + i;
    let t = word(3u) + i;
    let g = word(GRADIENT) + i;
    // body
}
