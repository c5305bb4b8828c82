/** Elements of SVG without a browser. */

import { DOMImplementation, type Element, type Node, XMLSerializer } from "@xmldom/xmldom";

const NAMESPACE = "http://www.w3.org/2000/svg";

/** The document that all elements belong to. */
export const document = new DOMImplementation().createDocument(NAMESPACE, "svg");

/** An element with its attributes, except undefined ones, and its content. */
export function element(
  name: string,
  attributes: Readonly<Record<string, string | number | undefined>>,
  ...content: readonly (Node | string)[]
): Element {
  const made = document.createElementNS(NAMESPACE, name);
  for (const [key, value] of Object.entries(attributes)) {
    if (value !== undefined) made.setAttribute(key, String(value));
  }
  for (const part of content) {
    made.appendChild(typeof part === "string" ? document.createTextNode(part) : part);
  }
  return made;
}

/** The text of an element. */
export function serialized(node: Node): string {
  return new XMLSerializer().serializeToString(node);
}

export type { Element };
