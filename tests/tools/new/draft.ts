/** Changes to files that are written all at once, or not at all. */

import type { Place } from "../places.ts";

/** Why something cannot be made, as a sentence for the user. */
export class Refusal extends Error {
  override name = "Refusal";
}

/** The planned contents of files. Paths are relative to the root. */
export class Draft {
  readonly #root: URL;
  readonly #files = new Map<string, string>();
  readonly #before = new Map<string, string | null>();

  /**
   * Starts with the files as they are.
   *
   * @param root The checkout.
   */
  constructor(root: URL) {
    this.#root = root;
  }

  /** The text of a file; null if there is none. */
  read(file: string): string | null {
    const known = this.#files.get(file);
    if (known !== undefined) return known;
    try {
      return Deno.readTextFileSync(new URL(file, this.#root));
    } catch (error) {
      if (error instanceof Deno.errors.NotFound) return null;
      throw error;
    }
  }

  #set(file: string, text: string): void {
    if (!this.#before.has(file)) this.#before.set(file, this.read(file));
    this.#files.set(file, text);
  }

  /** Adds a new file. */
  create(file: string, text: string): void {
    if (this.read(file) !== null) throw new Refusal(`Cannot write ${file}: it exists already`);
    this.#set(file, text);
  }

  /** Appends text to a file. */
  append(file: string, text: string): void {
    this.edit(file, /$(?![^])/, () => text, "an end");
  }

  /** Replaces a match in a file, which must have one. */
  edit(
    file: string,
    pattern: RegExp,
    replace: (...groups: string[]) => string,
    what: string,
  ): void {
    const text = this.read(file);
    if (text === null) throw new Refusal(`Cannot write ${file}: there is no such file`);
    if (!pattern.test(text)) {
      throw new Refusal(`Cannot write ${file}: it has no ${what}`);
    }
    this.#set(file, text.replace(pattern, replace));
  }

  /** The files that change. */
  get files(): string[] {
    return [...this.#files.keys()];
  }

  /** Formats the TypeScript. */
  async format(): Promise<void> {
    for (const file of this.files.filter((file) => file.endsWith(".ts"))) {
      this.#files.set(file, await this.#formatted(file));
    }
  }

  /** The line of a step. */
  placeOf({ file, at }: Step): Place {
    const line = (this.read(file) ?? "").split("\n").findIndex((text) => at.test(text)) + 1;
    if (line === 0) throw new Refusal(`Cannot write ${file}: nothing in it matches ${at}`);
    return { file, line };
  }

  /** Writes all files. */
  write(): void {
    // Temporary files next to the targets do no harm if this is interrupted, and renaming needs no
    // space.
    const suffix = `.${crypto.randomUUID()}.tmp`;
    const written: string[] = [];
    try {
      for (const [file, text] of this.#files) {
        const url = new URL(file, this.#root);
        Deno.mkdirSync(new URL(".", url), { recursive: true });
        Deno.writeTextFileSync(new URL(url.href + suffix), text);
      }
      for (const file of this.files) {
        const url = new URL(file, this.#root);
        Deno.renameSync(new URL(url.href + suffix), url);
        written.push(file);
      }
    } catch (error) {
      for (const file of written) this.#restore(file);
      throw error;
    } finally {
      for (const file of this.files) remove(new URL(file + suffix, this.#root));
    }
  }

  #restore(file: string): void {
    const before = this.#before.get(file) ?? null;
    const url = new URL(file, this.#root);
    if (before === null) remove(url);
    else Deno.writeTextFileSync(url, before);
  }

  async #formatted(file: string): Promise<string> {
    const child = new Deno.Command(Deno.execPath(), {
      args: ["fmt", "--ext=ts", "-"],
      cwd: this.#root,
      stdin: "piped",
      stdout: "piped",
      stderr: "piped",
    }).spawn();
    const writer = child.stdin.getWriter();
    await writer.write(new TextEncoder().encode(this.#files.get(file)!));
    await writer.close();
    const { success, stdout, stderr } = await child.output();
    if (!success) throw new Error(`Cannot format ${file}: ${new TextDecoder().decode(stderr)}`);
    return new TextDecoder().decode(stdout);
  }
}

function remove(file: URL): void {
  try {
    Deno.removeSync(file);
  } catch (error) {
    if (!(error instanceof Deno.errors.NotFound)) throw error;
  }
}

/** Something that remains to be written. */
export interface Step {
  readonly file: string;
  /** The text of the line to go to. */
  readonly at: RegExp;
  /** What to write there. */
  readonly what: string;
}
