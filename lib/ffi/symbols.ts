/** The one table of native functions; `rust/src/abi.rs` defines each. It does not grow with the ops. */

/** Version of this table, the frame and the kernels' calling convention. */
export const ABI_VERSION = 1;

/** The C signatures. */
export const SYMBOLS = {
  /** Version of the interface. */
  adjoint_abi_version: { parameters: [], result: "u32" },
  /** Number of kernels. */
  adjoint_kernel_count: { parameters: [], result: "u32" },
  /** kernel, field (0 name, 1 WGSL), text, capacity → length */
  adjoint_kernel_text: { parameters: ["u32", "u32", "buffer", "u32"], result: "u32" },
  /** threads → status */
  adjoint_set_threads: { parameters: ["u32"], result: "u32" },
  /** Number of threads. */
  adjoint_threads: { parameters: [], result: "u32" },
  /** kernel, frame, words, four arrays → status */
  adjoint_launch4: {
    parameters: ["u32", "buffer", "u32", "buffer", "buffer", "buffer", "buffer"],
    result: "u32",
  },
  /** kernel, frame, words, eight arrays → status */
  adjoint_launch8: {
    parameters: [
      ...["u32", "buffer", "u32"] as const,
      ...["buffer", "buffer", "buffer", "buffer"] as const,
      ...["buffer", "buffer", "buffer", "buffer"] as const,
    ],
    result: "u32",
  },
} as const satisfies Deno.ForeignLibraryInterface;
