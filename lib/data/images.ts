/**
 * Images from PNG and JPEG files. This part loads the npm packages `fast-png` and `jpeg-js`, which the
 * rest of the library does not need.
 *
 * ```ts
 * import { type Tensor } from "@adjoint/ml";
 * import { DataLoader } from "@adjoint/ml/data";
 * import { readImage } from "@adjoint/ml/data/images";
 *
 * const paths: string[] = []; // of images that are of the same size
 * const set = { length: paths.length, get: (i: number): Tensor => readImage(paths[i]!) };
 * if (set.length > 0) for (const batch of new DataLoader(set, { batchSize: 8 })) batch.mean();
 * ```
 *
 * @module
 */

export { decodeImage, type ImageOptions, readImage } from "./image_files.ts";
export { ImageFolder, type ImageFolderOptions } from "./image_folder.ts";
