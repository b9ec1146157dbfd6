// What people are told of every setting: titles and help for forms, in JSON Schema's words. The texts stand beside the
// schemas, not in them, as they are needed only when somebody asks for a schema; a test holds the two together.

import { ABOUT_BOX } from "./describe-box.ts";
import { ABOUT_FILE } from "./describe-file.ts";
import { ABOUT_LEVELS, ABOUT_NETWORKS } from "./describe-networks.ts";

/** Of numbers that count or measure; "none" for those that only name something, such as a port. */
export type Unit = "seconds" | "milliseconds" | "percent" | "leases" | "none";

export interface SettingText {
  /** Two to four words, for the label of a form. */
  readonly title: string;
  /** One or two sentences. What depends on other settings stands here, as a schema cannot say it. */
  readonly help: string;
  readonly unit?: Unit;
  readonly example?: unknown;
  /** What counts without it, where that is always the same but for what the schema knows. */
  readonly default?: unknown;
  /** What counts without it, in words, where that depends. */
  readonly without?: string;
  /** How a form asks for it, where its type does not say so. */
  readonly ui?: "options" | "match";
  /** Most people never need it: a form keeps it out of the way. */
  readonly advanced?: true;
  /** What one entry of the list is called. */
  readonly entry?: string;
  /** Of box.json, but the partner has to have the same. */
  readonly isPairs?: true;
}

/** By the path of the setting: a list has `[]` behind its name, and `.*` stands for any name. */
export type SettingTexts = Readonly<Record<string, SettingText>>;

export type DescribedFile = "config.json" | "box.json";

type Keywords = Readonly<Record<string, unknown>>;

/** Undefined for what is no setting of the file: the entries of a list, and the file itself. */
export function textOf(file: DescribedFile, path: string): SettingText | undefined {
  if (file === "box.json") return own(ABOUT_BOX, path);
  return (
    own(ABOUT_FILE, path) ?? own(ABOUT_NETWORKS, path) ?? own(ABOUT_LEVELS, path.replace(LEVEL, ""))
  );
}

/** The keywords of JSON Schema that say the same; `shape` are those that say what the value looks like. */
export function describeSetting(file: DescribedFile, path: string, shape: Keywords): Keywords {
  const text = textOf(file, path);
  if (!text) return {};
  const isBoxs = file === "box.json" && !text.isPairs;
  return {
    title: text.title,
    description: text.help,
    ...(text.default === undefined ? {} : { default: text.default }),
    ...(text.example === undefined ? {} : { examples: [text.example] }),
    ...(text.without === undefined ? {} : { "x-without": text.without }),
    ...(text.unit === undefined || text.unit === "none" ? {} : { "x-unit": text.unit }),
    ...(text.entry === undefined ? {} : { "x-entry": text.entry }),
    "x-ui": widgetOf(text, shape),
    "x-scope": isBoxs ? "this-box" : "both-boxes",
    ...(text.advanced ? { "x-advanced": true } : {}),
  };
}

/** All rows, for the test that none of them is of a setting that is no more. */
export const ALL_TEXTS: Readonly<Record<string, SettingTexts>> = {
  file: ABOUT_FILE,
  networks: ABOUT_NETWORKS,
  levels: ABOUT_LEVELS,
  box: ABOUT_BOX,
};

/** Where what every level may set stands, besides the top of the file. */
const LEVEL = /^(networks\[\]\.((pools|reservations)\[\]\.)?|classes\[\]\.)/;

/** What the value is like, and how a form asks for it; the first one that fits. */
const WIDGETS: readonly (readonly [(shape: Keywords) => boolean, string])[] = [
  [(shape) => shape.type === "array", "list"],
  [(shape) => typeof shape.additionalProperties === "object", "map"],
  [(shape) => shape.type === "object", "section"],
  [(shape) => shape.type === "boolean", "switch"],
  [(shape) => "enum" in shape, "choice"],
  [(shape) => "const" in shape, "fixed"],
];

function widgetOf({ ui, unit }: SettingText, shape: Keywords): unknown {
  const byShape = WIDGETS.find(([fits]) => fits(shape))?.[1];
  const byUnit = unit === "none" || unit === "leases" ? "number" : unit;
  return ui ?? shape["x-ui"] ?? byShape ?? byUnit ?? "text";
}

function own(texts: SettingTexts, path: string): SettingText | undefined {
  return Object.hasOwn(texts, path) ? texts[path] : undefined;
}
