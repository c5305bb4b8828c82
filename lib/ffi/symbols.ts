/** The one table of native functions; `rust/src/abi.rs` defines each. It does not grow with the ops. */

/** Version of this table, the frame and the kernels' calling convention. */
export const ABI_VERSION = 3;

/** The C signatures. */
export const SYMBOLS = {
  /** Version of the interface. */
  adjoint_abi_version: { parameters: [], result: "u32" },
  /** Number of kernels. */
  adjoint_kernel_count: { parameters: [], result: "u32" },
  /** kernel, field (0 name, 1 WGSL, 2 types on the GPU), text, capacity → length */
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
  /** frame, words → status; the device's name in the frame */
  adjoint_gpu_open: { parameters: ["buffer", "u32"], result: "u32" },
  /** frame, words → status */
  adjoint_gpu_close: { parameters: ["buffer", "u32"], result: "u32" },
  /** frame, words, bytes → status; the handle in the frame */
  adjoint_gpu_allocate: { parameters: ["buffer", "u32", "u32"], result: "u32" },
  /** frame, words, handle → status */
  adjoint_gpu_free: { parameters: ["buffer", "u32", "u32"], result: "u32" },
  /** frame, words, handle, array, bytes → status */
  adjoint_gpu_write: { parameters: ["buffer", "u32", "u32", "buffer", "u32"], result: "u32" },
  /** frame, words, handle, first byte, array, bytes → status */
  adjoint_gpu_read: {
    parameters: ["buffer", "u32", "u32", "u32", "buffer", "u32"],
    result: "u32",
  },
  /** frame, words, whether to go on → status; dispatches, bytes and nanoseconds in the frame */
  adjoint_gpu_measure: { parameters: ["buffer", "u32", "u32"], result: "u32" },
  /** kernel, frame, words → status */
  adjoint_gpu_launch: { parameters: ["u32", "buffer", "u32"], result: "u32" },
} as const satisfies Deno.ForeignLibraryInterface;
