/** A data set of the images in a folder, which can be decoded in a Worker. */

import {
  checkCount,
  checkKind,
  FUNCTION,
  INTEGER,
  optionReader,
  type OptionTable,
} from "../core/options.ts";
import type { RandomGenerator } from "../core/random.ts";
import { explained, PATH, pathOf } from "../io/source.ts";
import { tensor } from "../tensor/create.ts";
import type { Tensor } from "../tensor/tensor.ts";
import { type AheadReader, type Dataset, numberIn } from "./dataset.ts";
import { IMAGE_OPTIONS, type ImageOptions, readImage, tensorOf } from "./image_files.ts";
import type { ImageAnswer, ImageRequest } from "./image_worker.ts";
import type { Planes } from "./pixels.ts";

/** Options of `ImageFolder`. */
export interface ImageFolderOptions extends ImageOptions {
  /** Transforms an image; anything random in it should be drawn from the generator. Default: none. */
  transform?: (image: Tensor, generator?: RandomGenerator) => Tensor;
}

const TABLE: OptionTable<ImageFolderOptions> = { ...IMAGE_OPTIONS, transform: FUNCTION };
const folderOptions = optionReader(TABLE);

/** The names in a folder, in an order that does not depend on the system. */
function sorted(path: string, wanted: (entry: Deno.DirEntry) => boolean): string[] {
  try {
    return [...Deno.readDirSync(path)].filter(wanted).map(({ name }) => name).sort();
  } catch (error) {
    throw explained(`make ImageFolder of ${path}`, `--allow-read=${path}`, error);
  }
}

/** Has a Worker read and decode images, one after the other. */
class ImageWorker {
  readonly #worker = new Worker(new URL("./image_worker.ts", import.meta.url), { type: "module" });
  readonly #waiting = new Map<number, PromiseWithResolvers<Planes | null>>();
  #broken: Error | null = null;
  #last = 0;

  constructor() {
    this.#worker.addEventListener("message", ({ data }: MessageEvent<ImageAnswer>) => {
      this.#waiting.get(data.id)?.resolve(data.planes);
      this.#waiting.delete(data.id);
    });
    this.#worker.addEventListener("error", (event) => {
      // Those that wait learn what broke the Worker; the program need not end.
      event.preventDefault();
      this.#end(new Error(`Cannot decode images in a Worker: ${event.message}`));
    });
  }

  /** The pixels of a file; null where it could not be read. */
  decode(path: string, channels: number | undefined): Promise<Planes | null> {
    if (this.#broken !== null) return Promise.reject(this.#broken);
    const request: ImageRequest = { id: ++this.#last, path, channels };
    const answer = Promise.withResolvers<Planes | null>();
    this.#waiting.set(request.id, answer);
    this.#worker.postMessage(request);
    return answer.promise;
  }

  #end(why: Error): void {
    this.#broken ??= why;
    for (const { reject } of this.#waiting.values()) reject(this.#broken);
    this.#waiting.clear();
  }

  [Symbol.dispose](): void {
    this.#worker.terminate();
    this.#end(new Error("Cannot decode an image: the pass over the images was left"));
  }
}

/**
 * The PNG and JPEG images in a folder with a subfolder for each class, and the indices of their classes,
 * int32 as `crossEntropy` takes them. Classes are sorted by name. An image is read when it is asked for.
 * With `for await` and `prefetch`, a `DataLoader` has a Worker read and decode images while the program
 * computes; the batches are the same. Follows `torchvision.datasets.ImageFolder`.
 *
 * @example Two classes of one image each
 * ```ts
 * import { data } from "@adjoint/ml";
 * import { ImageFolder } from "@adjoint/ml/data/images";
 * import { assertEquals } from "@std/assert";
 *
 * const root = await Deno.makeTempDir();
 * const png = "iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAAAAAA6fptVAAAACklEQVR4XmP4DwABAQEAJwnd2gAAAABJRU5ErkJggg==";
 * for (const name of ["cat", "dog"]) {
 *   await Deno.mkdir(`${root}/${name}`);
 *   await Deno.writeFile(`${root}/${name}/1.png`, Uint8Array.fromBase64(png));
 * }
 * const images = new ImageFolder(root, { channels: 3 });
 * assertEquals(images.classes, ["cat", "dog"]);
 * for await (const [x, y] of new data.DataLoader(images, { batchSize: 2, prefetch: 2 })) {
 *   assertEquals([x.shape, y.toArray()], [[2, 3, 1, 1], [0, 1]]);
 * }
 * await Deno.remove(root, { recursive: true });
 * ```
 */
export class ImageFolder implements Dataset<[Tensor, Tensor]> {
  /** The names of the classes. */
  readonly classes: readonly string[];
  /** The files. */
  readonly paths: readonly string[];
  /** The class index of each file. */
  readonly labels: readonly number[];
  readonly #options: ImageFolderOptions;

  /**
   * Creates the data set.
   *
   * @param root The folder; it needs `--allow-read`.
   * @throws {Deno.errors.NotFound} If the folder does not exist.
   * @throws {RangeError} If it has no classes, or a class has no images.
   */
  constructor(root: string | URL, options?: ImageFolderOptions) {
    const call = "make ImageFolder";
    checkCount(call, arguments.length, 2);
    checkKind(call, "the folder", root, PATH);
    this.#options = { ...folderOptions(call, options) };
    const path = pathOf(root).replace(/(?<=.)\/+$/, "");
    this.classes = sorted(path, ({ isDirectory }) => isDirectory);
    if (this.classes.length === 0) {
      throw new RangeError(
        `Cannot ${call} of ${path}: it must have a folder for each class, got none`,
      );
    }
    const images = this.classes.map((name) => {
      const files = sorted(`${path}/${name}`, ({ name }) => /\.(png|jpe?g)$/i.test(name));
      if (files.length > 0) return files.map((file) => `${path}/${name}/${file}`);
      throw new RangeError(`Cannot ${call} of ${path}: the class ${name} has no PNG or JPEG files`);
    });
    this.paths = images.flat();
    this.labels = images.flatMap((files, label) => files.map(() => label));
  }

  /** How many images there are. */
  get length(): number {
    return this.paths.length;
  }

  /** An image and the index of its class, an int32 tensor without dimensions. */
  get(index: number, generator?: RandomGenerator): [Tensor, Tensor] {
    const call = "read ImageFolder";
    checkCount(call, arguments.length, 2);
    checkKind(call, "the index", index, INTEGER);
    const { channels } = this.#options;
    const path = this.#pathOf(index);
    return this.#example(index, readImage(path, channels && { channels }), generator);
  }

  /** A Worker that reads images. */
  readAhead(): AheadReader<[Tensor, Tensor]> {
    checkCount("read ImageFolder ahead", arguments.length, 0);
    const worker = new ImageWorker();
    return {
      read: async (index) => {
        const planes = await worker.decode(this.#pathOf(index), this.#options.channels);
        // What could not be read there is read again here, to get the error it has without a Worker.
        return planes === null
          ? (generator) => this.get(index, generator)
          : (generator) => this.#example(index, tensorOf(planes), generator);
      },
      [Symbol.dispose]: () => worker[Symbol.dispose](),
    };
  }

  #pathOf(index: number): string {
    return this.paths[numberIn("read ImageFolder", index, this.length)] ?? "";
  }

  #example(index: number, image: Tensor, generator?: RandomGenerator): [Tensor, Tensor] {
    const { transform } = this.#options;
    const label = this.labels[numberIn("read ImageFolder", index, this.length)] ?? 0;
    return [
      transform === undefined ? image : transform(image, generator),
      tensor(label, { dtype: "int32" }),
    ];
  }
}
