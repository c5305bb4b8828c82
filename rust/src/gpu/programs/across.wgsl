// What LANES invocations of a row join.

var<workgroup> held: array<T, 256>;

fn sum_across(own: u32, value: T) -> T {
    if (LANES == 1u) {
        return value;
    }
    workgroupBarrier();
    held[own] = value;
    for (var half = LANES / 2u; half > 0u; half /= 2u) {
        workgroupBarrier();
        if (own % LANES < half) {
            held[own] += held[own + half];
        }
    }
    workgroupBarrier();
    return held[own - own % LANES];
}

