/** Reads and decodes images in a Worker: a path comes in, the pixels go out, or null on failure. */

import { bytesOf } from "./files.ts";
import { decoded } from "./pixels.ts";

/** What is asked of the Worker. */
export interface ImageRequest {
  readonly id: number;
  readonly path: string;
  readonly channels: number | undefined;
}

/** What it answers. */
export interface ImageAnswer {
  readonly id: number;
  readonly planes: ReturnType<typeof decoded> | null;
}

/** What a Worker sees of itself. */
interface Scope {
  addEventListener(type: "message", fn: (event: MessageEvent<ImageRequest>) => void): void;
  postMessage(answer: ImageAnswer, transfer: readonly ArrayBuffer[]): void;
}

function answerTo({ id, path, channels }: ImageRequest): ImageAnswer {
  try {
    return { id, planes: decoded("decode an image", bytesOf("decode an image", path), channels) };
  } catch {
    // The caller reads the file again to get the error.
    return { id, planes: null };
  }
}

const scope = globalThis as unknown as Scope;
// Outside a Worker, importing this file does nothing.
if ("postMessage" in globalThis) {
  scope.addEventListener("message", ({ data }) => {
    const answer = answerTo(data);
    scope.postMessage(answer, answer.planes === null ? [] : [answer.planes.values.buffer]);
  });
}
