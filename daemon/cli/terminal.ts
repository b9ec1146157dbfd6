// Text for a terminal: colours, columns, and nothing that a terminal would obey.

export type Colour = "green" | "yellow" | "red" | "grey" | "bold";

/** Wraps text in a colour, or returns it as it is. */
export type Paint = (colour: Colour, text: string) => string;

export function painter(hasColour: boolean): Paint {
  if (!hasColour) return (_, text) => text;
  return (colour, text) => `\x1b[${CODES[colour]}m${text}\x1b[0m`;
}

/**
 * Text from devices with every control character shown as `\u001b`: escape sequences, line
 * ends, and the marks that turn the direction of writing.
 */
export function printable(text: string): string {
  return text.replace(UNPRINTABLE, escapeCharacter);
}

/** JSON for scripts; people look at it in terminals too, so C1 controls are escaped as well. */
export function jsonText(value: unknown, indent = 0): string {
  const text = JSON.stringify(value, null, indent);
  return `${text.replace(UNPRINTABLE, (c) => (c === "\n" ? c : escapeCharacter(c)))}\n`;
}

/** Rows as columns, two spaces apart; the last column is not padded. */
export function columns(rows: readonly (readonly string[])[]): string[] {
  const widths: number[] = [];
  for (const row of rows) {
    row.forEach((cell, i) => {
      widths[i] = Math.max(widths[i] ?? 0, width(cell));
    });
  }
  return rows.map((row) =>
    row
      .map((cell, i) =>
        i === row.length - 1 ? cell : cell + " ".repeat((widths[i] ?? 0) - width(cell)),
      )
      .join("  ")
      .trimEnd(),
  );
}

/** Lines of at most `limit` characters, broken between words; the indent is for all but the first. */
export function wrap(text: string, limit: number, indent: string): string {
  let line = "";
  let result = "";
  for (const word of text.split(" ")) {
    if (line !== "" && line.length + 1 + word.length > limit - indent.length) {
      result += `${line}\n${indent}`;
      line = word;
    } else {
      line = line === "" ? word : `${line} ${word}`;
    }
  }
  return result + line;
}

const CODES: Readonly<Record<Colour, string>> = {
  green: "32",
  yellow: "33",
  red: "31",
  grey: "90",
  bold: "1",
};

// Cc: C0, DEL, C1. Cf: directions, joiners, soft hyphen. Zl, Zp: line and paragraph ends.
const UNPRINTABLE = /[\p{Cc}\p{Cf}\p{Zl}\p{Zp}]/gu;

// biome-ignore lint/suspicious/noControlCharactersInRegex: colours are our own escape sequences.
const COLOUR_SEQUENCE = /\x1b\[[0-9]+m/g;

function escapeCharacter(character: string): string {
  let text = "";
  // By UTF-16 unit, which is what \u means in JSON.
  for (let i = 0; i < character.length; i++) {
    text += `\\u${character.charCodeAt(i).toString(16).padStart(4, "0")}`;
  }
  return text;
}

function width(cell: string): number {
  return [...cell.replace(COLOUR_SEQUENCE, "")].length;
}
