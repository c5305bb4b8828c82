/** Pictures: what they show, as SVG, in files and in notebooks. */

import { checkCount, checkKind } from "../core/options.ts";
import { writeText } from "../io/sink.ts";
import { PATH, pathOf } from "../io/source.ts";
import { drawn, type Layout } from "./draw.ts";
import type { Panel } from "./panel.ts";

/** Makes a picture of a layout, and returns the panels of one, for this folder alone. */
export let pictureOf: (layout: Layout) => Picture;
export let panelsOf: (picture: Picture) => readonly Panel[];

/**
 * A picture as SVG, made without a browser. Notebooks display it; on dark screens it is dark.
 *
 * @example A file
 * ```ts
 * import { lines } from "@adjoint/ml/plot";
 * import { assertMatch } from "@std/assert";
 *
 * const picture = lines([3, 2, 1.5, 1.4], { title: "Loss", xLabel: "epoch" });
 * assertMatch(picture.svg, /^<svg /);
 * // picture.save("loss.svg");
 * ```
 */
export class Picture {
  readonly #layout: Layout;
  #svg: string | undefined;

  private constructor(layout: Layout) {
    this.#layout = layout;
  }

  static {
    pictureOf = (layout) => new Picture(layout);
    panelsOf = (picture) => picture.#layout.panels;
  }

  /** The picture as the text of an SVG file. */
  get svg(): string {
    return this.#svg ??= drawn(this.#layout);
  }

  /** Width in pixels. */
  get width(): number {
    return this.#layout.width;
  }

  /** Height in pixels. */
  get height(): number {
    return this.#layout.height;
  }

  /** What the picture shows, in words. */
  get alt(): string {
    return this.#layout.alt;
  }

  /**
   * Writes the picture to an SVG file, completely or not at all. Needs permission to read
   * and write its folder.
   *
   * @param path The file, ending in `.svg`.
   */
  save(path: string | URL): void {
    const call = "run Picture.save";
    checkCount(call, arguments.length, 1);
    checkKind(call, "the argument", path, PATH);
    const shown = pathOf(path);
    if (!shown.toLowerCase().endsWith(".svg")) {
      throw new RangeError(`Cannot ${call}: the path must end in .svg, got ${shown}`);
    }
    writeText("Picture.save", path, this.svg);
  }

  /** What `console.log` shows. */
  [Symbol.for("Deno.customInspect")](): string {
    return `Picture ${this.width} × ${this.height}: ${this.alt}`;
  }

  /** What a notebook shows. */
  [Symbol.for("Jupyter.display")](): Record<string, string> {
    return { "image/svg+xml": this.svg, "text/plain": `Picture: ${this.alt}` };
  }
}
