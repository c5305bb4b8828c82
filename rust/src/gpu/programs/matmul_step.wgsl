{
    let k = half + STEPu;
    let a = left[(k * QUADS + down) & LAST];
    let b = right[(k * QUADS + across) & LAST];
    r0 += a.x * b;
    r1 += a.y * b;
    r2 += a.z * b;
    r3 += a.w * b;
    if (COLUMN_PARTS > 1u) {
        let c = right[(k * QUADS + QUADS / 2u + across) & LAST];
        s0 += a.x * c;
        s1 += a.y * c;
        s2 += a.z * c;
        s3 += a.w * c;
        let d = left[(k * QUADS + QUADS / 2u + down) & LAST];
        r4 += d.x * b;
        r5 += d.y * b;
        r6 += d.z * b;
        r7 += d.w * b;
        s4 += d.x * c;
        s5 += d.y * c;
        s6 += d.z * c;
        s7 += d.w * c;
    } else if (ROW_PARTS > 1u) {
        let d = left[(k * QUADS + QUADS / 2u + down) & LAST];
        r4 += d.x * b;
        r5 += d.y * b;
        r6 += d.z * b;
        r7 += d.w * b;
    }
}
