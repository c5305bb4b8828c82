alias Bits = u32;
const SIGN: Bits = 0x80000000u;
const SIZE: Bits = 0x7fffffffu;
const INFINITE: Bits = 0x7f800000u;
const POINT: Bits = 0x800000u;
const PLACES = 23u;
const LARGEST: T = 3.4028234e38;
