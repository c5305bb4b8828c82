/** What keeps a page of HTML from being read by everybody, offline. */

/** The values of an attribute in all tags of some names; undefined where a tag has none. */
function valuesOf(page: string, tags: string, attribute: string): (string | undefined)[] {
  const found = page.matchAll(new RegExp(`<(?:${tags})(?=[\\s>])([^>]*)>`, "g"));
  return [...found].map(([, text]) => new RegExp(`\\s${attribute}="([^"]*)"`).exec(text!)?.[1]);
}

function count(page: string, pattern: RegExp): number {
  return page.match(pattern)?.length ?? 0;
}

/** A line for each fault. */
export function pageFaults(page: string): string[] {
  const ids = valuesOf(page, "[a-z0-9]+", "id").filter((id) => id !== undefined);
  const [svgs, captions, regions] = [
    /<svg class="adjoint-picture"/g,
    /<caption>/g,
    /role="region"/g,
  ]
    .map((pattern) => count(page, pattern));
  const once = ["<h1>", "<main", "<header>", "<nav", "<title>", "</html>"];
  const levels = [...page.matchAll(/<h([1-6])/g)].map(([, level]) => Number(level));
  const targets = [
    ...valuesOf(page, "section", "aria-labelledby"),
    ...valuesOf(page, "a", "href").map((href) => href?.replace(/^#/, "")),
  ];
  const text = page.replace(/<style>[^]*?<\/style>/g, "");
  const faults: readonly (readonly [string, boolean])[] = [
    ["no language", !/<html lang="en">/.test(page)],
    ["no viewport", !/<meta name="viewport"/.test(page)],
    ["not dark on dark screens", !/prefers-color-scheme:dark/.test(page)],
    ...once.map((tag) => [`not one ${tag}`, page.split(tag).length !== 2] as const),
    ["a heading that skips a level", levels.some((level, i) => level > (levels[i - 1] ?? 0) + 1)],
    ["a name that is there twice", new Set(ids).size !== ids.length],
    [
      "a link or label that leads nowhere",
      targets.some((id) => id === undefined || !ids.includes(id)),
    ],
    [
      "a picture without words",
      valuesOf(page, "svg", "aria-label").filter((label) => label).length < svgs!,
    ],
    ["a picture without a caption", count(page, /<figcaption>[^<]*[^<\s][^<]*</g) < svgs!],
    ["a table without a caption", count(page, /<table>/g) !== captions],
    [
      "a table that keys cannot scroll",
      count(page, /<table>/g) !== regions ||
      count(page, /tabindex="0"/g) < regions!,
    ],
    [
      "a head without a scope",
      count(page, /<th[\s>]/g) !== count(page, /<th\s+scope="(?:col|row)"/g),
    ],
    [
      "something from elsewhere",
      /\s(?:src|srcset|data)=|url\(|@import|<script|<link|href="(?!#)/.test(page),
    ],
    [
      "a tag that is not closed",
      ["section", "table", "tr", "td", "figure", "svg", "g", "p", "div"]
        .some((tag) =>
          count(text, new RegExp(`<${tag}(?=[\\s>])[^>]*(?<!/)>`, "g")) !==
            count(text, new RegExp(`</${tag}>`, "g"))
        ),
    ],
  ];
  return faults.filter(([, found]) => found).map(([what]) => what);
}
