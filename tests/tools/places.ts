/**
 * Finds places in the sources, for messages that say where to write. Paths are relative to the
 * root.
 */

/** The checkout. */
export const ROOT = new URL("../../", import.meta.url);

/** A line of a file. */
export interface Place {
  readonly file: string;
  readonly line: number;
}

/** A place in the form that editors open. */
export function shown({ file, line }: Place): string {
  return `${file}:${line}`;
}

/** The files under a folder with a given ending; none if there is no such folder. */
export function filesOf(root: URL, folder: string, ending: string): string[] {
  try {
    return [...Deno.readDirSync(new URL(folder, root))].flatMap((entry) => {
      const path = `${folder}/${entry.name}`;
      if (entry.isDirectory) return filesOf(root, path, ending);
      return path.endsWith(ending) ? [path] : [];
    }).toSorted();
  } catch (error) {
    if (error instanceof Deno.errors.NotFound) return [];
    throw error;
  }
}

/** The first line that matches in some files. */
export function find(root: URL, files: readonly string[], pattern: RegExp): Place | undefined {
  for (const file of files) {
    const lines = Deno.readTextFileSync(new URL(file, root)).split("\n");
    const line = lines.findIndex((text) => pattern.test(text)) + 1;
    if (line > 0) return { file, line };
  }
  return undefined;
}

/** The line after the end of a file. */
export function endOf(root: URL, file: string): Place {
  const text = Deno.readTextFileSync(new URL(file, root)).trimEnd();
  return { file, line: text.split("\n").length + 1 };
}

/** The folder of `lib/ops` in which an op is defined. */
export function familyOf(root: URL, op: string): string {
  const [name, space] = op.split(".").reverse();
  const folder = space === undefined ? "lib/ops" : `lib/ops/${space}`;
  // The name may be in a namespace.
  const files = filesOf(root, folder, ".ts")
    .filter((file) => space !== undefined || !inNamespace(root, file, name!));
  const place = find(root, files, new RegExp(`^export (?:const|function) ${name}\\b`));
  if (place === undefined) throw new Error(`Cannot find op ${op}: no file in ${folder} exports it`);
  return place.file.split("/")[2]!;
}

/** Whether a file exports a name to the namespace of its folder. */
function inNamespace(root: URL, file: string, name: string): boolean {
  const at = file.lastIndexOf("/");
  const text = filesOf(root, file.slice(0, at), "/namespace.ts")
    .map((path) => Deno.readTextFileSync(new URL(path, root))).join("");
  return [...text.matchAll(/^export \{([^}]*)\} from "\.(\/[^"]+)"/gm)]
    .some(([, names, from]) => from === file.slice(at) && new RegExp(`\\b${name}\\b`).test(names!));
}
