// Elements of an export, looked into by name; whatever was not looked for is said.

import type { DeviceDraft } from "./device-draft.ts";
import type { Said } from "./device-parts.ts";
import type { XmlElement } from "./windows-xml.ts";

/** Pieces of one element that are not known here and are said one by one. */
const UNKNOWN_MAX = 64;

export class Fields {
  readonly draft: DeviceDraft;
  readonly file: string;
  readonly element: XmlElement;
  readonly #byName = new Map<string, XmlElement[]>();
  readonly #looked = new Set<string>();

  constructor(draft: DeviceDraft, file: string, element: XmlElement) {
    this.draft = draft;
    this.file = file;
    this.element = element;
    for (const child of element.children) {
      const same = this.#byName.get(child.name);
      if (same) same.push(child);
      else this.#byName.set(child.name, [child]);
    }
  }

  /** Text of the one element of this name; empty when there is none. A second one is said. */
  text(name: string): string {
    const isNew = !this.#looked.has(name);
    const [first, ...more] = this.all(name);
    if (isNew) {
      for (const one of more)
        this.draft.unreadable(this.saidOf(one), "It stands here a second time.");
    }
    return first?.text ?? "";
  }

  all(name: string): readonly XmlElement[] {
    this.#looked.add(name);
    return this.#byName.get(name) ?? [];
  }

  /** The elements of one name inside of all of another name; others there are said. */
  list(outer: string, inner: string): Fields[] {
    return this.all(outer).flatMap((element) => {
      const fields = new Fields(this.draft, this.file, element);
      const found = fields.all(inner).map((one) => new Fields(this.draft, this.file, one));
      fields.sayRest();
      return found;
    });
  }

  said(name?: string): Said {
    const [first] = name === undefined ? [] : (this.#byName.get(name) ?? []);
    return this.saidOf(first ?? this.element);
  }

  saidOf({ name, text, line, children }: XmlElement): Said {
    const inside = text === "" && children.length > 0 ? shown(children) : text;
    return { place: { file: this.file, line }, text: `<${name}>${inside}` };
  }

  /** One note for each element with content that nobody looked for. */
  sayRest(reason = "There is nothing like it here."): void {
    const rest = this.element.children.filter((child) => {
      return !this.#looked.has(child.name) && (child.text !== "" || child.children.length > 0);
    });
    for (const child of rest.slice(0, UNKNOWN_MAX)) this.draft.leftOut(this.saidOf(child), reason);
    if (rest.length <= UNKNOWN_MAX) return;
    this.draft.leftOut(
      this.said(),
      `It has ${rest.length - UNKNOWN_MAX} more that are not known here.`,
    );
  }
}

/** The first elements with text, enough to know which one it is. */
function shown(children: readonly XmlElement[]): string {
  return children
    .slice(0, 8)
    .filter(({ text }) => text !== "")
    .map(({ name, text }) => `${name} ${text.slice(0, 60)}`)
    .join(", ");
}
