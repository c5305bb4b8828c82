
// A launch is spread over two axes of workgroups, which programs see as one.
@compute @workgroup_size(256)
fn main(
    @builtin(workgroup_id) group: vec3<u32>,
    @builtin(num_workgroups) groups: vec3<u32>,
    @builtin(local_invocation_index) own: u32,
) {
    run(group.y * groups.x + group.x, own);
}
