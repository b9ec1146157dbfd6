// Gatekeeper's pure parts as a program that answers many texts in one run.

import { execFileSync } from "node:child_process";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";

/** The folder that the harness takes as gatekeeper's own. */
export const FOLDER = "/run/gate";

export class Harness {
  readonly #folder = mkdtempSync(join(tmpdir(), "tandem-gate-harness-"));
  readonly #program = join(this.#folder, "harness");

  constructor() {
    const source = new URL("harness.c", import.meta.url).pathname;
    const flags = "-std=c11 -O1 -g -Wall -Wextra -Werror -fsanitize=address,undefined";
    const argv = [...flags.split(" "), "-fno-sanitize-recover=all", "-o", this.#program, source];
    execFileSync("cc", argv, { stdio: ["ignore", "inherit", "inherit"] });
  }

  configurations(texts: readonly string[]): string[] {
    return this.#ask("g", texts);
  }

  configuration(text: string): string {
    return this.configurations([text])[0] ?? "";
  }

  commands(lines: readonly string[]): string[] {
    return this.#ask("c", lines);
  }

  /** What follows the word tracking. */
  trackings(words: readonly string[]): string[] {
    return this.#ask("t", words);
  }

  end(): void {
    rmSync(this.#folder, { recursive: true });
  }

  /** One byte per character: whatever a byte can be, a test can say. */
  #ask(kind: "g" | "c" | "t", texts: readonly string[]): string[] {
    const records = texts.flatMap((text) => {
      const head = Buffer.alloc(5);
      head.write(kind);
      head.writeUInt32LE(text.length, 1);
      return [head, Buffer.from(text, "latin1")];
    });
    const input = Buffer.concat(records);
    const output = execFileSync(this.#program, { input, maxBuffer: 64 << 20 });
    return output.toString("latin1").trimEnd().split("\n");
  }
}
