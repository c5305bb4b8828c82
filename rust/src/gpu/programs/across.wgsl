fn NAME(own: u32, value: ITEM) -> ITEM {
    if (LANES == 1u) {
        return value;
    }
    workgroupBarrier();
    held[own] = value;
    for (var half = LANES / 2u; half > 0u; half /= 2u) {
        workgroupBarrier();
        if (own % LANES < half) {
            let a = held[own];
            let b = held[own + half];
            held[own] = JOINED;
        }
    }
    workgroupBarrier();
    return held[own - own % LANES];
}

